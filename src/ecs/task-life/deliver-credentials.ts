import { must } from "../../lib/assert.ts";
import type { AgentReport } from "../state/cluster-input.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { belongsToAgent } from "./deliver-tasks.ts";

/**
 * An agent needs fresh credentials: those of all its tasks that have roles, by id. Tasks that are to stop get them too, as their
 * containers may need them to end well. AWS: agents keep none on their disk and ask once, when they start.
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
