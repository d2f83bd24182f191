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

it("all tables are listed in order of creation", () => {
  const { tables, lamps, plains } = some();
  assert.deepEqual(tables.all, [lamps, plains]);
});
