const nobody = -1;

/**
 * Parallel tournaments over contestants with fixed places. Each knows its best contestant and the number of ties. Changing one contestant,
 * and finding the nth of the tied ones by place, take logarithmic time. The outcome depends only on the contestants and their order, never
 * on history.
 */
export class Tournaments {
  readonly #compare: (a: number, b: number) => number;
  /** By tournament, where its nodes begin and how many leaves it has (a power of two). Node 1 is the root. */
  readonly #offsets: Int32Array;
  readonly #sizes: Int32Array;
  readonly #winners: Int32Array;
  readonly #ties: Int32Array;
  /** What remained of `pick`'s number when it reached the contestant. */
  rest = 0;

  /** A tournament for each of `places`, with that many places. `compare` is negative if `a` is better. */
  constructor(places: readonly number[], compare: (a: number, b: number) => number) {
    this.#compare = compare;
    this.#offsets = new Int32Array(places.length);
    this.#sizes = new Int32Array(places.length);
    let nodes = 0;
    for (const [tree, count] of places.entries()) {
      let size = 1;
      while (size < count) size *= 2;
      this.#offsets[tree] = nodes;
      this.#sizes[tree] = size;
      nodes += 2 * size;
    }
    this.#winners = new Int32Array(nodes).fill(nobody);
    this.#ties = new Int32Array(nodes);
  }

  /** The best contestant of a tournament, or -1. */
  winner(tree: number): number {
    return this.#winners[(this.#offsets[tree] as number) + 1] as number;
  }

  /** How many contestants are as good as the winner, including it. */
  ties(tree: number): number {
    return this.#ties[(this.#offsets[tree] as number) + 1] as number;
  }

  /** Puts a contestant (-1: none) in its place, counting as `ties`. Play the tournament before asking it. */
  seat(tree: number, place: number, contestant: number, ties: number): void {
    const leaf = (this.#offsets[tree] as number) + (this.#sizes[tree] as number) + place;
    this.#winners[leaf] = contestant;
    this.#ties[leaf] = ties;
  }

  /** Plays the whole tournament. */
  play(tree: number): void {
    const offset = this.#offsets[tree] as number;
    for (let node = (this.#sizes[tree] as number) - 1; node > 0; node--) this.#match(offset, node);
  }

  /** As `seat`, and replays the matches that this affects. The contestant's worth may also have changed. */
  change(tree: number, place: number, contestant: number, ties: number): void {
    const offset = this.#offsets[tree] as number;
    let node = (this.#sizes[tree] as number) + place;
    const before = this.#winners[offset + node] as number;
    this.#winners[offset + node] = contestant;
    this.#ties[offset + node] = ties;
    for (node >>= 1; node > 0; node >>= 1) {
      const winner = this.#winners[offset + node] as number;
      const tied = this.#ties[offset + node] as number;
      this.#match(offset, node);
      const now = this.#winners[offset + node] as number;
      // If another contestant won this match, and still wins in the same way, nothing above it changes.
      if (now === winner && now !== contestant && now !== before && tied === this.#ties[offset + node]) return;
    }
  }

  /** The `nth` (from 0) of the tied contestants, by place. */
  pick(tree: number, nth: number): number {
    const offset = this.#offsets[tree] as number;
    const size = this.#sizes[tree] as number;
    let rest = nth;
    let node = 1;
    while (node < size) {
      const left = offset + 2 * node;
      const order = this.#order(left);
      if (order < 0) {
        node = 2 * node;
      } else if (order > 0) {
        node = 2 * node + 1;
      } else {
        const before = this.#ties[left] as number;
        if (rest < before) {
          node = 2 * node;
        } else {
          rest -= before;
          node = 2 * node + 1;
        }
      }
    }
    this.rest = rest;
    return this.#winners[offset + node] as number;
  }

  /** Negative if the winner in `left` beats the winner of its sibling node. */
  #order(left: number): number {
    const a = this.#winners[left] as number;
    const b = this.#winners[left + 1] as number;
    return b === nobody ? -1 : a === nobody ? 1 : this.#compare(a, b);
  }

  #match(offset: number, node: number): void {
    const left = offset + 2 * node;
    const order = this.#order(left);
    this.#winners[offset + node] = this.#winners[order > 0 ? left + 1 : left] as number;
    this.#ties[offset + node] =
      order === 0
        ? (this.#ties[left] as number) + (this.#ties[left + 1] as number)
        : (this.#ties[order > 0 ? left + 1 : left] as number);
  }
}
