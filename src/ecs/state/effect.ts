import type { FargateUse } from "../documents/fargate-use.ts";
import type { Task } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";

/** A task that an agent is to bring to its desired status. */
export type TaskOrder = { readonly task: Task; readonly definition: TaskDefinition };

/**
 * What a step wants done outside, released only after its writes are durable. An effect may be lost or doubled: an
 * agent that connects again gets whatever it may have missed, and it ignores what it knows.
 */
export type HostEffect =
  | {
      readonly type: "deliver-tasks";
      readonly instanceId: string;
      /** One rising line per instance for orders and manifests together. */
      readonly sequence: number;
      readonly orders: readonly TaskOrder[];
      /** The process of the agent is back on a new connection: what it has acknowledged need not go out again. */
      readonly isReturn: boolean;
    }
  /** All tasks that belong on the instance; the agent asks about others that it runs. */
  | {
      readonly type: "deliver-manifest";
      readonly instanceId: string;
      readonly sequence: number;
      readonly tasks: readonly { readonly arn: string; readonly desiredStatus: "RUNNING" | "STOPPED" }[];
    }
  /** Tasks whose roles' credentials are to be made anew; what they are is no business of the rulebook. */
  | { readonly type: "deliver-credentials"; readonly instanceId: string; readonly orders: readonly TaskOrder[] }
  | {
      readonly type: "confirm-stops";
      readonly instanceId: string;
      readonly messageId: string;
      readonly taskArns: readonly string[];
    }
  | {
      readonly type: "update-agent";
      readonly instanceId: string;
      readonly stage: "stage" | "perform";
      readonly targetVersion: string;
    }
  /** Fargate tasks need the managed host `instanceId`: it is to be run, unless it runs. */
  | { readonly type: "start-host"; readonly instanceId: string }
  /** The managed host is needed no more, and nothing is left on it. */
  | { readonly type: "end-host"; readonly instanceId: string }
  /** The instance is INACTIVE: close its sessions with InactiveInstanceException and refuse further ones. */
  | { readonly type: "turn-away"; readonly instanceId: string };

/** What is to be arranged with the account about its quota for Fargate. */
export type FargateEffect =
  /** Services want CPU units on Fargate beyond what is reserved for the cluster: `wanted` in all. The answer is the input `fargate-answered`. */
  | { readonly type: "reserve-fargate"; readonly wanted: FargateUse }
  /** The cluster uses less on Fargate than before: the account is to know. */
  | { readonly type: "release-fargate" };

/** What a step of a cluster wants done. */
export type ClusterEffect = HostEffect | FargateEffect;

export type AccountEffect =
  /** Find out which of these revisions none of the account's clusters uses any more, and report them. */
  | {
      readonly type: "review-deleted-revisions";
      readonly arns: readonly string[];
      readonly clusters: readonly string[];
    }
  /** These deleted clusters are described no longer: what their machines kept can go. */
  | { readonly type: "forget-clusters"; readonly names: readonly string[] }
  /** CPU units on Fargate were given back, for which these clusters wait. */
  | { readonly type: "fargate-freed"; readonly clusters: readonly string[] }
  /** Nothing is left in the account and region. */
  | { readonly type: "emptied" };
