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
  /** The state of a cluster that is in memory, or null. */
  readonly stateOf: (partition: string) => ClusterState | null;
};

/**
 * Removes what is left of deleted clusters from this process and its store, and accounts and regions in which nothing is left. It works on
 * partitions that this process owns.
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
   * Brings account and cluster together when the cluster, as it was loaded, is closed: the account may not know, or may have forgotten the
   * cluster. Never rejects.
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
      if (found === "told-now") log("info", fields, "A DeleteCluster that was cut in two is finished");
      // Of a cluster that was created again and not used since, what the deleted one left is kept for its day.
      const isOver = (mark.closedAt ?? clock.now()) + timeline.inactiveClusterRetentionMs <= clock.now();
      if (found === "forgotten" || (found === "created-again" && isOver)) await this.forgetCluster(place);
    } catch (error) {
      log("error", { ...fields, err: error }, "A DeleteCluster that was cut in two could not be finished");
    }
  }

  /**
   * Removes what is left of a cluster that the account has forgotten, unless it was created and used again. Never rejects: what fails is done
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
      log("warn", { partition, err: error }, "A deleted cluster could not be forgotten");
    }
  }

  /** A partition was made for a cluster, and the process ended before anything was written: it goes unless the cluster is there. */
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
      log("warn", { partition, err: error }, "An empty partition could not be forgotten");
    }
  }

  async #forgetAccountOf({ account, region }: ClusterPlace): Promise<void> {
    replyOf(await this.#submit({ account, region }, { type: "forget" }));
  }

  /** Removes an account and region in which nothing is left. Never rejects. */
  async forgetAccount(place: Place): Promise<void> {
    const { accounts, clusters, log } = this.#options;
    const partition = accountPartition(place);
    // What is left of its clusters would be taken for the first ones of a new account.
    if (clusters.hasAny(placeName(place))) return;
    try {
      await accounts.forget(partition);
    } catch (error) {
      log("warn", { partition, err: error }, "An empty account could not be forgotten");
    }
  }
}
