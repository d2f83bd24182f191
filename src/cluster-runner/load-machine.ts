import type { Machine } from "../ecs/machine/machine.ts";
import { DamagedError, type OpenedPartition, type StoredDocument } from "../store/store.ts";

/** LIMIT: enough of a key to find its document; keys that are longer are damaged themselves. */
const keyCharactersShown = 300;

/** LIMIT: documents that are loaded between two looks at the stopwatch, ten microseconds each, few kilobytes. */
const documentsPerSlice = 32;

/**
 * Loads the documents of a partition into a new machine, some at a time. Throws DamagedError for the first one that cannot be used; `place` says
 * where the partition is stored.
 */
export function* loadMachine<Input, Effect>(
  machine: Machine<Input, Effect>,
  { documents, lastSequence }: OpenedPartition,
  place: string,
): Generator<undefined, Machine<Input, Effect>> {
  for (const [index, document] of documents.entries()) {
    if (index % documentsPerSlice === documentsPerSlice - 1) yield;
    const problem = loadDocument(machine, document);
    if (problem === null) continue;
    const name = `document ${document.kind} "${document.key.slice(0, keyCharactersShown)}"`;
    throw new DamagedError(
      `${place}, ${name}: ${problem}. The rest of the partition is as it was. Stop Berth and run "berth check" on the data directory.`,
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

/** Loads one document; gives why it cannot be used, or null. */
export function loadDocument(
  machine: { load(kind: string, key: string, document: object): void },
  { kind, key, body }: StoredDocument,
): string | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return "it is not JSON";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "it is not a JSON object";
  try {
    machine.load(kind, key, value);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
