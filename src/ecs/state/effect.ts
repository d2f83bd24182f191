import type { FargateUse } from "../documents/fargate-use.ts";
import type { Task } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";

/** A task that an agent must bring to its desired status. */
export type TaskOrder = { readonly task: Task; readonly definition: TaskDefinition };

/**
 * An effect of a step, released only after its writes are durable. Effects may be lost or repeated: an agent that reconnects gets whatever
 * it may have missed, and ignores what it knows.
 */
export type HostEffect =
  | {
      readonly type: "deliver-tasks";
      readonly instanceId: string;
      /** One rising sequence per instance for orders and manifests. */
      readonly sequence: number;
      readonly orders: readonly TaskOrder[];
      /** The agent's process reconnected: what it has acknowledged needn't be sent again. */
      readonly isReturn: boolean;
    }
  /** All tasks that belong on the instance. If the agent runs others, it asks about them. */
  | {
      readonly type: "deliver-manifest";
      readonly instanceId: string;
      readonly sequence: number;
      readonly tasks: readonly { readonly arn: string; readonly desiredStatus: "RUNNING" | "STOPPED" }[];
    }
  /** Tasks whose roles need new credentials; their content is opaque here. */
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
  /** Fargate tasks need the managed host `instanceId`: start it unless it runs. */
  | { readonly type: "start-host"; readonly instanceId: string }
  /** The managed host is empty and no longer needed. */
  | { readonly type: "end-host"; readonly instanceId: string }
  /** The instance is INACTIVE: close its sessions with InactiveInstanceException and refuse further ones. */
  | { readonly type: "turn-away"; readonly instanceId: string };

/** What the account must do or know about its Fargate quota. */
export type FargateEffect =
  /** Services want more CPU units on Fargate than the cluster has reserved: `wanted` in all. The answer is the input `fargate-answered`. */
  | { readonly type: "reserve-fargate"; readonly wanted: FargateUse }
  /** The cluster uses less on Fargate than before: inform the account. */
  | { readonly type: "release-fargate" };

/** An effect of a cluster's step. */
export type ClusterEffect = HostEffect | FargateEffect;

export type AccountEffect =
  /** Find out which of these revisions none of the account's clusters uses any more, and report them. */
  | {
      readonly type: "review-deleted-revisions";
      readonly arns: readonly string[];
      readonly clusters: readonly string[];
    }
  /** These deleted clusters are forgotten: delete what their machines kept. */
  | { readonly type: "forget-clusters"; readonly names: readonly string[] }
  /** CPU units on Fargate for which these clusters wait became free. */
  | { readonly type: "fargate-freed"; readonly clusters: readonly string[] }
  /** Nothing is left in the account and region. */
  | { readonly type: "emptied" };
