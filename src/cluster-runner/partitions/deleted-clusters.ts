import type { Place } from "../../ecs/arn.ts";
import type { AccountInput, ClusterStanding } from "../../ecs/state/account-input.ts";
import type { ClusterInput } from "../../ecs/state/cluster-input.ts";
import type { ClusterState } from "../../ecs/state/cluster-state.ts";
import type { AccountEffect, ClusterEffect } from "../../ecs/state/effect.ts";
import { replyOf, type Submit } from "../submit.ts";
import { accountPartition, type ClusterPlace, clusterPartition, placeName } from "./cluster-place.ts";
import { Deletion, type DeletionOptions } from "./delete-cluster.ts";
import type { PartitionDirectory } from "./partition-directory.ts";

export type DeletedClustersOptions = DeletionOptions & {
  readonly accounts: PartitionDirectory<AccountInput, AccountEffect>;
  readonly clusters: PartitionDirectory<ClusterInput, ClusterEffect>;
  /** The state of a cluster in memory, or null. */
  readonly stateOf: (partition: string) => ClusterState | null;
};

/**
 * Removes the rest of deleted clusters from this process and its store, and accounts and regions that became empty. It works on partitions
 * that this process owns.
 */
export class DeletedClusters {
  readonly #options: DeletedClustersOptions;

  constructor(options: DeletedClustersOptions) {
    this.#options = options;
  }

  get #submit(): Submit {
    return this.#options.submit;
  }

  /**
   * Reconciles account and cluster if the loaded cluster is closed: the account may not know, or may have forgotten the cluster. Never
   * rejects.
   */
  async settle(state: ClusterState): Promise<void> {
    const { name, timeline } = state;
    const { account, region } = state.place;
    const { log, clock } = this.#options;
    const place = { account, region, cluster: name };
    const mark = state.closed.get("closed");
    if (mark === undefined && state.isEmpty) return this.#forgetEmpty(place);
    if (mark === undefined || mark.phase === "reopened") return;
    const { incarnation } = mark;
    const fields = { partition: clusterPartition(place), incarnation };
    try {
      const found = await new Deletion(this.#options, place).finish({ name, incarnation });
      if (found === "told-now") log("cluster-deletion-finished", fields);
      // If a cluster was created again and not used since, the deleted one's data is still kept for its day.
      const isOver = (mark.closedAt ?? clock.now()) + timeline.inactiveClusterRetentionMs <= clock.now();
      if (found === "forgotten" || (found === "created-again" && isOver)) await this.forgetCluster(place);
    } catch (error) {
      log("cluster-deletion-unfinished", { ...fields, err: error });
    }
  }

  /**
   * Removes the rest of a cluster that the account has forgotten, unless it was created again and used. Never rejects: what fails is done
   * when the partition is next opened.
   */
  async forgetCluster(place: ClusterPlace): Promise<void> {
    const { clusters, stateOf, log } = this.#options;
    const partition = clusterPartition(place);
    try {
      const mark = stateOf(partition)?.closed.get("closed");
      if (mark?.phase === "closing") {
        const { incarnation } = mark;
        await clusters.submit(partition, { type: "account-knows", incarnation, isCreatedAgain: false });
      }
      if (await clusters.forget(partition)) await this.#forgetAccountOf(place);
    } catch (error) {
      log("deleted-cluster-kept", { partition, err: error });
    }
  }

  /** A partition was created for a cluster, and the process ended before anything was written: remove it unless the cluster exists. */
  async #forgetEmpty(place: ClusterPlace): Promise<void> {
    const { clusters, stateOf, log } = this.#options;
    const { account, region, cluster } = place;
    const partition = clusterPartition(place);
    try {
      const asked = await this.#submit({ account, region }, { type: "cluster-standing", name: cluster });
      const standing = replyOf(asked) as ClusterStanding | null;
      if (standing?.status === "ACTIVE") return;
      if (await clusters.forget(partition, () => stateOf(partition)?.isEmpty === true)) {
        await this.#forgetAccountOf(place);
      }
    } catch (error) {
      log("empty-partition-kept", { partition, err: error });
    }
  }

  async #forgetAccountOf({ account, region }: ClusterPlace): Promise<void> {
    replyOf(await this.#submit({ account, region }, { type: "forget" }));
  }

  /** Removes an empty account and region. Never rejects. */
  async forgetAccount(place: Place): Promise<void> {
    const { accounts, clusters, log } = this.#options;
    const partition = accountPartition(place);
    // The rest of its clusters would be taken for those of a new account.
    if (clusters.hasAny(placeName(place))) return;
    try {
      await accounts.forget(partition);
    } catch (error) {
      log("empty-account-kept", { partition, err: error });
    }
  }
}
