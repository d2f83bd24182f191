/** Machines of services over a memory disk and a clock that is moved by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../ecs/refusals.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { noPorts, noteService } from "../service-machine/small-service.ts";
import { emptyMemoryDisk, type MemoryDisk, MemoryStore } from "../store/memory/memory-store.ts";
import { ControlPlane } from "./control-plane.ts";

const place = { account: "123456789012", region: "eu-west-1" };
const caller = { principalArn: "arn:aws:iam::123456789012:root", isAgent: false };

class World {
  readonly clock = new VirtualClock(1_000_000);
  readonly store: MemoryStore;
  readonly controlPlane: ControlPlane;
  readonly effects: string[] = [];

  constructor(disk: MemoryDisk) {
    this.store = new MemoryStore({ disk });
    this.controlPlane = new ControlPlane({
      store: this.store,
      clock: this.clock,
      randomFor: seededRandom,
      configuration: { latestAgentVersion: "1.0.0", verifyIdentity: null },
      endpoints: () => ({ endpoint: "http://127.0.0.1:1", telemetryEndpoint: "http://127.0.0.1:1" }),
      services: { rulebooks: [noteService], ports: noPorts },
      log: (event, fields) => assert.fail(`${event} ${JSON.stringify(fields)}`),
    });
    this.controlPlane.services.onEffect(({ service, account }, { type }) =>
      this.effects.push(`${service} ${account} ${type}`),
    );
  }

  /** A call and all that follows from it. */
  call(operation: string, request: object, account = place.account): Promise<unknown> {
    const call = { ...place, account, service: "notes", operation, request, caller };
    return this.settled(this.controlPlane.callService(call));
  }

  /** Cranks the clock until nothing is left to do now. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    await this.clock.settle();
    return promise;
  }

  partitions(): Promise<string[]> {
    return this.settled(this.store.partitions("").then((listed) => listed.map(({ name }) => name)));
  }
}

async function opened(disk = emptyMemoryDisk()): Promise<World> {
  const world = new World(disk);
  await world.settled(world.controlPlane.open());
  return world;
}

const note = (name: string, text = "hello", endsAt: number | null = null) => ({ name, text, endsAt });

test("what a service keeps is there after a restart, by account", async () => {
  const disk = emptyMemoryDisk();
  const world = await opened(disk);
  await world.call("PutNote", note("b"));
  await world.call("PutNote", note("a"));
  await world.call("PutNote", note("other"), "444455556666");
  assert.deepEqual(world.effects, [
    "notes 123456789012 note-put",
    "notes 123456789012 note-put",
    "notes 444455556666 note-put",
  ]);
  // No close: as after a kill, only what was appended counts.
  const again = await opened(disk);
  assert.deepEqual(await again.call("ListNotes", {}), { names: ["a", "b"] });
  assert.deepEqual(await again.call("ListNotes", {}, "444455556666"), { names: ["other"] });
  assert.deepEqual(await again.partitions(), [
    "service/123456789012/eu-west-1/notes",
    "service/444455556666/eu-west-1/notes",
  ]);
  await again.settled(again.controlPlane.close());
});

test("a refused call and a read leave nothing, not even a partition", async () => {
  const world = await opened();
  assert.deepEqual(await world.call("ListNotes", {}), { names: [] });
  await assert.rejects(world.call("PutNote", note("a", "refuse")), (error: unknown) => {
    assert.ok(error instanceof Refusal);
    return error.code === "BadNoteException";
  });
  assert.deepEqual(await world.partitions(), []);
  await world.call("PutNote", note("b"));
  await assert.rejects(world.call("PutNote", note("a", "refuse")));
  assert.deepEqual(await world.call("ListNotes", {}), { names: ["b"] });
  await world.settled(world.controlPlane.close());
});

test("a document ends when it is due, and a partition with its last document", async () => {
  const world = await opened();
  await world.call("PutNote", note("short", "x", 1_060_000));
  await world.call("PutNote", note("long"));
  await world.clock.advance(61_000);
  assert.deepEqual(await world.call("ListNotes", {}), { names: ["long"] });
  await world.call("DeleteNote", { name: "long" });
  await world.clock.advance(1_000);
  assert.deepEqual(await world.partitions(), []);
  assert.deepEqual(await world.call("ListNotes", {}), { names: [] });
  await world.settled(world.controlPlane.close());
});

test("what a service wrote that this Berth doesn't have stays in the store", async () => {
  const disk = emptyMemoryDisk();
  const world = await opened(disk);
  await world.call("PutNote", note("a"));
  const without = new ControlPlane({
    store: new MemoryStore({ disk }),
    clock: world.clock,
    randomFor: seededRandom,
    configuration: { latestAgentVersion: "1.0.0", verifyIdentity: null },
    endpoints: () => ({ endpoint: "http://127.0.0.1:1", telemetryEndpoint: "http://127.0.0.1:1" }),
    log: (event, fields) => assert.fail(`${event} ${JSON.stringify(fields)}`),
  });
  await world.settled(without.open());
  await world.settled(without.close());
  const again = await opened(disk);
  assert.deepEqual(await again.call("ListNotes", {}), { names: ["a"] });
  await again.settled(again.controlPlane.close());
});
