import { type FargateUse, nothingOnFargate } from "../ecs/documents/fargate-use.ts";
import type { FargateBook } from "../ecs/indexes/fargate-book.ts";
import { FargateQuota } from "../ecs/indexes/fargate-quota.ts";
import type { Clock } from "../lib/clock.ts";

type Counted = { readonly book: FargateBook; readonly quota: FargateQuota; readonly place: string };

/** The quotas for Fargate of every account and region, over the clusters in memory; the others have no tasks. */
export class FargateQuotas {
  readonly #clock: Clock;
  readonly #wake: (partition: string) => void;
  /** By `ACCOUNT/REGION`. */
  readonly #quotas = new Map<string, FargateQuota>();
  /** By partition. */
  readonly #clusters = new Map<string, Counted>();
  readonly #partitions = new Map<FargateBook, string>();
  /** Quotas of which units were given back since their waiting clusters were last woken. */
  readonly #freed = new Set<FargateQuota>();
  #areLoaded = false;

  /** `wake` is called with the partition of a cluster whose services wait, soon after CPU units were given back. */
  constructor(clock: Clock, wake: (partition: string) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /**
   * The machine of a cluster was loaded, and `book` is its book. Until now the book of the machine that was lost counted, if there was one:
   * its tasks run on while it is loaded again.
   */
  loaded(partition: string, place: string, book: FargateBook): void {
    const before = this.#clusters.get(partition);
    const quota = before?.quota ?? this.#quotas.get(place) ?? this.#newQuota(place);
    if (before !== undefined) this.#remove(before);
    this.#clusters.set(partition, { book, quota, place });
    this.#partitions.set(book, partition);
    quota.join(book);
  }

  /** The machine of a cluster has left memory. */
  closed(partition: string): void {
    const counted = this.#clusters.get(partition);
    if (counted === undefined) return;
    this.#clusters.delete(partition);
    this.#remove(counted);
    if (counted.quota.isEmpty) this.#quotas.delete(counted.place);
  }

  /** Every cluster with tasks is loaded: from now on it is known what the others hold. */
  areLoaded(): void {
    this.#areLoaded = true;
  }

  /** What the account's other clusters hold in the region; null as long as some of them have yet to be loaded. */
  elsewhere(partition: string): FargateUse | null {
    if (!this.#areLoaded) return null;
    const counted = this.#clusters.get(partition);
    return counted === undefined ? nothingOnFargate : counted.quota.besides(counted.book);
  }

  #remove({ book, quota }: Counted): void {
    this.#partitions.delete(book);
    quota.leave(book);
  }

  #newQuota(place: string): FargateQuota {
    const quota: FargateQuota = new FargateQuota(() => this.#wakeSoon(quota));
    this.#quotas.set(place, quota);
    return quota;
  }

  /** Once for all that the turn gives back, and never in the middle of a step. */
  #wakeSoon(quota: FargateQuota): void {
    if (this.#freed.size === 0) this.#clock.defer(() => this.#wakeAll());
    this.#freed.add(quota);
  }

  #wakeAll(): void {
    const freed = [...this.#freed];
    this.#freed.clear();
    for (const book of freed.flatMap(({ waiting }) => [...waiting])) {
      const partition = this.#partitions.get(book);
      if (partition !== undefined) this.#wake(partition);
    }
  }
}
