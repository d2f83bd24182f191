import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { berthOperations, ecsOperations } from "../ecs/machine/operations.ts";
import { refusalCodes } from "../ecs/refusals.ts";
import { ssm } from "./definitions/ssm.ts";
import { mayAnswerWith } from "./service-definition.ts";
import { apiOperations, berth, ecs, notAnswered, operationNamed, services } from "./services.ts";
import { ecsShapes, SdkShapes } from "./shapes.ts";

test("shapes are read when an operation first needs them, and once", () => {
  let reads = 0;
  const shapes = new SdkShapes(() => {
    reads += 1;
    return { operations: { A: { input: "B", output: "B" } }, errors: {}, structures: { B: {} }, unions: {} };
  });
  assert.equal(reads, 0);
  assert.equal(shapes.of("A").input.name, "B");
  assert.equal(shapes.statusOf("C"), null);
  assert.equal(reads, 1);
});

test("ECS has exactly the operations of the SDK", () => {
  assert.deepEqual([...apiOperations(ecs).keys()], ecsShapes.operations);
});

test("Berth's own operations have no ECS names, and each belongs to its service", () => {
  assert.deepEqual([...apiOperations(berth).keys()], Object.keys(berthOperations).sort());
  assert.deepEqual(
    Object.keys(berthOperations).filter((name) => Object.hasOwn(ecsOperations, name)),
    [],
  );
  assert.equal(operationNamed("PlanDrain").service, berth);
  assert.equal(operationNamed("StopTask").service, ecs);
});

test("the refusal codes are exactly the error classes of the SDK", () => {
  assert.deepEqual([...refusalCodes], ecsShapes.errors);
});

test("a partial operation says what is missing, and one that ECS lacks says what it does", () => {
  for (const [name, row] of Object.entries(ecsOperations)) {
    if ("missing" in row) assert.match(row.missing, /^[A-Z`].*\.$/, name);
    assert.ok(!("about" in row), `${name} is described by ECS`);
  }
  for (const [name, { about }] of Object.entries(berthOperations)) assert.match(about, /^[A-Z].*\.$/, name);
});

test("an absent operation has an error that names it and the page that lists the others", () => {
  assert.equal(
    notAnswered({ name: "CreateTaskSet", service: ecs }).message,
    "Berth does not answer CreateTaskSet yet. docs/compatibility.md lists the operations that it answers.",
  );
  assert.equal(
    notAnswered({ name: "PlanDrain", service: berth }).message,
    "Berth does not answer PlanDrain yet. docs/berth-api.md lists the operations that it adds to ECS.",
  );
  assert.match(
    notAnswered({ name: "GetDocument", service: ssm }).message,
    /^Berth does not answer GetDocument of .*Systems Manager.*\. Start Berth with --companion URL to pass .* docs\/compatibility\.md lists /,
  );
});

test("actions are named after the service, and only answered operations have a level", () => {
  assert.deepEqual(operationNamed("DescribeTasks").action, {
    name: "ecs:DescribeTasks",
    level: "read",
    agents: null,
    tasks: ["cluster", "task"],
  });
  assert.equal(operationNamed("PlanDrain").action.name, "berth:PlanDrain");
  for (const service of services) {
    for (const { name, action, row } of apiOperations(service).values()) {
      assert.equal(action.level === null, row.machine === null, name);
    }
  }
});

test("the declared errors are those of the SDK's declaration files", () => {
  const main = createRequire(import.meta.url).resolve("@aws-sdk/client-ecs");
  const folder = join(dirname(main), "..", "dist-types", "commands");
  for (const [name, operation] of apiOperations(ecs)) {
    const text = readFileSync(join(folder, `${name}Command.d.ts`), "utf8");
    const declared = [...text.matchAll(/@throws \{@link (\w+)\}/g)]
      .map(([, error]) => error)
      // The class that all errors of the service extend, named by every operation.
      .filter((error) => error !== "ECSServiceException");
    const own = refusalCodes.filter((code) => mayAnswerWith(operation, code));
    assert.deepEqual(own, declared.sort(), name);
  }
});

test("Berth's own operations declare what every ECS operation does, and their own errors", () => {
  for (const [name, operation] of apiOperations(berth)) {
    for (const code of ["ClientException", "InvalidParameterException", "ClusterNotFoundException"] as const) {
      assert.ok(mayAnswerWith(operation, code), `${name} ${code}`);
    }
    assert.ok(!mayAnswerWith(operation, "TaskSetNotFoundException"), name);
  }
});
