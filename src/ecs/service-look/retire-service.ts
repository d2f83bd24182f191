import { must } from "../../lib/assert.ts";
import { targetOf } from "../documents/rollout.ts";
import { forgetStanding } from "../rollout/change-standing.ts";
import { forgetServiceHistory } from "../rollout/service-history.ts";
import { revisionOf } from "../service-view/service-task-template.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { progressOf, rolloutOf } from "../state/service-documents.ts";

/**
 * A deleted service has no task left that is wanted RUNNING: it is INACTIVE, described for a while and gone from every list.
 * AWS: its deployments and their history go with it; the last one stays in the answer, which tools wait to see alone.
 */
export function retire(step: ClusterStep, name: string): void {
  const { services } = step.state;
  const service = must(services.get(name), "a service");
  const target = targetOf(rolloutOf(step.state, name));
  const lastRevision = revisionOf(step, target);
  const { failedTasks } = progressOf(step.state, name, target.id);
  forgetServiceHistory(step, name);
  forgetStanding(step, name);
  services.put(name, {
    ...service,
    status: "INACTIVE",
    inactiveAt: step.now,
    lastRevision,
    lastDeployment: { ...target, failedTasks },
  });
}
