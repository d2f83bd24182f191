import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DocumentKind } from "../documents/document-kind.ts";
import { Journal } from "./journal.ts";
import { Table } from "./table.ts";

type Document = { readonly value: number };

const kind = (name: string): DocumentKind<Document> => ({
  name,
  keyMember: null,
  version: 1,
  shape: { value: "number" },
});

function twoTables() {
  const journal = new Journal();
  return { journal, a: new Table(kind("a"), journal), b: new Table(kind("b"), journal) };
}

test("a commit returns the last value of each document, in order of first write", () => {
  const { journal, a, b } = twoTables();
  a.put("x", { value: 1 });
  b.put("x", { value: 2 });
  a.put("x", { value: 3 });
  a.delete("nobody");
  assert.deepEqual(journal.commit(), [
    { kind: "a", key: "x", value: { value: 3 } },
    { kind: "b", key: "x", value: { value: 2 } },
  ]);
  a.delete("x");
  assert.deepEqual(journal.commit(), [{ kind: "a", key: "x", value: null }]);
  assert.deepEqual(journal.commit(), []);
});

test("what is loaded isn't a change of a step", () => {
  const { journal, a } = twoTables();
  a.load("x", { value: 1 });
  assert.deepEqual(journal.commit(), []);
  journal.rollback();
  assert.deepEqual(a.get("x"), { value: 1 });
});

test("after a rollback the tables, in their order, and an index over them are as they were", () => {
  const change = fc.record({
    table: fc.constantFrom("a" as const, "b" as const),
    key: fc.constantFrom("x", "y", "z"),
    value: fc.option(fc.nat(9), { nil: null }),
  });
  const steps = fc.array(fc.record({ changes: fc.array(change, { maxLength: 8 }), refused: fc.boolean() }));
  fc.assert(
    fc.property(steps, (sequence) => {
      const { journal, ...tables } = twoTables();
      const index = new Map<string, Document>();
      tables.a.onChange((key, before, after) => {
        assert.equal(index.get(key), before);
        if (after === undefined) index.delete(key);
        else index.set(key, after);
      });
      const stored = new Map<string, object>();
      for (const { changes, refused } of sequence) {
        const before = [[...tables.a.entries()], [...tables.b.entries()]];
        for (const { table, key, value } of changes) {
          if (value === null) tables[table].delete(key);
          else tables[table].put(key, { value });
          assert.equal(tables[table].has(key), value !== null);
          assert.equal(tables[table].size, [...tables[table].values()].length);
        }
        if (refused) {
          journal.rollback();
          assert.deepEqual([[...tables.a.entries()], [...tables.b.entries()]], before);
        } else {
          for (const { kind, key, value } of journal.commit()) {
            if (value === null) stored.delete(`${kind}/${key}`);
            else stored.set(`${kind}/${key}`, value);
          }
        }
        const now = [tables.a, tables.b].flatMap((table) =>
          [...table.keys()].map((key): [string, object | undefined] => [`${table.kind.name}/${key}`, table.get(key)]),
        );
        assert.deepEqual(new Map(now), stored);
        assert.deepEqual(index, new Map([...tables.a.keys()].map((key) => [key, tables.a.get(key)])));
        assert.equal(tables.a.size, index.size);
      }
    }),
  );
});

test("the count of changes rises with every change of a document, and with nothing else", () => {
  const { journal, a, b } = twoTables();
  const rises: [string, () => void][] = [
    ["load", () => a.load("x", { value: 0 })],
    ["put", () => a.put("x", { value: 1 })],
    ["delete", () => a.delete("x")],
    ["rollback", () => journal.rollback()],
  ];
  for (const [what, change] of rises) {
    const before = a.changes;
    change();
    assert.ok(a.changes > before, what);
  }
  const { changes } = a;
  a.delete("nobody");
  b.put("x", { value: 1 });
  a.get("x");
  journal.commit();
  assert.equal(a.changes, changes);
});
