import type { Cluster, ClusterCounts } from "../documents/cluster.ts";
import type { FargateUse } from "../documents/fargate-use.ts";
import type { Caller } from "./call.ts";

/** What an account's operation gets in addition to its request. */
export type AccountGiven = {
  readonly caller: Caller;
  /** The cluster machines' counts, by cluster name; a missing cluster counts nothing. */
  readonly counts: ReadonlyMap<string, ClusterCounts>;
};

/** What a task definition is resolved for: ECS refuses an INACTIVE one with different errors for tasks and services. */
export type ResolvePurpose = "task" | "service";

/** A cluster as its account sees it. */
export type ClusterStanding = Pick<Cluster, "status" | "incarnation">;

/** How a cluster asks for its part of the Fargate quota, in CPU units. */
export type FargateRequest = {
  readonly cluster: string;
  /** The newest revision of its reservation that the cluster knows; null if it knows none, which then can't become smaller. */
  readonly revision: number | null;
  readonly use: FargateUse;
  /** The total it wants, at least what it uses. */
  readonly wanted: FargateUse;
  /** Whether it may get a batch more than it wants. */
  readonly ahead: boolean;
};

/** The current reservation of a cluster. */
export type FargateGrant = {
  /** That of the cluster when the account answered. */
  readonly incarnation: number;
  readonly revision: number;
  readonly reserved: FargateUse;
  /** False if the request had another revision than the newest, and changed nothing. */
  readonly isCurrent: boolean;
  /** If it is less than the cluster wants: clusters that may have some to spare. */
  readonly othersWithSpare: readonly string[];
};

/** Every input of an account machine. */
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
  /** Reply: string[], the names of the ACTIVE clusters among `references`, each once; null names `default`. */
  | { readonly type: "cluster-names"; readonly references: readonly (string | null)[] }
  /** Reply: ClusterStanding of the cluster with this name, or null. */
  | { readonly type: "cluster-standing"; readonly name: string }
  /** Reply: FargateGrant. */
  | { readonly type: "reserve-fargate"; readonly request: FargateRequest }
  /** The cluster machine accepted its last call under this incarnation. Reply: DeleteCluster's. */
  | { readonly type: "cluster-closed"; readonly name: string; readonly incarnation: number }
  /** No cluster uses these revisions any more: those in DELETE_IN_PROGRESS are removed. Reply: null. */
  | { readonly type: "revisions-unused"; readonly arns: readonly string[] }
  /** Creates the cluster `default` unless it is ACTIVE. Reply: Cluster. */
  | { readonly type: "create-default-cluster" };
