import { NewerDocumentError } from "../../ecs/documents/document-kind.ts";
import type { Machine } from "../../ecs/machine/machine.ts";
import { berthVersion } from "../../lib/berth-version.ts";
import {
  DamagedError,
  NewerDataError,
  type OpenedPartition,
  type Store,
  type StoredDocument,
} from "../../store/store.ts";
import { SharedValues } from "./shared-values.ts";

/** LIMIT: enough of a key to find its document; a longer key is itself damaged. */
const keyCharactersShown = 300;

/** LIMIT: documents loaded between two readings of the stopwatch, ten microseconds and a few kilobytes each. */
const documentsPerSlice = 32;

/** A machine with the documents of its partition, as it was opened. */
export type LoadedMachine<Input, Effect> = {
  readonly machine: Machine<Input, Effect>;
  readonly opened: Omit<OpenedPartition, "documents">;
  readonly isEmpty: boolean;
};

/**
 * Opens a partition and loads it into the empty `machine`, a portion at a time while the store reads the next, so that the text of all
 * documents is never in memory at once. `inSlices` does the work in its turns. Rejects with DamagedError for the first document that cannot be
 * used, with NewerDataError when only a newer Berth can use it, and with what the store and `inSlices` reject with.
 */
export async function openMachine<Input, Effect>(
  store: Store,
  partition: string,
  machine: Machine<Input, Effect>,
  inSlices: (work: Iterator<undefined, void>) => Promise<void>,
): Promise<LoadedMachine<Input, Effect>> {
  const place = `${store.medium}, partition "${partition}"`;
  const shared = new SharedValues();
  let isEmpty = true;
  let before = Promise.resolve();
  const { documents: _none, ...opened } = await store.open(partition, (documents, { writtenBy }) => {
    isEmpty = false;
    // The store may send the next portion before this one is loaded; the machine takes them in order.
    before = before.then(() => inSlices(loadDocuments({ machine, shared, writtenBy, place }, documents)));
    return before;
  });
  try {
    machine.resume?.(opened.lastSequence);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DamagedError(`${place}: ${reason}. Stop Berth and run "berth check" on the data directory.`);
  }
  return { machine, opened, isEmpty };
}

type Loading<Input, Effect> = {
  readonly machine: Machine<Input, Effect>;
  readonly shared: SharedValues;
  readonly writtenBy: string | null;
  /** Where the documents are stored. */
  readonly place: string;
};

/** Loads documents into a machine, some at a time. */
function* loadDocuments<Input, Effect>(
  { machine, shared, writtenBy, place }: Loading<Input, Effect>,
  documents: readonly StoredDocument[],
): Generator<undefined, void> {
  for (const [index, document] of documents.entries()) {
    if (index % documentsPerSlice === documentsPerSlice - 1) yield;
    const problem = loadDocument(machine, document, shared);
    if (problem === null) continue;
    const found = `${place}, document ${document.kind} "${document.key.slice(0, keyCharactersShown)}": ${problem.text}`;
    if (problem.isNewer) {
      const text = `${found}. ${newerDataAdvice(writtenBy)} The partition is unchanged.`;
      throw new NewerDataError(text, newerDataForCallers(writtenBy));
    }
    throw new DamagedError(
      `${found}. The rest of the partition is unchanged. Stop Berth and run "berth check" on the data directory.`,
    );
  }
}

/** Why a stored document is unusable, as the end of a sentence, and whether a newer Berth could use it. */
export type DocumentProblem = { readonly text: string; readonly isNewer: boolean };

/** Loads one document, sharing parts with earlier ones; returns why it is unusable, or null. */
export function loadDocument(
  machine: { load(kind: string, key: string, document: object): void },
  { kind, key, body }: StoredDocument,
  shared?: SharedValues,
): DocumentProblem | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { text: "it is not JSON", isNewer: false };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { text: "it is not a JSON object", isNewer: false };
  }
  shared?.share(value);
  try {
    machine.load(kind, key, value);
    return null;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { text, isNewer: error instanceof NewerDocumentError };
  }
}

/** What to do about a partition with documents that only a newer Berth can use; `writtenBy` is the version that wrote it last. */
export function newerDataAdvice(writtenBy: string | null): string {
  const own = berthVersion();
  if (writtenBy === null || writtenBy === own) {
    const writer = writtenBy === null ? "a Berth that did not record its version" : `Berth ${writtenBy}`;
    return `The partition was last written by ${writer}, and this is Berth ${own}: start the newest version that this data was used with. If there was none newer, the data is damaged: stop Berth and run "berth check" on the data directory.`;
  }
  return `The partition was last written by Berth ${writtenBy}, and this is Berth ${own}: start version ${writtenBy} or a newer one.`;
}

function newerDataForCallers(writtenBy: string | null): string {
  const writer = writtenBy === null ? "a newer version of Berth" : `Berth ${writtenBy}`;
  return `This data was last written by ${writer}. Berth ${berthVersion()}, which serves this call, does not understand all of it and leaves it unchanged.`;
}
