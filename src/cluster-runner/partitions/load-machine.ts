import { NewerDocumentError } from "../../ecs/documents/document-kind.ts";
import type { Machine } from "../../ecs/machine/machine.ts";
import { berthVersion } from "../../lib/berth-version.ts";
import { DamagedError, NewerDataError, type OpenedPartition, type StoredDocument } from "../../store/store.ts";

/** LIMIT: enough of a key to find its document; a longer key is itself damaged. */
const keyCharactersShown = 300;

/** LIMIT: documents loaded between two readings of the stopwatch, ten microseconds and a few kilobytes each. */
const documentsPerSlice = 32;

/**
 * Loads the documents of a partition into a new machine, a few at a time. Throws DamagedError for the first unusable one, NewerDataError if
 * a newer Berth could use it; `place` says where the partition is stored.
 */
export function* loadMachine<Input, Effect>(
  machine: Machine<Input, Effect>,
  { documents, lastSequence, writtenBy }: OpenedPartition,
  place: string,
): Generator<undefined, Machine<Input, Effect>> {
  for (const [index, document] of documents.entries()) {
    if (index % documentsPerSlice === documentsPerSlice - 1) yield;
    const problem = loadDocument(machine, document);
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
  try {
    machine.resume?.(lastSequence);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DamagedError(`${place}: ${reason}. Stop Berth and run "berth check" on the data directory.`);
  }
  return machine;
}

/** Why a stored document is unusable, as the end of a sentence, and whether a newer Berth could use it. */
export type DocumentProblem = { readonly text: string; readonly isNewer: boolean };

/** Loads one document; returns why it is unusable, or null. */
export function loadDocument(
  machine: { load(kind: string, key: string, document: object): void },
  { kind, key, body }: StoredDocument,
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
