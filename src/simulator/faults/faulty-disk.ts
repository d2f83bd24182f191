import { must } from "../../lib/assert.ts";
import type { Clock } from "../../lib/clock.ts";
import { type AppendFate, emptyMemoryDisk, type MemoryDisk, MemoryStore } from "../../store/memory/memory-store.ts";
import {
  type Append,
  type ListedPartition,
  type OpenedPartition,
  type Store,
  type StoreCondition,
  type StoredEvent,
  StoreError,
  type TakeDocuments,
} from "../../store/store.ts";

/** What the faults decide for one append: how long it takes, its outcome, and when the process dies over it. */
export type AppendFault = {
  readonly delayMs: number;
  readonly fate: AppendFate;
  readonly answerDelayMs: number;
  readonly crash: "before" | "after" | null;
};

export type DiskFaults = {
  append(partition: string): AppendFault;
  /** True: the partition cannot be read this time. */
  open(partition: string): boolean;
};

export type DiskWatch = {
  /** The disk has kept the append, and nobody knows yet. Unless `isConfirmed`, the disk will report it as failed. */
  kept(partition: string, append: Append, isConfirmed: boolean): void;
  /** The disk has removed the partition, and nobody knows yet. */
  removed(partition: string): void;
  /** The process must die at this point of an append. */
  crash(): void;
};

/** The disk of the control plane. It outlives every process, and reports each append that it kept. */
export class FaultyDisk {
  readonly disk: MemoryDisk = emptyMemoryDisk();
  readonly #faults: DiskFaults;
  readonly #watch: DiskWatch;

  constructor(faults: DiskFaults, watch: DiskWatch) {
    this.#faults = faults;
    this.#watch = watch;
  }

  /** The store of a new process. `clock` is the process's own, so that a dead one appends nothing. */
  store(clock: Clock): FaultyStore {
    return new FaultyStore(this.disk, clock, this.#faults, this.#watch);
  }
}

/** The memory store with the faults of the disk under it. */
export class FaultyStore implements Store {
  readonly medium = "the simulated disk";
  readonly #store: MemoryStore;
  readonly #faults: DiskFaults;
  readonly #watch: DiskWatch;
  /** Per partition, appends that have not reached the disk, oldest first. */
  readonly #waiting = new Map<string, Append[]>();

  constructor(disk: MemoryDisk, clock: Clock, faults: DiskFaults, watch: DiskWatch) {
    this.#faults = faults;
    this.#watch = watch;
    /** A partition takes one append at a time. */
    const underWay = new Map<string, { readonly append: Append; readonly fault: AppendFault }>();
    this.#store = new MemoryStore({
      disk,
      beforeAppend: async (partition) => {
        const append = must(this.#waiting.get(partition)?.shift(), "the append that reaches the disk");
        const fault = faults.append(partition);
        underWay.set(partition, { append, fault });
        await pause(clock, fault.delayMs);
        if (fault.crash === "before") watch.crash();
        return fault.fate;
      },
      beforeAnswer: async (partition) => {
        const { append, fault } = must(underWay.get(partition), "the append that the disk kept");
        watch.kept(partition, append, fault.fate === "ok");
        if (fault.crash === "after") watch.crash();
        await pause(clock, fault.answerDelayMs);
      },
    });
  }

  async open(partition: string, take?: TakeDocuments): Promise<OpenedPartition> {
    if (this.#faults.open(partition))
      throw new StoreError(`Partition "${partition}": the simulated disk cannot be read`);
    return this.#store.open(partition, take);
  }

  append(partition: string, epoch: number, append: Append): Promise<void> {
    const waiting = this.#waiting.get(partition);
    if (waiting === undefined) this.#waiting.set(partition, [append]);
    else waiting.push(append);
    return this.#store.append(partition, epoch, append);
  }

  readEvents(partition: string, afterSequence: number, limit: number): Promise<StoredEvent[]> {
    return this.#store.readEvents(partition, afterSequence, limit);
  }

  async remove(partition: string, epoch: number): Promise<void> {
    await this.#store.remove(partition, epoch);
    this.#watch.removed(partition);
  }

  partitions(prefix: string): Promise<ListedPartition[]> {
    return this.#store.partitions(prefix);
  }

  newestAt(): Promise<number> {
    return this.#store.newestAt();
  }

  condition(): StoreCondition {
    return this.#store.condition();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** The process dies. See `MemoryStore.crash`. */
  crash(): void {
    this.#store.crash();
  }
}

async function pause(clock: Clock, ms: number): Promise<void> {
  if (ms <= 0) return;
  await new Promise<void>((resolve) => {
    clock.setTimer(ms, resolve);
  });
}
