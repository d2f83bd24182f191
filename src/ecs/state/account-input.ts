import type { Cluster, ClusterCounts } from "../documents/cluster.ts";
import type { FargateUse } from "../documents/fargate-use.ts";
import type { Caller } from "./call.ts";

/** What an operation of the account is given beside its request. */
export type AccountGiven = {
  readonly caller: Caller;
  /** What the cluster machines counted, by cluster name; a cluster that is missing here counts nothing. */
  readonly counts: ReadonlyMap<string, ClusterCounts>;
};

/** Who wants a task definition resolved: ECS refuses an INACTIVE one with another error for tasks than for services. */
export type ResolvePurpose = "task" | "service";

/** How the account knows a cluster. */
export type ClusterStanding = Pick<Cluster, "status" | "incarnation">;

/** How a cluster asks for its part of the quota for Fargate, in CPU units. */
export type FargateRequest = {
  readonly cluster: string;
  /** The newest revision of its reservation that the cluster knows; null when it knows none, which then can't become smaller. */
  readonly revision: number | null;
  readonly use: FargateUse;
  /** What it wants to have in all, at least what it uses. */
  readonly wanted: FargateUse;
  /** Whether it may get a batch more than it wants. */
  readonly ahead: boolean;
};

/** The reservation of a cluster as it is now. */
export type FargateGrant = {
  readonly revision: number;
  readonly reserved: FargateUse;
  /** False when the request was by another revision than the newest, and changed nothing. */
  readonly isCurrent: boolean;
  /** When it is less than the cluster wants: clusters that may have some to spare. */
  readonly othersWithSpare: readonly string[];
};

/** Everything that can make an account machine move. */
export type AccountInput =
  | {
      readonly type: "call";
      readonly operation: string;
      readonly request: object;
      readonly caller: Caller;
      /** As in AccountGiven, as plain data. */
      readonly counts: readonly (readonly [cluster: string, counts: ClusterCounts])[];
    }
  | { readonly type: "timer" }
  /** Reply: Cluster, ACTIVE. Refuses an unknown or INACTIVE one. */
  | { readonly type: "resolve-cluster"; readonly reference: string | undefined }
  /** Reply: TaskDefinition, ACTIVE. Refuses an unknown or INACTIVE one. */
  | {
      readonly type: "resolve-task-definition";
      readonly reference: string | undefined;
      readonly purpose: ResolvePurpose;
    }
  /** Reply: EffectiveSettings of the principal. */
  | { readonly type: "effective-settings"; readonly principalArn: string }
  /** Reply: string[], the names of the ACTIVE clusters among those that `references` name, each once; null names `default`. */
  | { readonly type: "cluster-names"; readonly references: readonly (string | null)[] }
  /** Reply: ClusterStanding of the cluster of this name, or null when there is none. */
  | { readonly type: "cluster-standing"; readonly name: string }
  /** Reply: FargateGrant. */
  | { readonly type: "reserve-fargate"; readonly request: FargateRequest }
  /** The cluster machine took its last call under this incarnation. Reply: that of DeleteCluster. */
  | { readonly type: "cluster-closed"; readonly name: string; readonly incarnation: number }
  /** No cluster uses these revisions any more: those in DELETE_IN_PROGRESS go for good. Reply: null. */
  | { readonly type: "revisions-unused"; readonly arns: readonly string[] }
  /** Makes the cluster `default` when there is none that is ACTIVE. Reply: Cluster. */
  | { readonly type: "create-default-cluster" };
