import { must } from "../../lib/assert.ts";
import { forgetInstance } from "../container-instances/instance-timers.ts";
import { limits } from "../limits.ts";
import { forgetService } from "../rollout/forget-service.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { Table } from "../tables/table.ts";

// LIMIT: what one step forgets in addition to its own work, a few milliseconds; the rest goes with the next steps.
const forgottenPerStep = 200;

/**
 * Limits the number of deleted documents, since callers can create and delete without end and deleted ones are kept for a while. The oldest
 * go first.
 * DIFFERS: a cluster keeps at most the newest 100,000 stopped tasks, 5,000 deregistered instances, 1,000 deleted services and 200,000 client tokens of RunTask, even if older ones are not yet due to go.
 */
export function forgetExcess(step: ClusterStep): void {
  const { state } = step;
  const { stoppedTasks, inactiveInstances, inactiveServices, runTaskTokens, registrationTokens } = state;
  let left = forgottenPerStep;
  for (; left > 0 && stoppedTasks.size > limits.stoppedTasksPerCluster; left--) {
    state.removeTask(must(stoppedTasks.oldest(), "a stopped task"));
  }
  for (; left > 0 && inactiveInstances.size > limits.inactiveInstancesPerCluster; left--) {
    forgetInstance(step, must(inactiveInstances.oldest(), "an INACTIVE instance"));
  }
  for (; left > 0 && inactiveServices.size > limits.inactiveServicesPerCluster; left--) {
    const name = must(inactiveServices.oldest(), "an INACTIVE service");
    forgetService(step, must(state.services.get(name), "its document"));
  }
  for (; left > 0 && runTaskTokens.size > limits.runTaskTokensPerCluster; left--) deleteFirst(runTaskTokens);
  for (; left > 0 && registrationTokens.size > limits.registrationTokensPerCluster; left--) {
    deleteFirst(registrationTokens);
  }
}

/** The first in the table is the oldest, because tokens never change. */
function deleteFirst<D extends object>(table: Table<D>): void {
  for (const key of table.keys()) {
    table.delete(key);
    return;
  }
}
