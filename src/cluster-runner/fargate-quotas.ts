import { type FargateUse, nothingOnFargate } from "../ecs/documents/fargate-use.ts";
import type { FargateBook } from "../ecs/indexes/fargate-book.ts";
import { FargateQuota } from "../ecs/indexes/fargate-quota.ts";
import { must } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { parsePartition, placeName } from "./partitions/cluster-place.ts";

/** The parts of a cluster's state that the quotas read. */
export type CountedCluster = {
  readonly fargateBook: FargateBook;
  readonly serviceIndex: { readonly waitsForFargate: boolean };
};

/** A quota and the clusters that count towards it, by partition. */
type Account = { readonly quota: FargateQuota; readonly clusters: Map<string, CountedCluster> };

/** The Fargate quotas of every account and region, over the clusters in memory. The others have no tasks. */
export class FargateQuotas {
  readonly #clock: Clock;
  readonly #wake: (partition: string) => void;
  /** By `ACCOUNT/REGION`. */
  readonly #accounts = new Map<string, Account>();
  /** Accounts in which units became free since their waiting clusters were last woken. */
  readonly #freed = new Set<Account>();
  #areLoaded = false;

  /** `wake` is called with the partition of a cluster whose services wait, soon after CPU units became free. */
  constructor(clock: Clock, wake: (partition: string) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /**
   * A cluster's machine was loaded with the state `cluster`. Until now the lost machine's book counted, if there was one, because its tasks
   * keep running during the reload.
   */
  loaded(partition: string, cluster: CountedCluster): void {
    const place = placeOf(partition);
    const account = this.#accounts.get(place) ?? this.#newAccount(place);
    const before = account.clusters.get(partition);
    if (before !== undefined) account.quota.leave(before.fargateBook);
    account.clusters.set(partition, cluster);
    account.quota.join(cluster.fargateBook);
  }

  /** A cluster's machine has left memory. */
  closed(partition: string): void {
    const place = placeOf(partition);
    const account = this.#accounts.get(place);
    const cluster = account?.clusters.get(partition);
    if (account === undefined || cluster === undefined) return;
    account.clusters.delete(partition);
    account.quota.leave(cluster.fargateBook);
    if (account.clusters.size === 0) this.#accounts.delete(place);
  }

  /** Every cluster with tasks is loaded: from now on it is known what the others use. */
  areLoaded(): void {
    this.#areLoaded = true;
  }

  /** What the account's other clusters in the region use; null until all of them are loaded. */
  elsewhere(partition: string): FargateUse | null {
    if (!this.#areLoaded) return null;
    const account = this.#accounts.get(placeOf(partition));
    const cluster = account?.clusters.get(partition);
    return account === undefined || cluster === undefined
      ? nothingOnFargate
      : account.quota.besides(cluster.fargateBook);
  }

  #newAccount(place: string): Account {
    const account: Account = { quota: new FargateQuota(() => this.#wakeSoon(account)), clusters: new Map() };
    this.#accounts.set(place, account);
    return account;
  }

  /** Once for everything freed in the turn, and never in the middle of a step. */
  #wakeSoon(account: Account): void {
    if (this.#freed.size === 0) this.#clock.defer(() => this.#wakeAll());
    this.#freed.add(account);
  }

  #wakeAll(): void {
    const freed = [...this.#freed];
    this.#freed.clear();
    for (const { clusters } of freed) {
      for (const [partition, { serviceIndex }] of clusters) if (serviceIndex.waitsForFargate) this.#wake(partition);
    }
  }
}

const placeOf = (partition: string): string =>
  placeName(must(parsePartition(partition), "the place of a cluster machine").place);
