type Member<T> = { readonly content: T; credit: number };

/** LIMIT: how long a member may work before the next one is served: a few steps, and a short wait for each other member. */
const quantumMs = 2;
/** LIMIT: how far one long piece of work may put a member behind the others; nothing intentionally takes longer. */
const debtMaxMs = 1_000;

/** Waiting members, served in turn, each for about the same time: deficit round robin, charged afterwards. */
export class Rota<T> {
  /** In the order of their turns. */
  readonly #members = new Map<string, Member<T>>();

  get size(): number {
    return this.#members.size;
  }

  /** What waits under `key`, created with `make` if nothing does yet. */
  obtain(key: string, make: () => T): T {
    let member = this.#members.get(key);
    if (member === undefined) {
      member = { content: make(), credit: quantumMs };
      this.#members.set(key, member);
    }
    return member.content;
  }

  /** The member whose turn it is; null if nobody waits. */
  next(): { readonly key: string; readonly content: T } | null {
    for (;;) {
      const [first] = this.#members;
      if (first === undefined) return null;
      const [key, member] = first;
      if (member.credit > 0) return { key, content: member.content };
      member.credit += quantumMs;
      this.#members.delete(key);
      this.#members.set(key, member);
    }
  }

  /** What waits under `key`, if anything does. */
  peek(key: string): T | undefined {
    return this.#members.get(key)?.content;
  }

  /** Charges the member for `ms` of work. */
  charge(key: string, ms: number): void {
    const member = this.#members.get(key);
    if (member !== undefined) member.credit = Math.max(member.credit - ms, -debtMaxMs);
  }

  remove(key: string): void {
    this.#members.delete(key);
  }
}
