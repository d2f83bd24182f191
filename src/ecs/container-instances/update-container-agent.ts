import { must } from "../../lib/assert.ts";
import { referencedContainerInstance } from "../references/referenced-container-instance.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { compareVersions, isUnfinished } from "./agent-update.ts";
import { describeContainerInstance } from "./describe-container-instance.ts";

export type UpdateContainerAgentRequest = { readonly containerInstance?: string };

/**
 * Requests an update of the agent to the newest known version; it proceeds once the agent is connected. Refuses an unknown instance and one
 * that is neither ACTIVE nor DRAINING (InvalidParameterException), an unknown agent version (MissingVersionException), the newest one
 * (NoUpdateAvailableException), and an update during another (UpdateInProgressException).
 */
export function updateContainerAgent(step: ClusterStep, request: UpdateContainerAgentRequest, _: Given) {
  const instance = referencedContainerInstance(step, request.containerInstance);
  if (instance.status !== "ACTIVE" && instance.status !== "DRAINING") {
    refuse("InvalidParameterException", `The container instance is ${instance.status}: its agent cannot be updated.`);
  }
  const version = instance.versionInfo?.agentVersion ?? null;
  if (version === null) {
    refuse("MissingVersionException", "The agent version of the container instance is unknown.");
  }
  if (isUnfinished(instance.agentUpdate)) {
    refuse("UpdateInProgressException", "An update of the container agent is already in progress.");
  }
  const targetVersion = step.configuration.latestAgentVersion;
  if (compareVersions(version, targetVersion) >= 0) {
    refuse("NoUpdateAvailableException", `There is no update for the container agent version ${version}.`);
  }
  step.changeInstance({
    ...instance,
    agentUpdate: { status: "PENDING", targetVersion, requestedAt: step.now, reason: null },
  });
  const asked = must(step.state.instances.get(instance.id), "the instance whose agent is updated");
  return { containerInstance: describeContainerInstance(step.state, asked, [], step.now) };
}
