/** The rows beside the handlers are the only table of operations: nothing else lists their names, and no two rows have the same one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isTest, readSources } from "../scripts/sources.ts";
import {
  accountHandler,
  answeredNames,
  berthOperations,
  clusterHandler,
  ecsOperations,
  type OperationName,
  rowOf,
} from "../src/ecs/machine/operations.ts";

const sources = readSources(fileURLToPath(new URL("..", import.meta.url)));
const names = Object.keys({ ...ecsOperations, ...berthOperations }) as OperationName[];
const known = new Set<string>(names);

/** What a line of a table begins with: `RunTask:`, `"ecs:RunTask":` or `["RunTask",`. */
const entry = /^\s*(?:\["|")?(?:[a-z]+:)?([A-Z]\w+)"?[:,]/gm;
const entriesOf = (text: string): string[] =>
  [...text.matchAll(entry)].map(([, name]) => name ?? "").filter((name) => known.has(name));

const isRows = (text: string): boolean => text.includes("satisfies OperationRows;");
/** Not about what operations are: their schemas, which ECS has from the SDK, and a weight of each in a workload. */
const others = ["src/wire/berth-shapes.ts"];

test("each operation has its row in one file", () => {
  const found = [...sources]
    .filter(([file, text]) => file.startsWith("src/") && !isTest(file) && isRows(text))
    .flatMap(([, text]) => entriesOf(text));
  assert.deepEqual(found.toSorted(), names.toSorted());
});

test("there is no other table of operations", () => {
  // Two names are not a table: the operations that take several machines, or that name ARNs of several clusters.
  const tables = [...sources]
    .filter(([file, text]) => file.startsWith("src/") && !isTest(file) && !isRows(text) && !others.includes(file))
    .filter(([, text]) => new Set(entriesOf(text)).size > 2)
    .map(([file]) => file);
  assert.deepEqual(tables, []);
});

test("the reader of tables sees names in every form", () => {
  const table = '{\n  RunTask: 1,\n  "StopTask": 2,\n  "ecs:ListTasks": 3,\n  ["PlanDrain", 4],\n  "StartTask",\n}';
  assert.deepEqual(entriesOf(table), ["RunTask", "StopTask", "ListTasks", "PlanDrain", "StartTask"]);
});

test("every machine answers what its rows say, and nothing else", () => {
  const expected = { account: ["account"], "by-arn": ["account", "cluster"], cluster: ["cluster"], several: [] };
  for (const name of names) {
    const { machine } = rowOf(name);
    const has = [
      ...(accountHandler(name) === undefined ? [] : ["account"]),
      ...(clusterHandler(name) === undefined ? [] : ["cluster"]),
    ];
    const wanted = machine === null ? [] : { ...expected, "by-history-arns": ["cluster"] }[machine];
    assert.deepEqual(has, wanted, name);
  }
  assert.ok(answeredNames.length > 60);
  assert.equal(clusterHandler("toString"), undefined);
  assert.equal(accountHandler("__proto__"), undefined);
});
