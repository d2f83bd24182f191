import type { Place } from "../../ecs/arn.ts";
import type { AccountInput, ClusterStanding } from "../../ecs/state/account-input.ts";
import type { ClusterInput } from "../../ecs/state/cluster-input.ts";
import type { ClusterState } from "../../ecs/state/cluster-state.ts";
import type { AccountEffect, ClusterEffect } from "../../ecs/state/effect.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import { accountPartition, clusterPartition, placeName } from "./cluster-place.ts";
import { type ClosedCluster, deleteCluster, finishDeleteCluster } from "./delete-cluster.ts";
import type { PartitionDirectory } from "./partition-directory.ts";

export type DeletedClustersOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly accounts: PartitionDirectory<AccountInput, AccountEffect>;
  readonly clusters: PartitionDirectory<ClusterInput, ClusterEffect>;
  /** The state of a cluster in memory, or null. */
  readonly stateOf: (partition: string) => ClusterState | null;
};

/** Handles deleted clusters from DeleteCluster until nothing of them is left, and likewise accounts and regions that became empty. */
export class DeletedClusters {
  readonly #options: DeletedClustersOptions;

  constructor(options: DeletedClustersOptions) {
    this.#options = options;
  }

  /** The reply of DeleteCluster. */
  async delete(place: Place, reference: string | undefined): Promise<object> {
    const { clusters, clock } = this.#options;
    const close = async ({ name, incarnation }: ClosedCluster): Promise<void> => {
      const partition = clusterPartition({ ...place, cluster: name });
      // Nothing was ever written in it, so there is no machine to close, and creating one would ask the account first.
      if (clusters.has(partition)) await clusters.submit(partition, { type: "close", incarnation });
    };
    return deleteCluster(this.#deletion(place), close, reference, clock);
  }

  /**
   * Reconciles account and cluster if the loaded cluster is closed: the account may not know, or may have forgotten the cluster. Never
   * rejects.
   */
  async settle(state: ClusterState): Promise<void> {
    const { place, name, timeline } = state;
    const { log, clock } = this.#options;
    const mark = state.closed.get("closed");
    if (mark === undefined && state.isEmpty) return this.#forgetEmpty(place, name);
    if (mark === undefined || mark.phase === "reopened") return;
    const { incarnation } = mark;
    const fields = { partition: clusterPartition({ ...place, cluster: name }), incarnation };
    try {
      const found = await finishDeleteCluster(this.#deletion(place), { name, incarnation }, clock);
      if (found === "told-now") log("cluster-deletion-finished", fields);
      // If a cluster was created again and not used since, the deleted one's data is still kept for its day.
      const isOver = (mark.closedAt ?? clock.now()) + timeline.inactiveClusterRetentionMs <= clock.now();
      if (found === "forgotten" || (found === "created-again" && isOver)) await this.forgetCluster(place, name);
    } catch (error) {
      log("cluster-deletion-unfinished", { ...fields, err: error });
    }
  }

  /**
   * Removes the rest of a cluster that the account has forgotten, unless it was created again and used. Never rejects: what fails is done
   * when the partition is next opened.
   */
  async forgetCluster(place: Place, name: string): Promise<void> {
    const { clusters, stateOf, log } = this.#options;
    const partition = clusterPartition({ ...place, cluster: name });
    try {
      const mark = stateOf(partition)?.closed.get("closed");
      if (mark?.phase === "closing") {
        const { incarnation } = mark;
        await clusters.submit(partition, { type: "account-knows", incarnation, isCreatedAgain: false });
      }
      if (await clusters.forget(partition)) await this.forgetAccount(place);
    } catch (error) {
      log("deleted-cluster-kept", { partition, err: error });
    }
  }

  /** A partition was created for a cluster, and the process ended before anything was written: remove it unless the cluster exists. */
  async #forgetEmpty(place: Place, name: string): Promise<void> {
    const { accounts, clusters, stateOf, log } = this.#options;
    const partition = clusterPartition({ ...place, cluster: name });
    try {
      const input = { type: "cluster-standing", name } as const;
      const standing = (await accounts.submit(accountPartition(place), input)) as ClusterStanding | null;
      if (standing?.status === "ACTIVE") return;
      if (await clusters.forget(partition, () => stateOf(partition)?.isEmpty === true)) await this.forgetAccount(place);
    } catch (error) {
      log("empty-partition-kept", { partition, err: error });
    }
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

  #deletion(place: Place) {
    const { accounts } = this.#options;
    return {
      account: (input: AccountInput) => accounts.submit(accountPartition(place), input),
      told: (cluster: ClosedCluster, isCreatedAgain: boolean) => this.#accountKnows(place, cluster, isCreatedAgain),
    };
  }

  /** Records that the account knows of a deleted cluster, and puts its machine away. What fails is done at the next load. */
  async #accountKnows(place: Place, { name, incarnation }: ClosedCluster, isCreatedAgain: boolean): Promise<void> {
    const { clusters, log } = this.#options;
    const partition = clusterPartition({ ...place, cluster: name });
    if (!clusters.has(partition)) return;
    try {
      await clusters.submit(partition, { type: "account-knows", incarnation, isCreatedAgain });
      clusters.release(partition);
    } catch (error) {
      log("cluster-deletion-unrecorded", { partition, err: error });
    }
  }
}
