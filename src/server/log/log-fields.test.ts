import assert from "node:assert/strict";
import { test } from "node:test";
import { boundedFields, kindOf } from "./log-fields.ts";

test("every line has a bounded length, whatever is logged", () => {
  let deep: object = {};
  for (let depth = 0; depth < 100; depth++) deep = { deep, text: "x".repeat(5_000) };
  const cyclic: { self?: object } = {};
  cyclic.self = cyclic;
  const error = new TypeError("m".repeat(100_000), { cause: new Error("c".repeat(100_000)) });
  Object.assign(error, { code: "E".repeat(100_000) });
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`name${index}`.repeat(100), index]));
  for (const fields of [
    { url: "/".repeat(1_000_000) },
    { deep, cyclic },
    { err: error },
    { wide, list: Array.from({ length: 10_000 }, () => "y".repeat(10_000)) },
    { lists: Array.from({ length: 32 }, () => Array.from({ length: 32 }, () => Array(32).fill("z".repeat(2_000)))) },
  ]) {
    assert.ok(JSON.stringify(boundedFields(fields)).length < 300_000, Object.keys(fields).join());
  }
});

test("short values are unchanged, errors have type, message, stack, members and cause", () => {
  const fields = { a: "text", b: 1, c: null, d: [true, { e: "f" }] };
  assert.deepEqual(boundedFields(fields), fields);
  const error = Object.assign(new RangeError("too far", { cause: new Error("why") }), { code: "EFAR" });
  const { err } = boundedFields({ err: error }) as { err: Record<string, unknown> };
  assert.deepEqual([err.type, err.message, err.code], ["RangeError", "too far", "EFAR"]);
  assert.match(String(err.stack), /log-fields\.test\.ts/);
  assert.equal((err.cause as { message?: string }).message, "why");
  const failed = new AggregateError([new Error("at ::1"), new Error("at 127.0.0.1")]);
  const { errors } = boundedFields({ err: failed }).err as { errors: readonly { readonly message: string }[] };
  assert.deepEqual(
    errors.map(({ message }) => message),
    ["at ::1", "at 127.0.0.1"],
  );
  assert.equal(boundedFields({ text: "x".repeat(1_030) }).text, `${"x".repeat(1_024)}... (6 more characters)`);
  assert.deepEqual((boundedFields({ list: Array(40).fill(0) }).list as unknown[]).at(-1), "(8 more)");
});

test("the kind of a line is its error's, or its type", () => {
  assert.equal(kindOf({ err: Object.assign(new TypeError("x"), { code: "ENOENT" }) }), "TypeError ENOENT");
  assert.equal(kindOf({ type: "AccessDeniedException", url: "/made-up" }), "AccessDeniedException");
  assert.equal(kindOf({ url: "/made-up" }), "");
});
