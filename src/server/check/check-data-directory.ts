/** Checks a data directory: files, pages, documents, counts, events, keys. Writes nothing. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { keyKind, keyUseKind, readKeyDocuments } from "../../auth/key-document.ts";
import { readKeyUse } from "../../auth/key-uses.ts";
import { SealError, SealKey, sealKeyPath } from "../../auth/seal-key.ts";
import { parsePartition } from "../../cluster-runner/partitions/cluster-place.ts";
import { newerDataAdvice } from "../../cluster-runner/partitions/load-machine.ts";
import { AppendRecord } from "../../store/sqlite/append-record.ts";
import { type PartitionRow, ReadDatabase } from "../../store/sqlite/read-database.ts";
import { DamagedError, type StoredDocument, StoreError } from "../../store/store.ts";
import { headKind, parseDiskDocument, partKinds } from "../hosts/host-disk.ts";
import { checkEvents, type NewestVersions } from "./check-events.ts";
import { checkMachine } from "./check-machine.ts";

/** LIMIT: more than a person looks at; a directory with more problems needs a backup. */
const findingsMax = 1_000;

/** A problem. `document` is its kind and key. */
export type Finding = {
  readonly partition: string | null;
  readonly document: string | null;
  /** A sentence. */
  readonly text: string;
  /** What is lost because of it, and what to do: a sentence. */
  readonly advice: string;
};

export type DirectoryReport = {
  readonly file: string;
  /** The process that has the directory open; the check then covers one moment of its work. */
  readonly pid: number | null;
  readonly partitions: number;
  readonly documents: number;
  readonly events: number;
  readonly findings: readonly Finding[];
  /** How many further findings there were. */
  readonly more: number;
};

/** Checks a data directory, even while a server has it open. Throws StoreError if there is nothing to check. */
export function checkDataDirectory(dataDir: string): DirectoryReport {
  const directory = resolve(dataDir);
  const file = join(directory, "berth.sqlite");
  if (!existsSync(file)) throw new StoreError(`There is no ${file}.`);
  // Read first: a running server only gets ahead of this.
  const recorded = AppendRecord.read(directory);
  const database = new ReadDatabase(file);
  try {
    return new DirectoryCheck(directory, database).run(recorded);
  } finally {
    database.close();
  }
}

class DirectoryCheck {
  readonly #directory: string;
  readonly #database: ReadDatabase;
  readonly #findings: Finding[] = [];
  #more = 0;
  #documents = 0;
  #events = 0;

  constructor(directory: string, database: ReadDatabase) {
    this.#directory = directory;
    this.#database = database;
  }

  run(recorded: number | null): DirectoryReport {
    for (const text of this.#database.pageProblems()) {
      this.#add(null, null, `SQLite finds: ${text}`, "What could not be read is listed below; restore a backup.");
    }
    this.#checkAppends(recorded);
    let partitions: PartitionRow[] = [];
    try {
      partitions = this.#database.partitions();
      for (const partition of partitions) this.#checkPartition(partition);
      this.#checkOrphans();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#add(null, null, `The tables cannot be read: ${error.message}`, "Restore a backup.");
    }
    return {
      file: this.#database.file,
      pid: livingPid(this.#directory),
      partitions: partitions.length,
      documents: this.#documents,
      events: this.#events,
      findings: this.#findings,
      more: this.#more,
    };
  }

  #checkAppends(recorded: number | null): void {
    const { acknowledged, missing } = this.#database.appends();
    const gone = missing + Math.max(0, (recorded ?? 0) - acknowledged);
    if (gone === 0) return;
    this.#add(
      null,
      null,
      `${gone} acknowledged appends are missing: the write-ahead log was deleted or shortened, or the database is an older copy.`,
      "Restore a newer backup, or accept the loss with --accept-loss.",
    );
  }

  #checkOrphans(): void {
    for (const { partitionId, documents, events } of this.#database.orphans()) {
      this.#add(
        null,
        null,
        `Partition ${partitionId} has ${documents} documents and ${events} events, but its row in the table partitions is missing.`,
        "It is unknown whose they were, and no cluster can be created until this is fixed. Restore a backup.",
      );
    }
  }

  #checkPartition(partition: PartitionRow): void {
    const { name } = partition;
    const newest: NewestVersions = new Map();
    try {
      const { count, problems } = checkEvents(this.#database.events(partition.id), partition, newest);
      this.#events += count;
      for (const text of problems) {
        this.#add(name, null, text, "Readers of events cannot get past it; the cluster itself works.");
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#add(name, null, `Its events cannot be read: ${error.message}.`, "The cluster works without old events.");
    }
    const documents: StoredDocument[] = [];
    try {
      for (const read of this.#database.documents(partition.id)) {
        this.#documents += 1;
        if (read.ok) documents.push(read.document);
        else this.#add(name, `${read.kind} ${read.key}`, sentence(read.why), lostDocument);
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#add(name, null, `Its documents cannot be read: ${error.message}.`, "All of it is lost. Restore a backup.");
    }
    this.#checkDocuments(partition, documents, newest);
  }

  #checkDocuments(partition: PartitionRow, documents: readonly StoredDocument[], newest: NewestVersions): void {
    const { name } = partition;
    const place = parsePartition(name);
    if (place !== null) {
      for (const { document, text, isNewer } of checkMachine(place, partition.lastSequence, documents, newest)) {
        this.#add(
          name,
          document,
          sentence(text),
          isNewer === true ? newerDataAdvice(partition.writtenBy) : lostDocument,
        );
      }
    } else if (name === "access-keys") this.#checkKeys(documents);
    else this.#checkHostDisks(name, documents);
  }

  #checkKeys(documents: readonly StoredDocument[]): void {
    for (const { kind, key, body } of documents) {
      if (kind !== keyUseKind || readKeyUse(body) !== null) continue;
      const lost = "When the key was last used is unknown until it is used again; the key works.";
      this.#add("access-keys", `${kind} ${key}`, "It is not the last use of a key.", lost);
    }
    const again = 'The key is refused; delete it with "berth keys delete" and make another one.';
    try {
      const path = sealKeyPath(this.#directory);
      if (documents.length === 0 && !existsSync(path)) return;
      const own = documents.filter(({ kind }) => kind === keyKind);
      for (const [id, why] of readKeyDocuments(own, SealKey.open(path, false)).damaged) {
        this.#add("access-keys", `${keyKind} ${id}`, sentence(why), again);
      }
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      this.#add("access-keys", null, error.message, "Put seal.key back; without it no access key works.");
    }
  }

  #checkHostDisks(name: string, documents: readonly StoredDocument[]): void {
    for (const { kind, key, body } of documents) {
      const known = ([headKind, ...partKinds] as const).find((candidate) => candidate === kind);
      if (known === undefined) continue;
      try {
        parseDiskDocument(name, known, key, body);
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        const lost = "That host is left out, and its tasks with it, until the document is restored or deleted.";
        this.#add(name, `${kind} ${key}`, "It is not the document of a host.", lost);
      }
    }
  }

  #add(partition: string | null, document: string | null, text: string, advice: string): void {
    if (this.#findings.length >= findingsMax) this.#more += 1;
    else this.#findings.push({ partition, document, text, advice });
  }
}

const lostDocument =
  "The partition is halted until the document is restored from a backup. The partition's other documents are unchanged.";

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;

/** The process named in the directory, if it is alive. */
function livingPid(directory: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(directory, "berth.pid"), "utf8"), 10);
    if (!Number.isSafeInteger(pid) || pid <= 0) return null;
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}
