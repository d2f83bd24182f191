import { policyKey } from "../documents/lost-agent-policy.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type PutLostAgentPolicyRequest = { readonly cluster?: string; readonly replaceAfterSeconds?: number };

export type LostAgentPolicyReply = { readonly lostAgentPolicy: { readonly replaceAfterSeconds: number | null } };

/** LIMIT: a week; whoever waits longer than that for an agent wants no policy. */
const replaceAfterSecondsMax = 604_800;

/**
 * PutLostAgentPolicy: the tasks of services on a container instance are replaced when its agent has been gone for so many
 * seconds (a timeline that is made shorter makes them shorter, too); without them the policy is off. Every service is looked
 * at again. Refuses with InvalidParameterException what is no whole number from 1 to 604800.
 */
export function putLostAgentPolicy(
  step: ClusterStep,
  request: PutLostAgentPolicyRequest,
  _: Given,
): LostAgentPolicyReply {
  const { lostAgentPolicies } = step.state;
  const { replaceAfterSeconds } = request;
  if (replaceAfterSeconds === undefined) {
    lostAgentPolicies.delete(policyKey);
  } else if (
    !Number.isInteger(replaceAfterSeconds) ||
    replaceAfterSeconds < 1 ||
    replaceAfterSeconds > replaceAfterSecondsMax
  ) {
    refuse("InvalidParameterException", `replaceAfterSeconds must be between 1 and ${replaceAfterSecondsMax}.`);
  } else if (lostAgentPolicies.get(policyKey)?.replaceAfterSeconds !== replaceAfterSeconds) {
    lostAgentPolicies.put(policyKey, { replaceAfterSeconds, updatedAt: step.now });
  }
  return reply(step);
}

/** DescribeLostAgentPolicy: the policy in force; `replaceAfterSeconds` is absent when it is off. */
export function describeLostAgentPolicy(step: ClusterStep, _request: object, _: Given): LostAgentPolicyReply {
  return reply(step);
}

const reply = ({ state }: ClusterStep): LostAgentPolicyReply => ({
  lostAgentPolicy: { replaceAfterSeconds: state.lostAgentPolicies.get(policyKey)?.replaceAfterSeconds ?? null },
});
