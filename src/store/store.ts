/**
 * The interface to durable memory. A partition holds the documents and the events of one machine. One writer at a time owns it,
 * identified by an epoch. Everything that a machine writes in a step goes into one append: all of it or none.
 */
export interface Store {
  /** The medium's name in messages, such as the path of its file. */
  readonly medium: string;

  /**
   * Takes the partition with a new epoch (older epochs can append no more) and returns its documents. A partition that was never
   * written opens empty; so does a removed one, with a higher epoch than it ever had. With `take`, the documents go there in portions as they
   * are read, the next one when it resolves, and none are returned. Rejects with {@link DamagedError} if the stored data cannot be read any
   * more, and with what `take` rejects with.
   */
  open(partition: string, take?: TakeDocuments): Promise<OpenedPartition>;

  /**
   * Makes `append` durable: resolves only once it survives power loss. Appends of one partition become durable in the order of
   * their calls. Rejects with {@link FencedError} for an old epoch, with {@link StoreError} if the medium fails: then the append
   * may have been kept or not.
   */
  append(partition: string, epoch: number, append: Append): Promise<void>;

  /**
   * Removes the partition from the store: documents, events and name. Rejects with {@link FencedError} for an old epoch or an
   * unknown partition, with {@link StoreError} if the medium fails. A later partition continues above the epochs and sequences of
   * all removed ones, so that neither an old writer nor a reader of the old events can mistake it for the old one.
   */
  remove(partition: string, epoch: number): Promise<void>;

  /**
   * Events of `partition` with a sequence above `afterSequence`, in order, at most `limit`. The first one may come later than
   * requested, because old events are forgotten. From there on none is missing. Rejects with {@link DamagedError} if one is.
   */
  readEvents(partition: string, afterSequence: number, limit: number): Promise<StoredEvent[]>;

  /** The partitions whose names begin with `prefix`, in code-unit order. */
  partitions(prefix: string): Promise<ListedPartition[]>;

  /** The newest `at` of all appends (epoch milliseconds), 0 when there was none. */
  newestAt(): Promise<number>;

  /** The state of the medium right now. Cheap enough for every request to /health. */
  condition(): StoreCondition;

  /** Waits for appends under way and releases the medium. */
  close(): Promise<void>;
}

/** A partition as the store lists it, without opening it. */
export type ListedPartition = {
  readonly name: string;
  /** When its owner wants it opened even if nobody asks for it (epoch milliseconds): 0 for always, null for never. */
  readonly neededAt: number | null;
};

export type OpenedPartition = {
  readonly epoch: number;
  /** The sequence of the newest event ever appended. For a new partition the highest of all removed ones, or 0. */
  readonly lastSequence: number;
  /** As in {@link ListedPartition}. */
  readonly neededAt: number | null;
  /** The version of the Berth that appended last; null when none did, or one that did not say so. Opening is no append. */
  readonly writtenBy: string | null;
  readonly documents: readonly StoredDocument[];
};

export type TakeDocuments = (
  documents: readonly StoredDocument[],
  opened: Omit<OpenedPartition, "documents">,
) => Promise<void>;

/** `body` is JSON text. */
export type StoredDocument = { readonly kind: string; readonly key: string; readonly body: string };

/** A `body` of null deletes the document. */
export type DocumentWrite = { readonly kind: string; readonly key: string; readonly body: string | null };

/** `sequence` rises by one from event to event of a partition, without gaps. `body` is JSON text. */
export type StoredEvent = { readonly sequence: number; readonly body: string };

export type Append = {
  readonly documents: readonly DocumentWrite[];
  readonly events: readonly StoredEvent[];
  /** Events up to and including this sequence may be forgotten (the log is bounded). */
  readonly forgetEventsThrough?: number;
  /** The value for {@link ListedPartition} from now on. If absent it stays the same, and is 0 for a new partition. */
  readonly neededAt?: number | null;
  /** The bodies of the partition's events may take this many bytes of UTF-8. The oldest events are forgotten to make room. */
  readonly eventBytesMax?: number;
  /** The time of the newest step in it (epoch milliseconds). */
  readonly at?: number;
};

export type StoreCondition = {
  /** Why nothing can be written at present, in a sentence. Null if the last attempt succeeded. */
  readonly failing: string | null;
  /** Unusable stored data, a sentence each. The rest works. */
  readonly damaged: readonly string[];
  /** What an operator should know even though the store works, a sentence each. */
  readonly warnings: readonly string[];
};

/** The medium failed. The owner reloads its partition and continues. */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
}

/** Stored data can no longer be read. A retry does not help. The text says what and where. */
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
