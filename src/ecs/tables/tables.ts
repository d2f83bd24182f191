import { must } from "../../lib/assert.ts";
import { checkDocument, DocumentError, type DocumentKind, NewerDocumentError } from "../documents/document-kind.ts";
import type { DocumentChange, Journal } from "./journal.ts";
import { StoredParts } from "./stored-parts.ts";
import { Table } from "./table.ts";

/** The stored member with the version of the document's kind. */
const versionMember = "documentVersion";

type Entry = { readonly table: Table<object>; readonly parts: StoredParts | null };

/** A machine's tables, one for each kind of document. Everything stored goes in and out here. */
export class Tables {
  readonly #journal: Journal;
  readonly #all: Table<object>[] = [];
  /** By each name used in the store. */
  readonly #entries = new Map<string, Entry>();
  /** Loaded documents that are in one piece in the store and several documents here. The next append has them all, so that it never has some. */
  #takenApart: DocumentChange[] = [];

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** All tables, in order of creation. */
  get all(): readonly Table<object>[] {
    return this.#all;
  }

  /** Creates the table of a kind. */
  of<D extends object>(kind: DocumentKind<D>): Table<D> {
    const table = new Table(kind, this.#journal);
    const entry = {
      table: table as unknown as Table<object>,
      parts: kind.apart === undefined ? null : new StoredParts(kind.apart),
    };
    this.#all.push(entry.table);
    this.#entries.set(kind.name, entry);
    if (kind.apart !== undefined) this.#entries.set(kind.apart.name, entry);
    return table;
  }

  /**
   * Loads a stored document while the machine is built. Throws DocumentError for an invalid one, NewerDocumentError for one written by a
   * newer Berth.
   */
  load(name: string, key: string, stored: object): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new NewerDocumentError("no document of that kind is known");
    const { table, parts: halves } = entry;
    checkVersion(stored, table.kind.version);
    const whole = halves === null ? stored : halves.join(name, key, stored);
    if (whole === null) return;
    const version = checkVersion(whole, table.kind.version);
    const document = withoutVersion(whole);
    const parts: DocumentChange[] = [];
    const current =
      table.kind.upgrade?.(document, version, (kind, partKey, part) => {
        parts.push(this.#released(kind, partKey, part));
      }) ?? document;
    checkDocument(table.kind, key, current);
    table.load(key, current);
    if (parts.length > 0) this.#takenApart.push({ kind: table.kind.name, key, value: current }, ...parts);
  }

  /** Loads a document that was a part of one of another kind. */
  #released<E extends object>(kind: DocumentKind<E>, key: string, part: E): DocumentChange {
    const { table } = must(this.#entries.get(kind.name), "the table of a document that another one released");
    checkDocument(kind, key, part);
    table.load(key, part);
    return { kind: kind.name, key, value: part };
  }

  /** To be called when all documents are loaded. Throws DocumentError if a part of one is missing. */
  loaded(): void {
    for (const { table, parts } of this.#entries.values()) {
      const half = parts?.incomplete() ?? null;
      if (half === null) continue;
      throw new DocumentError(`the other half of the ${table.kind.name.replaceAll("-", " ")} ${half} is missing`);
    }
  }

  /** What the store must write for the changes of a step. */
  toStored(changes: readonly DocumentChange[]): DocumentChange[] {
    const stored: DocumentChange[] = [];
    for (const change of this.#withTakenApart(changes)) {
      const entry = this.#entries.get(change.kind);
      const kind = entry?.table.kind;
      const parts = entry?.parts ?? null;
      if (parts === null) {
        stored.push(kind === undefined ? change : withVersion(change, kind.version));
        continue;
      }
      const { kind: name, key } = change;
      const { rest, part } = parts.split(key, change.value);
      stored.push(withVersion({ kind: name, key, value: rest }, kind?.version ?? 1));
      if (part !== undefined) stored.push({ kind: kind?.apart?.name ?? name, key, value: part });
    }
    return stored;
  }

  #withTakenApart(changes: readonly DocumentChange[]): readonly DocumentChange[] {
    if (changes.length === 0 || this.#takenApart.length === 0) return changes;
    const idOf = ({ kind, key }: DocumentChange): string => `${kind} ${key}`;
    const changed = new Set(changes.map(idOf));
    const unchanged = this.#takenApart.filter((change) => !changed.has(idOf(change)));
    this.#takenApart = [];
    return [...unchanged, ...changes];
  }
}

/** The version of a stored document. Throws if it is invalid or newer than `known`. */
function checkVersion(stored: object, known: number): number {
  const version: unknown = versionMember in stored ? stored[versionMember] : 1;
  if (!Number.isSafeInteger(version) || (version as number) < 1) {
    throw new DocumentError(`its member ${versionMember} is not a whole number from 1 on`);
  }
  if ((version as number) > known) {
    throw new NewerDocumentError(`it is stored in version ${version} of its kind, and only ${known} is known`);
  }
  return version as number;
}

function withoutVersion(stored: object): object {
  if (!(versionMember in stored)) return stored;
  const { [versionMember]: _version, ...document } = stored;
  return document;
}

const withVersion = (change: DocumentChange, version: number): DocumentChange =>
  version === 1 || change.value === null ? change : { ...change, value: { ...change.value, [versionMember]: version } };
