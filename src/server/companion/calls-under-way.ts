/** How many calls the companion has and has not answered yet. */
export class CallsUnderWay {
  readonly #bounds: { readonly total: number; readonly perAccount: number };
  readonly #byAccount = new Map<string, number>();
  #total = 0;

  constructor(bounds: { readonly total: number; readonly perAccount: number }) {
    this.#bounds = bounds;
  }

  get total(): number {
    return this.#total;
  }

  /** Takes a place for a call of an account, and gives what frees it, once; null when there is none. */
  begin(account: string): (() => void) | null {
    const own = this.#byAccount.get(account) ?? 0;
    if (this.#total >= this.#bounds.total || own >= this.#bounds.perAccount) return null;
    this.#total += 1;
    this.#byAccount.set(account, own + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#total -= 1;
      const left = (this.#byAccount.get(account) ?? 1) - 1;
      if (left === 0) this.#byAccount.delete(account);
      else this.#byAccount.set(account, left);
    };
  }
}
