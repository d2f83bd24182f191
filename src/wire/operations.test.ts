import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { refusalCodes } from "../ecs/refusals.ts";
import { declaredErrors, declaresError } from "./declared-errors.ts";
import { isBuilt, isOperation, notBuilt, operations } from "./operations.ts";
import { sdkErrors, sdkOperations } from "./shapes.ts";

test("the table names exactly the operations of the SDK, in order", () => {
  assert.deepEqual(
    operations.map(({ name }) => name),
    sdkOperations(),
  );
});

test("the refusal codes are exactly the error classes of the SDK", () => {
  assert.deepEqual([...refusalCodes], sdkErrors());
});

test("what is partial says what is missing", () => {
  for (const row of operations) {
    if (row.status === "partial") assert.match(row.missing, /^[A-Z`].*\.$/, row.name);
  }
});

test("an absent operation has an error that names it, and that every client expects", () => {
  const error = notBuilt("CreateService");
  assert.equal(error.code, "ClientException");
  assert.equal(
    error.message,
    "Berth does not answer CreateService yet. docs/compatibility.md lists the operations that it answers.",
  );
  for (const { name, status } of operations) {
    assert.equal(isBuilt(name), status !== "absent");
    assert.ok(declaresError(name, "ClientException"), name);
  }
  assert.equal(isOperation("ListTables"), false);
});

test("the declared errors are those of the SDK's declaration files", () => {
  const main = createRequire(import.meta.url).resolve("@aws-sdk/client-ecs");
  const folder = join(dirname(main), "..", "dist-types", "commands");
  for (const { name } of operations) {
    const text = readFileSync(join(folder, `${name}Command.d.ts`), "utf8");
    const declared = [...text.matchAll(/@throws \{@link (\w+)\}/g)]
      .map(([, error]) => error)
      // The class that all errors of the service extend, named by every operation.
      .filter((error) => error !== "ECSServiceException");
    assert.deepEqual(declaredErrors(name), declared.sort(), name);
  }
});
