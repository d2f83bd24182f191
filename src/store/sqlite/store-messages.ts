/** What the thread of a store and its owner send each other. */
import {
  type Append,
  DamagedError,
  FencedError,
  type OpenedPartition,
  type StoreCondition,
  type StoredDocument,
  StoreError,
  StoreInUseError,
} from "../store.ts";

/** What the owner wants: a call of the store's method, answered under the same `id`. */
export type StoreRequest = { readonly id: number } & StoreCall;

export type StoreCall =
  | { readonly method: "open"; readonly args: readonly [partition: string] }
  /** The owner has taken a portion of documents of the opening `of`, or cannot. */
  | { readonly method: "took"; readonly of: number; readonly isWell: boolean }
  | { readonly method: "append"; readonly args: readonly [partition: string, epoch: number, append: Append] }
  | { readonly method: "remove"; readonly args: readonly [partition: string, epoch: number] }
  | {
      readonly method: "readEvents";
      readonly args: readonly [partition: string, afterSequence: number, limit: number];
    }
  | { readonly method: "partitions"; readonly args: readonly [prefix: string] }
  | { readonly method: "newestAt"; readonly args: readonly [] }
  | { readonly method: "close"; readonly args: readonly [] };

export type StoreReply =
  | { readonly type: "opened"; readonly medium: string }
  | { readonly type: "not-opened"; readonly error: SentError }
  /** Some documents of the partition that the call of this id opens; the answer without documents follows. */
  | {
      readonly type: "documents";
      readonly id: number;
      readonly documents: readonly StoredDocument[];
      readonly opened: OpenedWithoutDocuments;
    }
  | { readonly type: "answer"; readonly id: number; readonly value: unknown }
  | { readonly type: "error"; readonly id: number; readonly error: SentError }
  | { readonly type: "condition"; readonly condition: StoreCondition };

export type OpenedWithoutDocuments = Omit<OpenedPartition, "documents">;

/** An error as it crosses threads, where classes are lost. */
export type SentError = { readonly name: string; readonly message: string; readonly cause: string | null };

export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), cause: null };
  const { name, message, cause } = error;
  return { name, message, cause: cause instanceof Error ? cause.message : null };
}

const storeErrors = { StoreError, DamagedError, FencedError, StoreInUseError } as const;

/** The error of the other thread with its class. One that no store throws on purpose is a bug, and stays an Error. */
export function receivedError({ name, message, cause }: SentError): Error {
  const known = storeErrors[name as keyof typeof storeErrors];
  const options = cause === null ? {} : { cause: new Error(cause) };
  return known === undefined ? new Error(`${name}: ${message}`, options) : new known(message, options);
}
