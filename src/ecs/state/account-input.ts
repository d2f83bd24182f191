import type { Cluster, ClusterCounts } from "../documents/cluster.ts";
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

/** Every input of an account machine. */
export type AccountInput =
  | ({ readonly type: "call"; readonly operation: string; readonly request: object } & AccountGiven)
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
  /** Reply: string[], the names of the ACTIVE clusters among `references`, each once. */
  | { readonly type: "cluster-names"; readonly references: readonly (string | undefined)[] }
  /** Reply: ClusterStanding of the cluster with this name, or null. */
  | { readonly type: "cluster-standing"; readonly name: string }
  /** The cluster machine accepted its last call under this incarnation. Reply: DeleteCluster's. */
  | { readonly type: "cluster-closed"; readonly name: string; readonly incarnation: number }
  /** No cluster uses these revisions any more: those in DELETE_IN_PROGRESS are removed. Reply: null. */
  | { readonly type: "revisions-unused"; readonly arns: readonly string[] }
  /** Creates the cluster `default` unless it is ACTIVE. Reply: Cluster. */
  | { readonly type: "create-default-cluster" };
