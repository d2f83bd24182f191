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
import type { AccountStep } from "../src/ecs/state/account-step.ts";
import type { GivenSettings } from "../src/ecs/state/call.ts";
import type { ClusterStep } from "../src/ecs/state/cluster-step.ts";
import { inCluster } from "../src/ecs/state/named-resources.ts";
import type { OperationRow } from "../src/ecs/state/operation-row.ts";

const sources = readSources(fileURLToPath(new URL("..", import.meta.url)));
const names = Object.keys({ ...ecsOperations, ...berthOperations }) as OperationName[];
const known = new Set<string>(names);

/** What a line of a table begins with: `RunTask:`, `"ecs:RunTask":` or `["RunTask",`. */
const entry = /^\s*(?:\["|")?(?:[a-z]+:)?([A-Z]\w+)"?[:,]/gm;
const entriesOf = (text: string): string[] =>
  [...text.matchAll(entry)].map(([, name]) => name ?? "").filter((name) => known.has(name));

const isRows = (text: string): boolean => text.includes("satisfies OperationRows;");
/** Rows of services around ECS, of which some have operations of the same names. */
const isServiceRows = (text: string): boolean => text.includes("satisfies Readonly<Record<string, ServiceRow>>;");
/** Not about what operations are: their schemas, which ECS has from the SDK, and a weight of each in a workload. */
const others = ["src/wire/berth-shapes.ts"];

test("each operation has its row in one file", () => {
  const found = [...sources]
    .filter(([file, text]) => file.startsWith("src/") && !isTest(file) && isRows(text))
    .flatMap(([, text]) => entriesOf(text));
  assert.deepEqual(found.toSorted(), names.toSorted());
});

test("there is no other table of operations", () => {
  // Two names are not a table: the operations that take several machines.
  const tables = [...sources]
    .filter(
      ([file, text]) =>
        file.startsWith("src/") && !isTest(file) && !isRows(text) && !isServiceRows(text) && !others.includes(file),
    )
    .filter(([, text]) => new Set(entriesOf(text)).size > 2)
    .map(([file]) => file);
  assert.deepEqual(tables, []);
});

/** What compares something with the name of an operation, or looks one up by a literal name. */
const compared =
  /(?:[=!]==?\s*|\bcase\s+|\.(?:has|get|includes|startsWith|endsWith)\(\s*)["'`](?:[a-z]+:)?([A-Z]\w+)["'`]|["'`](?:[a-z]+:)?([A-Z]\w+)["'`]\s*[=!]==?/g;
const comparedIn = (text: string): string[] =>
  [...text.matchAll(compared)].map(([, after, before]) => after ?? before ?? "").filter((name) => known.has(name));

/** They call the API like anyone else, and know by name what they call. */
const callers = ["src/agent/", "src/cli/", "src/commands/", "src/server/hosts/", "src/simulator/"];

test("nothing that answers calls decides by the name of an operation", () => {
  const found = [...sources]
    .filter(([file]) => file.startsWith("src/") && !isTest(file) && !callers.some((place) => file.startsWith(place)))
    .flatMap(([file, text]) => comparedIn(text).map((name) => `${file}: ${name}`));
  assert.deepEqual(found, []);
});

test("the reader of comparisons sees every form", () => {
  const text =
    'a === "RunTask"; "StopTask" !== a; switch (a) { case "ListTasks": } ["x"].includes("PlanDrain"); a == `ecs:StartTask`; rows.get("RunTask"); a === "RUNNING"; call("CreateCluster")';
  assert.deepEqual(comparedIn(text), ["RunTask", "StopTask", "ListTasks", "PlanDrain", "StartTask", "RunTask"]);
});

test("the reader of tables sees names in every form", () => {
  const table = '{\n  RunTask: 1,\n  "StopTask": 2,\n  "ecs:ListTasks": 3,\n  ["PlanDrain", 4],\n  "StartTask",\n}';
  assert.deepEqual(entriesOf(table), ["RunTask", "StopTask", "ListTasks", "PlanDrain", "StartTask"]);
});

test("a row of the wrong kind does not compile", () => {
  const facts = { resources: inCluster(), level: "read", errors: [] } as const;
  const ofCluster = (_step: ClusterStep): object => ({});
  const ofAccount = (_step: AccountStep): object => ({});
  const withSettings = (_step: ClusterStep, _request: object, { settings }: GivenSettings): object => settings;
  const rows: Record<string, OperationRow> = {
    // @ts-expect-error: a machine of a cluster has no state of an account.
    WrongMachine: { machine: "cluster", handler: ofAccount, ...facts },
    // @ts-expect-error: and the other way round.
    OtherMachine: { machine: "account", handler: ofCluster, ...facts },
    // @ts-expect-error: what is answered has a handler.
    NoHandler: { machine: "cluster", ...facts },
    // @ts-expect-error: a handler needs settings that its row does not ask for.
    NoSettings: { machine: "cluster", handler: withSettings, ...facts },
    // @ts-expect-error: an absent operation has no handler.
    Absent: { machine: null, handler: ofCluster, errors: [] },
    // @ts-expect-error: an answered operation has a level.
    NoLevel: { machine: "cluster", handler: ofCluster, resources: facts.resources, errors: [] },
    Right: { machine: "cluster", handler: withSettings, given: { settings: true }, ...facts },
  };
  assert.equal(Object.keys(rows).length, 7);
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
