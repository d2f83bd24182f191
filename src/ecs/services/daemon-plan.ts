import type { ClusterStep } from "../cluster-step.ts";
import { planReplica, type ServicePlan } from "./replica-plan.ts";
import type { Service } from "./service.ts";
import type { ServiceView } from "./service-view.ts";

/** The ids of the container instances that a DAEMON service has or wants a task on. */
export function daemonSpots(_step: ClusterStep, _service: Service): readonly string[] {
  return [];
}

export function planDaemon(_step: ClusterStep, view: ServiceView): ServicePlan {
  return planReplica(view);
}
