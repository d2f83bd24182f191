const nobody = -1;

/**
 * Tournaments side by side over contestants with fixed positions: each knows its best contestant and how many are as good, one
 * contestant is changed in logarithmic time, and of those that tie the nth by position is found in logarithmic time. What comes
 * out depends on who takes part and on their order alone, never on what happened before.
 */
export class Tournaments {
  readonly #compare: (a: number, b: number) => number;
  /** Of each tournament, where its nodes begin and how many leaves it has (a power of two). Node 1 is the root. */
  readonly #offsets: Int32Array;
  readonly #sizes: Int32Array;
  readonly #winners: Int32Array;
  readonly #ties: Int32Array;
  /** What was left of the number that `pick` was given, when it arrived at the contestant. */
  rest = 0;

  /** A tournament for each of `places`, with room for so many. `compare` gives less than 0 when `a` is better. */
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

  /** How many are as good as the winner. */
  ties(tree: number): number {
    return this.#ties[(this.#offsets[tree] as number) + 1] as number;
  }

  /** Puts a contestant (-1: nobody) that counts for `ties` in its place. The tournament has to be played before it is asked. */
  seat(tree: number, place: number, contestant: number, ties: number): void {
    const leaf = (this.#offsets[tree] as number) + (this.#sizes[tree] as number) + place;
    this.#winners[leaf] = contestant;
    this.#ties[leaf] = ties;
  }

  /** Plays a whole tournament. */
  play(tree: number): void {
    const offset = this.#offsets[tree] as number;
    for (let node = (this.#sizes[tree] as number) - 1; node > 0; node--) this.#match(offset, node);
  }

  /** As `seat`, and plays the matches that it changes. The contestant's worth may have changed, too. */
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
      // A match that another one won, and wins in the same way, changes nothing above it.
      if (now === winner && now !== contestant && now !== before && tied === this.#ties[offset + node]) return;
    }
  }

  /** The contestant that is number `nth` (from 0) among those that tie, by place. */
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

  /** Less than 0 when the winner in `left` beats that in the node beside it. */
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
