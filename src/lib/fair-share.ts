/** How much all holders may have together, and those of one owner. */
export type ShareBounds = { readonly total: number; readonly perOwner: number };

type Holding = { owner: string; amount: number };

/**
 * Divides something scarce (bytes, connections) among clients. Each holder has an owner, such as a client's address or its
 * account. If a bound is exceeded, the holder that has waited longest is evicted: first among those of the same owner, then among
 * all. A quick client is never the oldest for long, so stalling clients cannot keep others out, however many they are.
 */
export class FairShare<Holder> {
  readonly #bounds: ShareBounds;
  readonly #evict: (holder: Holder) => void;
  /** Oldest first, as are the sets per owner. */
  readonly #holdings = new Map<Holder, Holding>();
  readonly #byOwner = new Map<string, { amount: number; readonly holders: Set<Holder> }>();
  #total = 0;

  /** `evict` is called for each evicted holder. Its holding has already been released. */
  constructor(bounds: ShareBounds, evict: (holder: Holder) => void) {
    this.#bounds = bounds;
    this.#evict = evict;
  }

  /** The total that is held. */
  get total(): number {
    return this.#total;
  }

  /** The holder that has waited longest, or null if there is none. */
  get oldest(): Holder | null {
    for (const holder of this.#holdings.keys()) return holder;
    return null;
  }

  /** Sets what a holder has. A new one is the newest, a known one keeps its age. May evict others, or the holder itself. */
  hold(holder: Holder, owner: string, amount: number): void {
    const known = this.#holdings.get(holder);
    const holding = known ?? { owner, amount: 0 };
    if (known === undefined) this.#holdings.set(holder, holding);
    this.#add(holder, holding, amount - holding.amount);
    holding.amount = amount;
    const own = this.#byOwner.get(holding.owner);
    while (own !== undefined && own.amount > this.#bounds.perOwner) this.#evictFirst(own.holders);
    while (this.#total > this.#bounds.total) this.#evictFirst(this.#holdings.keys());
  }

  /** Makes a holder the newest, because it made progress. Does nothing for one that holds nothing. */
  touch(holder: Holder): void {
    const holding = this.#holdings.get(holder);
    if (holding === undefined) return;
    this.#holdings.delete(holder);
    this.#holdings.set(holder, holding);
    const holders = this.#byOwner.get(holding.owner)?.holders;
    holders?.delete(holder);
    holders?.add(holder);
  }

  /** Releases all that the holder has. */
  release(holder: Holder): void {
    const holding = this.#holdings.get(holder);
    if (holding === undefined) return;
    this.#holdings.delete(holder);
    this.#add(holder, holding, -holding.amount);
    const own = this.#byOwner.get(holding.owner);
    own?.holders.delete(holder);
    if (own?.holders.size === 0) this.#byOwner.delete(holding.owner);
  }

  #add(holder: Holder, { owner }: Holding, amount: number): void {
    let own = this.#byOwner.get(owner);
    if (own === undefined) {
      own = { amount: 0, holders: new Set() };
      this.#byOwner.set(owner, own);
    }
    own.holders.add(holder);
    own.amount += amount;
    this.#total += amount;
  }

  #evictFirst(holders: Iterable<Holder>): void {
    for (const holder of holders) {
      this.release(holder);
      this.#evict(holder);
      return;
    }
  }
}
