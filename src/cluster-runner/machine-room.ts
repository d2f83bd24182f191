/** LIMIT: machines in memory for all accounts; a small one takes some 20 KB, so these take 400 MB. */
const machinesMax = 20_000;

/** LIMIT: machines in memory for one account, in all regions: as many as AWS gives an account clusters in a region, and some more. */
const machinesPerAccountMax = 12_000;

/** LIMIT: the last so many machines go only to accounts that have few, so that a few large accounts cannot shut the others out. */
const machinesKeptForSmall = 4_000;

/** LIMIT: what counts as few: more clusters with something in them than most accounts have. */
const machinesOfSmall = 200;

export type RoomLimits = {
  readonly machines: number;
  readonly perAccount: number;
  readonly keptForSmall: number;
  readonly ofSmall: number;
};

const roomLimits: RoomLimits = {
  machines: machinesMax,
  perAccount: machinesPerAccountMax,
  keptForSmall: machinesKeptForSmall,
  ofSmall: machinesOfSmall,
};

/** How many machines are in memory, and whether an account may have another one there. */
export class MachineRoom {
  readonly #limits: RoomLimits;
  readonly #byAccount = new Map<string, number>();
  #size = 0;

  constructor(limits: RoomLimits = roomLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  /** Counts one more machine of `account`; false, and nothing is counted, when it may not have another one. */
  take(account: string): boolean {
    const { machines, perAccount, keptForSmall, ofSmall } = this.#limits;
    const own = this.#byAccount.get(account) ?? 0;
    const max = own < ofSmall ? machines : machines - keptForSmall;
    if (own >= perAccount || this.#size >= max) return false;
    this.#byAccount.set(account, own + 1);
    this.#size += 1;
    return true;
  }

  /** Counts one machine of `account` less. */
  leave(account: string): void {
    const own = this.#byAccount.get(account) ?? 0;
    if (own <= 1) this.#byAccount.delete(account);
    else this.#byAccount.set(account, own - 1);
    this.#size -= 1;
  }
}
