import type { FargateLack } from "./fargate-use.ts";

/** Why a service can't proceed: a reason with its facts. Texts are rendered from these and never parsed. */
export type ImpedimentReason =
  /** No instance exists that a task could be placed on. */
  | { readonly type: "no-instances" }
  /** No instance has room for a task: the closest one and why it refuses; null if no instance has such a reason. */
  | { readonly type: "no-room"; readonly closest: { readonly instanceId: string; readonly reason: string } | null }
  /** No room for a task on Fargate: no capacity, or the account's quota is used up. */
  | { readonly type: "no-room-on-fargate"; readonly lacks: FargateLack }
  | { readonly type: "too-many-tasks-wait" }
  /** The capacity providers of waiting tasks have no instances. */
  | { readonly type: "empty-providers"; readonly providers: readonly string[] }
  /** The deployment failed, so stopped tasks are not replaced. */
  | {
      readonly type: "deployment-failed";
      readonly deploymentId: string;
      readonly left: number;
      readonly desiredCount: number;
    }
  /** The two percentages let no task start or stop. */
  | { readonly type: "deployment-configuration" }
  /** More tasks are protected than wanted. */
  | { readonly type: "protected-tasks"; readonly deploymentId: string }
  | { readonly type: "tasks-do-not-start" }
  /** Zones stay unbalanced: no instance of the zone has room. */
  | { readonly type: "no-room-in-zone"; readonly zone: string }
  /** Zones stay unbalanced: the tasks that would have to go are protected. */
  | { readonly type: "protected-from-rebalance"; readonly deploymentId: string };

export type Impediment = {
  readonly reason: ImpedimentReason;
  /** True if it only keeps zones unbalanced. */
  readonly isOfBalance: boolean;
  readonly since: number;
};

/** True if a task could not be placed. */
export const isOfPlacement = ({ type }: ImpedimentReason): boolean =>
  type === "no-instances" || type === "no-room" || type === "no-room-on-fargate" || type === "too-many-tasks-wait";

/** Equal for reasons that are the same news. The closest instance changes all the time, so it isn't news. */
export function newsOf(reason: ImpedimentReason): string {
  if (reason.type !== "no-room") return JSON.stringify(reason);
  return JSON.stringify({ type: reason.type, closest: reason.closest?.reason ?? null });
}
