import { must } from "../../lib/assert.ts";
import { primaryOf } from "../documents/service.ts";
import { forgetServiceHistory } from "../rollout/service-history.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { revisionOf } from "./service-task-template.ts";

/**
 * A deleted service has no task left that is wanted RUNNING: it is INACTIVE, described for a while and gone from every list.
 * AWS: its deployments and their history go with it; the last one stays in the answer, which tools wait to see alone.
 */
export function retire(step: ClusterStep, name: string): void {
  const { services } = step.state;
  const service = must(services.get(name), "a service");
  const lastRevision = revisionOf(step, primaryOf(service));
  forgetServiceHistory(step, service);
  services.put(name, {
    ...service,
    status: "INACTIVE",
    deployments: [],
    inactiveAt: step.now,
    impediment: null,
    lastRevision,
    lastDeployment: primaryOf(service),
  });
}
