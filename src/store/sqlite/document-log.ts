/**
 * Large appends write their documents to a log, all in one row, and from there into the table `documents` in the order of their keys. A
 * document that was written several times meanwhile goes there once. Keys of tasks are random, so each document of an append
 * is on another page of the index: written at once, a kilobyte costs twenty on the disk.
 *
 * What the log holds is in memory too, in two generations. The open one takes appends. The sealed one moves into the table with the appends
 * that follow. Then its rows are deleted.
 */
import type { DatabaseSync } from "node:sqlite";
import type { DocumentWrite, StoredDocument } from "../store.ts";
import { PackedTextError, packTexts, unpackTexts } from "./packed-texts.ts";

export type DocumentLogLimits = {
  /** How many documents an append must have to go to the log. */
  readonly loggedFrom: number;
  /** How many writes fill a generation. */
  readonly generationWrites: number;
};

/**
 * LIMIT: up to 64 documents, writing their pages costs less than writing them twice. Each of two generations takes some 8 MiB of memory; the
 * more it holds, the more of its documents share a page of the index.
 */
export const documentLogLimits: DocumentLogLimits = { loggedFrom: 64, generationWrites: 8_192 };
/** LIMIT: the same for text. */
const generationCharacters = 8_388_608;

/** LIMIT: documents moved at once when nothing else happens, a few milliseconds. */
const movedWhenIdle = 512;

/** By kind, then by key. A body of null deletes. */
type Bodies = Map<string, Map<string, string | null>>;

type Logged = { readonly partitionId: number; readonly documents: readonly DocumentWrite[]; readonly rowId: number };

class Generation {
  readonly bodies = new Map<number, Bodies>();
  writes = 0;
  characters = 0;
  /** The newest row of the log in it. */
  lastRow = 0;

  add({ partitionId, documents, rowId }: Logged): void {
    let kinds = this.bodies.get(partitionId);
    if (kinds === undefined) {
      kinds = new Map();
      this.bodies.set(partitionId, kinds);
    }
    addDocuments(kinds, documents);
    for (const { body } of documents) this.characters += body?.length ?? 0;
    this.writes += documents.length;
    this.lastRow = rowId;
  }

  isFull(generationWrites: number): boolean {
    return this.writes >= generationWrites || this.characters >= generationCharacters;
  }
}

type Move = { readonly partitionId: number; readonly kind: string; readonly key: string };

/** The documents of a generation in the order of the table's index, as far as their partitions exist. */
function movesOf({ bodies }: Generation): Move[] {
  const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
  const moves: Move[] = [];
  for (const [partitionId, kinds] of [...bodies].sort(([one], [other]) => one - other)) {
    for (const [kind, keys] of [...kinds].sort(([one], [other]) => byText(one, other))) {
      for (const key of [...keys.keys()].sort(byText)) moves.push({ partitionId, kind, key });
    }
  }
  return moves;
}

/** The writes to documents. All methods that write run in a transaction, after which `committed` or `rolledBack` is called. */
export class DocumentLog {
  readonly #put;
  readonly #delete;
  readonly #add;
  readonly #forget;
  readonly #forgetPartition;
  readonly #limits: DocumentLogLimits;
  #open = new Generation();
  #sealed: { readonly generation: Generation; readonly moves: readonly Move[]; moved: number } | null = null;
  /** Rows of the log that cannot be read: their partitions cannot be opened until they are restored. */
  readonly #damaged = new Map<number, PackedTextError>();
  /** What the transaction under way did. */
  #logged: Logged[] = [];
  #movedNow = 0;
  #forgotNow = false;
  #removedNow: number[] = [];

  /** Reads what the log holds. */
  constructor(database: DatabaseSync, limits: DocumentLogLimits) {
    this.#limits = limits;
    this.#put = database.prepare(`
      INSERT INTO documents (partition_id, kind, key, body) VALUES (?, ?, ?, ?)
      ON CONFLICT (partition_id, kind, key) DO UPDATE SET body = excluded.body`);
    this.#delete = database.prepare("DELETE FROM documents WHERE partition_id = ? AND kind = ? AND key = ?");
    this.#add = database.prepare("INSERT INTO document_log (partition_id, body) VALUES (?, ?)");
    this.#forget = database.prepare(`
      DELETE FROM document_log WHERE id <= ? AND partition_id NOT IN (SELECT value FROM json_each(?))`);
    this.#forgetPartition = database.prepare("DELETE FROM document_log WHERE partition_id = ?");
    const rows = database.prepare("SELECT id, partition_id, body FROM document_log ORDER BY id");
    for (const { id, partition_id, body } of rows.iterate()) {
      const partitionId = Number(partition_id);
      try {
        this.#open.add({ partitionId, documents: documentsOfRow(body), rowId: Number(id) });
      } catch (error) {
        if (!(error instanceof PackedTextError)) throw error;
        this.#damaged.set(partitionId, error);
      }
    }
    for (const partitionId of this.#damaged.keys()) this.#open.bodies.delete(partitionId);
  }

  /** True when something is left to move into the table. */
  get holdsDocuments(): boolean {
    return this.#sealed !== null || this.#open.writes > 0;
  }

  /** Throws PackedTextError if documents of the partition cannot be read. */
  mustBeWhole(partitionId: number): void {
    const damage = this.#damaged.get(partitionId);
    if (damage !== undefined) throw damage;
  }

  write(partitionId: number, documents: readonly DocumentWrite[]): void {
    if (documents.length === 0) return;
    if (documents.length >= this.#limits.loggedFrom || this.#hasLogged(partitionId)) {
      const texts = documents.flatMap(({ kind, key, body }) => [kind, key, body]);
      const { lastInsertRowid } = this.#add.run(partitionId, packTexts(texts));
      this.#logged.push({ partitionId, documents, rowId: Number(lastInsertRowid) });
      return;
    }
    for (const { kind, key, body } of documents) this.#write(partitionId, kind, key, body);
  }

  /** Moves up to `count` documents of the log into the table. */
  move(count = movedWhenIdle): void {
    if (this.#sealed === null || count === 0) return;
    const { moves, moved, generation } = this.#sealed;
    const end = Math.min(moves.length, moved + count);
    for (const { partitionId, kind, key } of moves.slice(moved, end)) {
      const body = generation.bodies.get(partitionId)?.get(kind)?.get(key);
      // A newer body is in the log and stays there; a removed partition has none.
      if (body === undefined || this.#open.bodies.get(partitionId)?.get(kind)?.has(key) === true) continue;
      this.#write(partitionId, kind, key, body);
    }
    this.#movedNow = end - moved;
    if (end < moves.length) return;
    this.#forget.run(generation.lastRow, JSON.stringify([...this.#damaged.keys()]));
    this.#forgotNow = true;
  }

  /** Deletes what the log holds of a removed partition. */
  remove(partitionId: number): void {
    if (this.#hasLogged(partitionId) || this.#damaged.has(partitionId)) this.#forgetPartition.run(partitionId);
    this.#removedNow.push(partitionId);
  }

  committed(): void {
    for (const logged of this.#logged) this.#open.add(logged);
    for (const partitionId of this.#removedNow) {
      this.#open.bodies.delete(partitionId);
      this.#sealed?.generation.bodies.delete(partitionId);
      this.#damaged.delete(partitionId);
    }
    if (this.#sealed !== null) this.#sealed.moved += this.#movedNow;
    if (this.#forgotNow) this.#sealed = null;
    if (this.#open.isFull(this.#limits.generationWrites)) this.seal();
    this.rolledBack();
  }

  rolledBack(): void {
    this.#logged = [];
    this.#removedNow = [];
    this.#movedNow = 0;
    this.#forgotNow = false;
  }

  /** Begins to move the open generation, unless another one is being moved. */
  seal(): void {
    if (this.#sealed !== null || this.#open.writes === 0) return;
    this.#sealed = { generation: this.#open, moves: movesOf(this.#open), moved: 0 };
    this.#open = new Generation();
  }

  /** The documents of the partition with what the log holds of them now: give it those of the table, in any portions. */
  overlay(partitionId: number): Overlay {
    const later: Bodies = new Map();
    for (const generation of [this.#sealed?.generation, this.#open]) {
      for (const [kind, keys] of generation?.bodies.get(partitionId) ?? []) {
        later.set(kind, new Map([...(later.get(kind) ?? []), ...keys]));
      }
    }
    return new Overlay(later);
  }

  #hasLogged(partitionId: number): boolean {
    return (
      this.#open.bodies.has(partitionId) ||
      (this.#sealed?.generation.bodies.has(partitionId) ?? false) ||
      this.#logged.some((logged) => logged.partitionId === partitionId)
    );
  }

  #write(partitionId: number, kind: string, key: string, body: string | null): void {
    if (body === null) this.#delete.run(partitionId, kind, key);
    else this.#put.run(partitionId, kind, key, body);
  }
}

/** Puts what was written to `documents` over what `bodies` has of them. */
export function addDocuments(bodies: Bodies, documents: readonly DocumentWrite[]): void {
  for (const { kind, key, body } of documents) {
    let keys = bodies.get(kind);
    if (keys === undefined) {
      keys = new Map();
      bodies.set(kind, keys);
    }
    keys.set(key, body);
  }
}

/** What the log holds of a partition's documents. */
export class Overlay {
  readonly #later: Bodies;

  constructor(later: Bodies) {
    this.#later = later;
  }

  /** True when the log, not the table, has this document, or has deleted it. */
  overwrites(kind: string, key: string): boolean {
    return this.#later.get(kind)?.has(key) ?? false;
  }

  *documents(): Generator<StoredDocument> {
    for (const [kind, keys] of this.#later) {
      for (const [key, body] of keys) if (body !== null) yield { kind, key, body };
    }
  }

  /** The documents, at most `size` at a time. */
  *portions(size: number): Generator<StoredDocument[]> {
    let portion: StoredDocument[] = [];
    for (const document of this.documents()) {
      portion.push(document);
      if (portion.length < size) continue;
      yield portion;
      portion = [];
    }
    if (portion.length > 0) yield portion;
  }
}

/** What a row of the log wrote. Throws PackedTextError if it is damaged. */
export function documentsOfRow(body: unknown): DocumentWrite[] {
  const texts = unpackTexts(body, null);
  const documents: DocumentWrite[] = [];
  for (let at = 0; at < texts.length; at += 3) {
    const [kind, key, text] = [texts[at], texts[at + 1], texts[at + 2]];
    if (typeof kind !== "string" || typeof key !== "string" || text === undefined) {
      throw new PackedTextError("a row of documents is incomplete");
    }
    documents.push({ kind, key, body: text });
  }
  return documents;
}
