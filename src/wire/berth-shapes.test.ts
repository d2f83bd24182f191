import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../lib/random.ts";
import { berthShapes } from "./berth-shapes.ts";
import { isDescribed } from "./described-shapes.ts";
import { WireError } from "./errors.ts";
import { parseRequest } from "./parse.ts";
import { renderReply } from "./render.ts";
import { type Filling, sampleStructure } from "./sample-values.ts";
import { apiOperations, berth, operationNamed } from "./services.ts";
import { ecsShapes, type Shape } from "./shapes.ts";

/** The value as sent: timestamps are seconds. */
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
  for (const [name, operation] of apiOperations(berth)) {
    test(`${name}: what its shapes hold is parsed and rendered`, () => {
      const { input, output } = operation.shapes;
      for (const filling of fillings) {
        const request = sampleStructure(input, random, filling, true);
        const reply = sampleStructure(output, random, filling);
        // Through JSON, which loses -0 and prototypes on both sides alike.
        const parsed: unknown = JSON.parse(
          JSON.stringify(parseRequest(operation, JSON.stringify(sent(input, request)))),
        );
        assert.deepEqual(parsed, JSON.parse(JSON.stringify(request)));
        assert.deepEqual(JSON.parse(renderReply(operation, reply)), JSON.parse(JSON.stringify(sent(output, reply))));
      }
    });
  }

  test("every member has a description", () => {
    const look = (shape: Shape, path: string): void => {
      if (shape.kind === "list") look(shape.member, path);
      if (shape.kind !== "structure" || !isDescribed(shape)) return;
      for (const [name, member] of shape.members) {
        assert.match(shape.about.get(name) ?? "", /^[A-Z`].*\.$/s, `${path}.${name}`);
        look(member, `${path}.${name}`);
      }
    };
    for (const [name, { input, output }] of Object.entries(berthShapes)) {
      look(input, name);
      look(output, name);
    }
  });

  test("what RunTask has as well has the same shape", () => {
    const runTask = ecsShapes.of("RunTask").input.members;
    const { members } = berthShapes.ExplainPlacement.input;
    for (const name of ["overrides", "networkConfiguration", "placementConstraints", "capacityProviderStrategy"]) {
      assert.equal(members.get(name), runTask.get(name), name);
    }
    const body = '{"overrides":{"containerOverrides":[{"name":"web","memory":64,"unheardOf":1}]},"count":null}';
    assert.deepEqual(parseRequest(operationNamed("ExplainPlacement"), body), {
      overrides: { containerOverrides: [{ name: "web", memory: 64 }] },
    });
  });

  test("times are epoch seconds outside, and absent members are left out", () => {
    const drains = [{ startedAt: 1_534_810_936_284, deadlineAt: null, blockers: [{ since: 1_000 }], finished: false }];
    assert.equal(
      renderReply(operationNamed("DescribeDrain"), { drains, failures: [], inner: 1 }),
      '{"drains":[{"startedAt":1534810936.284,"blockers":[{"since":1}],"finished":false}],"failures":[]}',
    );
  });

  test("a value of another type is refused as in ECS", () => {
    for (const body of ['{"count":"3"}', '{"containerInstances":"i"}', '{"cluster":1}']) {
      const name = body.includes("count") ? "ExplainPlacement" : "PlanDrain";
      assert.throws(
        () => parseRequest(operationNamed(name), body),
        (error) => error instanceof WireError && error.code === "SerializationException",
        body,
      );
    }
  });
});
