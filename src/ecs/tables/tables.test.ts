import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DocumentKind } from "../documents/document-kind.ts";
import { Journal } from "./journal.ts";
import { Tables } from "./tables.ts";

type Lamp = { readonly id: string; readonly watts: number; readonly about: string };

/** Version 1 had the power in kilowatts. */
const lampKind: DocumentKind<Lamp> = {
  name: "lamp",
  keyMember: "id",
  version: 2,
  shape: { id: "string", watts: "number", about: "string" },
  apart: { name: "lamp-text", members: ["about"] },
  upgrade(document, version) {
    if (version === 2) return document as Lamp;
    const { kilowatts, ...rest } = document as { readonly kilowatts: number };
    return { ...rest, watts: 1_000 * kilowatts } as unknown as Lamp;
  },
};

type Plain = { readonly value: number };
const plainKind: DocumentKind<Plain> = { name: "plain", keyMember: null, version: 1, shape: { value: "number" } };

function some() {
  const journal = new Journal();
  const tables = new Tables(journal);
  return { journal, tables, lamps: tables.of(lampKind), plains: tables.of(plainKind) };
}

const about = { kind: "lamp-text", key: "a", value: { about: "bright" } };

describe("a newer version of a kind", () => {
  it("is stored with its version, which isn't in the document", () => {
    const { journal, tables, lamps, plains } = some();
    lamps.put("a", { id: "a", watts: 40, about: "bright" });
    plains.put("p", { value: 1 });
    const stored = tables.toStored(journal.commit());
    const lamp = { kind: "lamp", key: "a", value: { id: "a", watts: 40, documentVersion: 2 } };
    assert.deepEqual(stored, [lamp, about, { kind: "plain", key: "p", value: { value: 1 } }]);
    const next = some();
    for (const { kind, key, value } of stored) next.tables.load(kind, key, value ?? {});
    next.tables.loaded();
    assert.deepEqual([...next.lamps.values()], [{ id: "a", watts: 40, about: "bright" }]);
    lamps.delete("a");
    assert.deepEqual(
      tables.toStored(journal.commit()).map(({ value }) => value),
      [null, null],
    );
  });

  it("is upgraded from what an earlier Berth stored without a version", () => {
    const { tables, lamps } = some();
    tables.load("lamp", "a", { id: "a", kilowatts: 0.04 });
    tables.load(about.kind, about.key, about.value);
    assert.deepEqual(lamps.get("a"), { id: "a", watts: 40, about: "bright" });
  });

  it("is refused if it is newer than the known one, even while its other part is missing", () => {
    const { tables } = some();
    assert.throws(() => tables.load("lamp", "a", { id: "a", lumens: 400, documentVersion: 3 }), {
      name: "NewerDocumentError",
      message: "it is stored in version 3 of its kind, and only 2 is known",
    });
    assert.throws(() => tables.load("torch", "a", { id: "a" }), { name: "NewerDocumentError" });
  });

  it("is damaged if its version is invalid", () => {
    for (const documentVersion of [0, 1.5, -1, "2", null, Number.MAX_VALUE]) {
      assert.throws(() => some().tables.load("plain", "a", { value: 1, documentVersion }), {
        name: "DocumentError",
        message: "its member documentVersion is not a whole number from 1 on",
      });
    }
  });
});

describe("a document that has become several", () => {
  type Room = { readonly id: string };
  /** Version 1 held a lamp. */
  const roomKind: DocumentKind<Room> = {
    name: "room",
    keyMember: "id",
    version: 2,
    shape: { id: "string" },
    upgrade(document, version, release) {
      if (version === 2) return document as Room;
      const { lamp, ...room } = document as Room & { readonly lamp: Lamp };
      release(lampKind, lamp.id, lamp);
      return room;
    },
  };
  const stored = { id: "r", lamp: { id: "a", watts: 40, about: "bright" } };
  const rooms = () => {
    const world = some();
    return { ...world, rooms: world.tables.of(roomKind) };
  };
  const idsOf = (changes: readonly { readonly kind: string; readonly key: string }[]) =>
    changes.map(({ kind, key }) => `${kind} ${key}`);

  it("is loaded as several, which the first step that changes anything stores, once", () => {
    const { journal, tables, lamps, plains, rooms: all } = rooms();
    tables.load("room", "r", stored);
    tables.loaded();
    assert.deepEqual([all.get("r"), lamps.get("a")], [{ id: "r" }, stored.lamp]);
    assert.deepEqual(tables.toStored(journal.commit()), [], "a step that changes nothing stores nothing");
    plains.put("p", { value: 1 });
    const changes = tables.toStored(journal.commit());
    assert.deepEqual(idsOf(changes), ["room r", "lamp a", "lamp-text a", "plain p"]);
    const next = rooms();
    for (const { kind, key, value } of changes) next.tables.load(kind, key, value ?? {});
    assert.deepEqual([next.rooms.get("r"), next.lamps.get("a")], [{ id: "r" }, stored.lamp]);
    plains.put("p", { value: 2 });
    assert.deepEqual(idsOf(tables.toStored(journal.commit())), ["plain p"]);
  });

  it("is stored as the step leaves it", () => {
    const { journal, tables, lamps } = rooms();
    tables.load("room", "r", stored);
    lamps.delete("a");
    const changes = tables.toStored(journal.commit());
    assert.deepEqual(
      changes.map(({ kind, value }) => [kind, value !== null]),
      [
        ["room", true],
        ["lamp", false],
        ["lamp-text", false],
      ],
    );
  });

  it("is damaged when a part of it is", () => {
    const { tables } = rooms();
    const damaged = { ...stored, lamp: { ...stored.lamp, watts: "bright" } };
    assert.throws(() => tables.load("room", "r", damaged), { message: "its member watts is not a number" });
  });
});

it("all tables are those that were made, in that order", () => {
  const { tables, lamps, plains } = some();
  assert.deepEqual(tables.all, [lamps, plains]);
});
