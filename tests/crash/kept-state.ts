/** What a dead server left in its data directory: complete and consistent. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Resource } from "../../src/ecs/documents/resource.ts";
import type { EcsEvent } from "../../src/ecs/events/event.ts";
import { must } from "../../src/lib/assert.ts";
import { DurablePartition } from "../../src/simulator/durable-state.ts";
import { type PartitionRow, ReadDatabase } from "../../src/store/sqlite/read-database.ts";
import { refusedName } from "./load.ts";

/** Reads the directory after each kill. Earlier events are remembered, so that each is read once. */
export class KeptState {
  readonly #file: string;
  readonly #newest = new Map<string, EcsEvent>();
  readonly #sequences = new Map<string, number>();
  events = 0;
  tasks = 0;

  constructor(dataDir: string) {
    this.#file = join(dataDir, "berth.sqlite");
  }

  /** Asserts that nothing is half done. Only for a directory that no process has open. */
  expectWhole(): void {
    const database = new ReadDatabase(this.#file);
    try {
      for (const row of database.partitions()) {
        const partition = new DurablePartition(row.name);
        this.#readEvents(database, row, partition);
        this.#readDocuments(database, row, partition);
      }
    } finally {
      database.close();
    }
  }

  #readEvents(database: ReadDatabase, { id, name, lastSequence }: PartitionRow, partition: DurablePartition): void {
    const known = this.#sequences.get(name) ?? 0;
    let sequence = 0;
    for (const { sequence: found, body } of database.events(id)) {
      sequence += 1;
      assert.equal(found, sequence, `the sequence of ${name} has no gap`);
      if (sequence <= known) continue;
      const event = partition.readEvent(body);
      assert.equal(event.sequence, sequence);
      for (const arn of event.resources) {
        const before = (this.#newest.get(arn)?.detail.version as number | undefined) ?? 0;
        assert.equal(event.detail.version, before + 1, `the versions of ${arn} rise by one`);
        this.#newest.set(arn, event);
      }
    }
    assert.equal(sequence, lastSequence, `the last sequence of ${name}`);
    this.#sequences.set(name, sequence);
    this.events = [...this.#sequences.values()].reduce((sum, each) => sum + each, 0);
  }

  #readDocuments(database: ReadDatabase, { id, name }: PartitionRow, partition: DurablePartition): void {
    const rows = [...database.documents(id)].map((read) => {
      assert.ok(read.ok, `a document of ${name} can be read`);
      return read.document;
    });
    const hosts = new Set(rows.filter(({ kind }) => kind === "managed-host").map(({ key }) => key));
    for (const { kind, key, body } of rows) {
      assert.notEqual(key, refusedName);
      partition.put(kind, key, JSON.parse(body) as object);
    }
    const tasks = [...partition.tasks()];
    this.tasks = tasks.length === 0 ? this.tasks : tasks.length;
    for (const { arn, version } of [...tasks, ...partition.instances()]) {
      assert.equal(version, this.#newest.get(arn)?.detail.version, `document and newest event of ${arn}`);
    }
    for (const task of tasks) {
      assert.notEqual(task.startedBy, refusedName);
      if (task.lastStatus === "STOPPED") continue;
      if (task.launchType === "FARGATE") {
        assert.ok(hosts.has(task.instanceId ?? ""), `${task.arn} is on no host of ${name}`);
        continue;
      }
      const instance = partition.instance(task.instanceId ?? "");
      assert.ok(instance !== null && instance.status !== "INACTIVE", `${task.arn} is on no instance of ${name}`);
    }
    for (const instance of partition.instances()) {
      if (instance.status === "INACTIVE") continue;
      const on = partition.tasksOn(instance.id);
      const left = must(this.#newest.get(instance.arn), "an event of the instance").detail.remainingResources;
      const cpu = on.reduce((sum, { reservation }) => sum + reservation.cpu, 0);
      const memoryMiB = on.reduce((sum, { reservation }) => sum + reservation.memoryMiB, 0);
      assert.equal(
        amount(instance.registeredResources, "CPU") - cpu,
        eventAmount(left, "CPU"),
        `CPU of ${instance.arn}`,
      );
      const memoryLeft = amount(instance.registeredResources, "MEMORY") - memoryMiB;
      assert.equal(memoryLeft, eventAmount(left, "MEMORY"), `memory of ${instance.arn}`);
    }
  }
}

function amount(resources: readonly Resource[], name: string): number {
  const found = resources.find((resource) => resource.name === name);
  return found === undefined || found.type === "STRINGSET" ? Number.NaN : found.value;
}

function eventAmount(resources: unknown, name: string): number | undefined {
  const listed = resources as readonly { readonly name: string; readonly integerValue?: number }[];
  return listed.find((resource) => resource.name === name)?.integerValue;
}
