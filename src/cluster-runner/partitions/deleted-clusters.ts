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
  /** The state of a cluster that is in memory, or null. */
  readonly stateOf: (partition: string) => ClusterState | null;
};

/** From DeleteCluster to the moment when nothing is left of a cluster, and of an account and region in which it was the last thing. */
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
      // Nothing was ever written in it: there is no machine to close, and whoever would make one asks the account first.
      if (clusters.has(partition)) await clusters.submit(partition, { type: "close", incarnation });
    };
    return deleteCluster(this.#deletion(place), close, reference, clock);
  }

  /**
   * Brings account and cluster together when the cluster, as it was loaded, is closed: the account may not know, or may have forgotten the
   * cluster. Never rejects.
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
      // Of a cluster that was created again and not used since, what the deleted one left is kept for its day.
      const isOver = (mark.closedAt ?? clock.now()) + timeline.inactiveClusterRetentionMs <= clock.now();
      if (found === "forgotten" || (found === "created-again" && isOver)) await this.forgetCluster(place, name);
    } catch (error) {
      log("cluster-deletion-unfinished", { ...fields, err: error });
    }
  }

  /**
   * Removes what is left of a cluster that the account has forgotten, unless it was created and used again. Never rejects: what fails is done
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

  /** A partition was made for a cluster, and the process ended before anything was written: it goes unless the cluster is there. */
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

  /** Removes an account and region in which nothing is left. Never rejects. */
  async forgetAccount(place: Place): Promise<void> {
    const { accounts, clusters, log } = this.#options;
    const partition = accountPartition(place);
    // What is left of its clusters would be taken for the first ones of a new account.
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

  /** Writes down that the account knows of a deleted cluster, and puts its machine away. What fails is done at the next load. */
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
