import { Rota } from "../../cluster-runner/turns/rota.ts";

/**
 * LIMIT: what is let through each time the event loop looks for input, in calls: one or two milliseconds of reading bodies, checking
 * signatures and what follows. The rest waits for the next look, so that new connections (Node takes one at each look) and other
 * callers come in between. Half as many cost a quarter of the rate of small calls.
 */
const callsPerLook = 8;
/** LIMIT: what a body costs besides, a call for each so many bytes: to copy and hash them takes about as long as to check a signature. */
const bytesPerCall = 65_536;

type Waiting = { readonly cost: number; readonly go: () => void };

/** Who asks: first addresses take turns, then those of one address. */
export type Asker = {
  readonly address: string;
  /** The key that the request claims to be signed with; nobody has checked it yet. */
  readonly accessKeyId: string;
};

/** A request that was let through: who asked, and in which look of the gate. */
export type Admission = { readonly asker: Asker; readonly look: number };

/**
 * Where calls wait before it is known who makes them. Until the signature is checked they cannot take turns by account, and to check it
 * is work too: a flood of calls that arrive together would hold the event loop for all of them.
 */
export class FairGate {
  readonly #defer: (run: () => void) => void;
  readonly #addresses = new Rota<Rota<Waiting[]>>();
  #spent = 0;
  #look = 0;
  #isLookOpen = false;

  /** `defer` runs something after the event loop has looked for input. */
  constructor(defer: (run: () => void) => void = setImmediate) {
    this.#defer = defer;
  }

  /** The number of the look under way: what happens within one look costs no more than what was let through. */
  get look(): number {
    return this.#look;
  }

  /** Null when a call with a body of so many bytes may go on at once; otherwise resolves when it is its turn. */
  pass(asker: Asker, bytes: number): Promise<void> | null {
    const cost = 1 + bytes / bytesPerCall;
    if (this.#addresses.size === 0 && this.#spent < callsPerLook) {
      this.#spend(cost);
      return null;
    }
    return new Promise((go) => {
      const keys = this.#addresses.obtain(asker.address, () => new Rota<Waiting[]>());
      keys.obtain(asker.accessKeyId, () => []).push({ cost, go });
      this.#openLook();
    });
  }

  #spend(cost: number): void {
    this.#spent += cost;
    this.#openLook();
  }

  #openLook(): void {
    if (this.#isLookOpen) return;
    this.#isLookOpen = true;
    this.#defer(() => {
      this.#isLookOpen = false;
      this.#spent = 0;
      this.#look += 1;
      this.#serve();
    });
  }

  #serve(): void {
    while (this.#spent < callsPerLook) {
      const address = this.#addresses.next();
      const key = address?.content.next() ?? null;
      if (address === null || key === null) return;
      const call = key.content.shift();
      address.content.charge(key.key, call?.cost ?? 0);
      this.#addresses.charge(address.key, call?.cost ?? 0);
      if (key.content.length === 0) address.content.remove(key.key);
      if (address.content.size === 0) this.#addresses.remove(address.key);
      this.#spend(call?.cost ?? 0);
      call?.go();
    }
    if (this.#addresses.size > 0) this.#openLook();
  }
}

/** The key that a request claims to be signed with, as its Authorization header names it; "" when it names none. */
export function claimedKey(authorization: string | undefined): string {
  return /Credential=([^/,\s]{1,128})\//.exec(authorization ?? "")?.[1] ?? "";
}
