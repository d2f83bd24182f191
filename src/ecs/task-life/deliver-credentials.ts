import { must } from "../../lib/assert.ts";
import type { AgentReport } from "../state/cluster-input.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { belongsToAgent } from "./deliver-tasks.ts";

/**
 * Sends an agent fresh credentials for all its tasks that have roles, by id. This includes stopping tasks, whose containers may need them
 * to shut down. AWS: agents don't store credentials and ask for them once, at start.
 */
export function deliverCredentials(step: ClusterStep, report: AgentReport & { type: "credentials-due" }): void {
  const { state } = step;
  const { instanceId } = report;
  const orders = [...state.book.usageOf(instanceId).taskIds]
    .sort()
    .map((id) => must(state.tasks.get(id), "a task of the book"))
    .filter(belongsToAgent)
    .map((task) => ({ task, definition: must(state.revisions.get(task.taskDefinitionArn), "the revision of a task") }))
    .filter(({ task, definition }) => {
      const { taskRoleArn, executionRoleArn } = { ...definition, ...task.overrides };
      return taskRoleArn !== null || executionRoleArn !== null;
    });
  if (orders.length > 0) step.effects.push({ type: "deliver-credentials", instanceId, orders });
}
