/**
 * The port to durable memory. A partition holds the documents and the events of one machine; one writer at a time owns
 * it, told apart by an epoch. Whatever a machine writes in a step goes into one append: all of it or none.
 */
export interface Store {
  /**
   * Takes the partition with a new epoch (older epochs can append no more) and gives its documents.
   * A partition that was never written opens empty; so does one that was removed, with a higher epoch than it ever had.
   */
  open(partition: string): Promise<OpenedPartition>;

  /**
   * Makes `append` durable: resolves only when it survives power loss. Appends of one partition become durable in the
   * order of their calls. Rejects with {@link FencedError} for an old epoch, with {@link StoreError} when the
   * medium fails; then nothing of it was kept.
   */
  append(partition: string, epoch: number, append: Append): Promise<void>;

  /**
   * Takes the partition out of the store: documents, events and name. Rejects with {@link FencedError} for an old epoch or an unknown
   * partition, with {@link StoreError} when the medium fails. A partition that is made later goes on above the epochs and sequences of
   * all that were removed, so that neither an old writer nor a reader of the old events can take it for the old one.
   */
  remove(partition: string, epoch: number): Promise<void>;

  /** Events of `partition` with a sequence above `afterSequence`, in order, at most `limit`. */
  readEvents(partition: string, afterSequence: number, limit: number): Promise<StoredEvent[]>;

  /** The partitions whose names begin with `prefix`, in code-unit order. */
  partitions(prefix: string): Promise<ListedPartition[]>;

  /** Waits for appends under way and lets the medium go. */
  close(): Promise<void>;
}

/** A partition as the store lists it, without opening it. */
export type ListedPartition = {
  readonly name: string;
  /** When its owner wants it opened though nobody asks for it (epoch milliseconds): 0 for always, null for never. */
  readonly neededAt: number | null;
};

export type OpenedPartition = {
  readonly epoch: number;
  /** The sequence of the newest event ever appended; for a new partition the highest of all that were removed, else 0. */
  readonly lastSequence: number;
  /** As {@link ListedPartition} shows it. */
  readonly neededAt: number | null;
  readonly documents: readonly StoredDocument[];
};

/** `body` is JSON text. */
export type StoredDocument = { readonly kind: string; readonly key: string; readonly body: string };

/** A `body` of null deletes the document. */
export type DocumentWrite = { readonly kind: string; readonly key: string; readonly body: string | null };

/** `sequence` rises by one from event to event of a partition, without gaps. `body` is JSON text. */
export type StoredEvent = { readonly sequence: number; readonly body: string };

export type Append = {
  readonly documents: readonly DocumentWrite[];
  readonly events: readonly StoredEvent[];
  /** Events up to and with this sequence may be forgotten (the log is bounded). */
  readonly forgetEventsThrough?: number;
  /** What {@link ListedPartition} shows from now on; absent when it stays as it is, and 0 for a new partition. */
  readonly neededAt?: number | null;
};

/** The medium failed; the append is not kept. The owner reloads its partition and goes on. */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
}

/** Another writer has taken the partition. The holder of the old epoch must stop. */
export class FencedError extends StoreError {
  override readonly name = "FencedError";
}

/** Another process has the store open. */
export class StoreInUseError extends StoreError {
  override readonly name = "StoreInUseError";
}
