import { resourceId } from "../arn.ts";
import type { AgentReport } from "../state/cluster-input.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { orderedStatus } from "./deliver-tasks.ts";

/** Answers an agent that runs tasks missing from its manifest: those that really don't belong there must stop. */
export function reportStopCandidates(step: ClusterStep, report: AgentReport & { type: "stop-candidates" }): void {
  const taskArns = report.taskArns.filter((arn) => {
    const id = resourceId(step.place, step.clusterName, "task", arn);
    const task = id === null ? undefined : step.state.tasks.get(id);
    return task === undefined || task.instanceId !== report.instanceId || orderedStatus(task) === "STOPPED";
  });
  if (taskArns.length === 0) return;
  step.effects.push({ type: "confirm-stops", instanceId: report.instanceId, messageId: report.messageId, taskArns });
}
