import type { FargateLack } from "./fargate-use.ts";

/** What is in the way of a service: a reason with its facts. What is said about it is made from these, never read back. */
export type ImpedimentReason =
  /** A task found no place: there is no instance that it could be on. */
  | { readonly type: "no-instances" }
  /** A task found no place: the instance that comes closest, and why it refuses; null when no instance has such a reason. */
  | { readonly type: "no-room"; readonly closest: { readonly instanceId: string; readonly reason: string } | null }
  /** A task found no place on Fargate: there is no capacity, or the account has used up its quota. */
  | { readonly type: "no-room-on-fargate"; readonly lacks: FargateLack }
  | { readonly type: "too-many-tasks-wait" }
  /** The capacity providers of waiting tasks have no instances. */
  | { readonly type: "empty-providers"; readonly providers: readonly string[] }
  /** The deployment failed, and no task that stops is replaced. */
  | {
      readonly type: "deployment-failed";
      readonly deploymentId: string;
      readonly left: number;
      readonly desiredCount: number;
    }
  /** The two percentages leave no task to start or stop. */
  | { readonly type: "deployment-configuration" }
  /** More tasks are protected than are wanted. */
  | { readonly type: "protected-tasks"; readonly deploymentId: string }
  | { readonly type: "tasks-do-not-start" }
  /** Zones stay out of balance: no instance of the zone has room. */
  | { readonly type: "no-room-in-zone"; readonly zone: string }
  /** Zones stay out of balance: the tasks that would have to go are protected. */
  | { readonly type: "protected-from-rebalance"; readonly deploymentId: string };

export type Impediment = {
  readonly reason: ImpedimentReason;
  /** True for one that keeps zones out of balance, and nothing else. */
  readonly isOfBalance: boolean;
  readonly since: number;
};

/** True when a task found no place. */
export const isOfPlacement = ({ type }: ImpedimentReason): boolean =>
  type === "no-instances" || type === "no-room" || type === "no-room-on-fargate" || type === "too-many-tasks-wait";

/** Equal for reasons that are the same news. Which instance comes closest to having room changes all the time and is none. */
export function newsOf(reason: ImpedimentReason): string {
  if (reason.type !== "no-room") return JSON.stringify(reason);
  return JSON.stringify({ type: reason.type, closest: reason.closest?.reason ?? null });
}
