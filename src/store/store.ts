/**
 * The port to durable memory. A partition holds the documents and the events of one machine; one writer at a time owns
 * it, told apart by an epoch. Whatever a machine writes in a step goes into one append: all of it or none.
 */
export interface Store {
  /** What the medium is called in messages, such as the path of its file. */
  readonly medium: string;

  /**
   * Takes the partition with a new epoch (older epochs can append no more) and gives its documents.
   * A partition that was never written opens empty; so does one that was removed, with a higher epoch than it ever had. Rejects with
   * {@link DamagedError} when what is stored cannot be read any more.
   */
  open(partition: string): Promise<OpenedPartition>;

  /**
   * Makes `append` durable: resolves only when it survives power loss. Appends of one partition become durable in the
   * order of their calls. Rejects with {@link FencedError} for an old epoch, with {@link StoreError} when the
   * medium fails: then the append may have been kept or not.
   */
  append(partition: string, epoch: number, append: Append): Promise<void>;

  /**
   * Takes the partition out of the store: documents, events and name. Rejects with {@link FencedError} for an old epoch or an unknown
   * partition, with {@link StoreError} when the medium fails. A partition that is made later goes on above the epochs and sequences of
   * all that were removed, so that neither an old writer nor a reader of the old events can take it for the old one.
   */
  remove(partition: string, epoch: number): Promise<void>;

  /**
   * Events of `partition` with a sequence above `afterSequence`, in order, at most `limit`. The first one may come later than asked
   * for, because old events are forgotten; from there on none is missing. Rejects with {@link DamagedError} when one is.
   */
  readEvents(partition: string, afterSequence: number, limit: number): Promise<StoredEvent[]>;

  /** The partitions whose names begin with `prefix`, in code-unit order. */
  partitions(prefix: string): Promise<ListedPartition[]>;

  /** The newest `at` of all appends (epoch milliseconds), 0 when there was none. */
  newestAt(): Promise<number>;

  /** How the medium is at this moment. Cheap enough for every request to /health. */
  condition(): StoreCondition;

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
  /** The version of the Berth that appended last; null when none did, or one that did not say so. Opening is no append. */
  readonly writtenBy: string | null;
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
  /** The bodies of the partition's events may take this many bytes of UTF-8; the oldest events are forgotten to make it so. */
  readonly eventBytesMax?: number;
  /** The time of the newest step in it (epoch milliseconds). */
  readonly at?: number;
};

export type StoreCondition = {
  /** Why nothing can be written at present, in a sentence; null when the last attempt succeeded. */
  readonly failing: string | null;
  /** What is stored and cannot be used, each a sentence. The rest works. */
  readonly damaged: readonly string[];
  /** What an operator should know though the store works, each a sentence. */
  readonly warnings: readonly string[];
};

/** The medium failed. The owner reloads its partition and goes on. */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
}

/** What is stored cannot be read any more. Trying again does not help; the text says what and where. */
export class DamagedError extends StoreError {
  override readonly name: string = "DamagedError";
}

/** What is stored can only be used by a newer Berth. Nothing is damaged, and nothing was changed. */
export class NewerDataError extends DamagedError {
  override readonly name = "NewerDataError";
  /** A sentence for callers, which says nothing of files and documents. */
  readonly forCallers: string;

  constructor(message: string, forCallers: string) {
    super(message);
    this.forCallers = forCallers;
  }
}

/** Another writer has taken the partition. The holder of the old epoch must stop. */
export class FencedError extends StoreError {
  override readonly name = "FencedError";
}

/** Another process has the store open. */
export class StoreInUseError extends StoreError {
  override readonly name = "StoreInUseError";
}
