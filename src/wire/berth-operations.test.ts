import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../lib/random.ts";
import { isAnswered, mayAnswerWith, notAnswered, shapesOf } from "./api-operations.ts";
import { berthOperations } from "./berth-operations.ts";
import { isDescribed } from "./described-shapes.ts";
import { accessDenied, WireError } from "./errors.ts";
import { parseRequest } from "./parse.ts";
import { renderReply } from "./render.ts";
import { type Filling, sampleStructure } from "./sample-values.ts";
import { operationShapes, type Shape } from "./shapes.ts";

/** The value as it travels: timestamps are seconds. */
function sent(shape: Shape, value: unknown): unknown {
  if (shape.kind === "timestamp") return (value as number) / 1_000;
  if (shape.kind === "list") return (value as unknown[]).map((item) => sent(shape.member, item));
  if (shape.kind !== "structure") return value;
  const entries = Object.entries(value as object).map(([name, item]) => {
    const member = shape.members.get(name);
    assert.ok(member !== undefined, name);
    return [name, sent(member, item)];
  });
  return Object.fromEntries(entries);
}

describe("Berth's own operations", () => {
  const random = seededRandom("berth-operations").stream("samples");
  const fillings: readonly Filling[] = ["all", "some", "some"];
  for (const { name, input, output } of berthOperations) {
    test(`${name}: what its shapes hold is parsed and rendered`, () => {
      assert.deepEqual(shapesOf(name).input, input);
      for (const filling of fillings) {
        const request = sampleStructure(input, random, filling, true);
        const reply = sampleStructure(output, random, filling);
        // Through JSON, in which -0 and prototypes are lost on both sides alike.
        const parsed: unknown = JSON.parse(JSON.stringify(parseRequest(name, JSON.stringify(sent(input, request)))));
        assert.deepEqual(parsed, JSON.parse(JSON.stringify(request)));
        assert.deepEqual(JSON.parse(renderReply(name, reply)), JSON.parse(JSON.stringify(sent(output, reply))));
      }
    });
  }

  test("the table is in order, and every member says what it is", () => {
    const names = berthOperations.map(({ name }) => name);
    assert.deepEqual(names, names.toSorted());
    const look = (shape: Shape, path: string): void => {
      if (shape.kind === "list") look(shape.member, path);
      if (shape.kind !== "structure" || !isDescribed(shape)) return;
      for (const [name, member] of shape.members) {
        assert.match(shape.about.get(name) ?? "", /^[A-Z`].*\.$/s, `${path}.${name}`);
        look(member, `${path}.${name}`);
      }
    };
    for (const { name, about, input, output } of berthOperations) {
      assert.match(about, /^[A-Z].*\.$/, name);
      look(input, name);
      look(output, name);
    }
  });

  test("what RunTask has as well has the same shape", () => {
    const runTask = operationShapes("RunTask").input.members;
    const { members } = shapesOf("ExplainPlacement").input;
    for (const name of ["overrides", "networkConfiguration", "placementConstraints", "capacityProviderStrategy"]) {
      assert.equal(members.get(name), runTask.get(name), name);
    }
    const body = '{"overrides":{"containerOverrides":[{"name":"web","memory":64,"unheardOf":1}]},"count":null}';
    assert.deepEqual(parseRequest("ExplainPlacement", body), {
      overrides: { containerOverrides: [{ name: "web", memory: 64 }] },
    });
  });

  test("times are epoch seconds outside, and what is absent is left out", () => {
    const drains = [{ startedAt: 1_534_810_936_284, deadlineAt: null, blockers: [{ since: 1_000 }], finished: false }];
    assert.equal(
      renderReply("DescribeDrain", { drains, failures: [], inner: 1 }),
      '{"drains":[{"startedAt":1534810936.284,"blockers":[{"since":1}],"finished":false}],"failures":[]}',
    );
  });

  test("a value of another type is refused as ECS does", () => {
    for (const body of ['{"count":"3"}', '{"containerInstances":"i"}', '{"cluster":1}']) {
      const name = body.includes("count") ? "ExplainPlacement" : "PlanDrain";
      assert.throws(
        () => parseRequest(name, body),
        (error) => error instanceof WireError && error.code === "SerializationException",
        body,
      );
    }
  });

  test("errors: those of all operations, and its own", () => {
    for (const { name, status } of berthOperations) {
      assert.equal(isAnswered(name), (status as string) !== "absent", name);
      assert.ok(mayAnswerWith(name, "InvalidParameterException"), name);
      assert.ok(mayAnswerWith(name, "ClusterNotFoundException"), name);
      assert.ok(!mayAnswerWith(name, "TaskSetNotFoundException"), name);
    }
    assert.equal(notAnswered("PlanDrain").code, "ClientException");
    assert.match(notAnswered("PlanDrain").message, /does not answer PlanDrain yet.*berth-api\.md/);
    assert.match(notAnswered("CreateService").message, /compatibility\.md/);
    assert.match(accessDenied("arn", "PlanDrain", "*").message, /perform: berth:PlanDrain on/);
    assert.match(accessDenied("arn", "StopTask", "*").message, /perform: ecs:StopTask on/);
  });
});
