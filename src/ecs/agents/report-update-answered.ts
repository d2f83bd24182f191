import { resumeAgentUpdate } from "../container-instances/agent-update.ts";
import type { AgentUpdate } from "../documents/container-instance.ts";
import { limits } from "../limits.ts";
import type { AgentReport } from "../state/cluster-input.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

type Report = Extract<AgentReport, { readonly type: "update-answered" }>;

/**
 * An agent's answer to a stage of its update. STAGING becomes STAGED and the agent gets the next order; STAGED becomes UPDATING; a refusal
 * ends the update as FAILED. An answer to an earlier stage changes nothing.
 */
export function reportUpdateAnswered(step: ClusterStep, report: Report): void {
  const instance = step.state.instances.get(report.instanceId);
  if (instance === undefined || instance.agentUpdate === null) return;
  if (instance.status !== "ACTIVE" && instance.status !== "DRAINING") return;
  const update = answered(instance.agentUpdate, report);
  if (update === null) return;
  step.changeInstance(resumeAgentUpdate(step, { ...instance, agentUpdate: update }));
}

function answered(update: AgentUpdate, report: Report): AgentUpdate | null {
  if (update.status !== (report.stage === "stage" ? "STAGING" : "STAGED")) return null;
  const reason = report.reason?.slice(0, limits.reasonCharacters) ?? null;
  if (!report.accepted) return { ...update, status: "FAILED", reason };
  return { ...update, status: report.stage === "stage" ? "STAGED" : "UPDATING" };
}
