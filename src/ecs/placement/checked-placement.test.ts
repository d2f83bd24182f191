import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../refusals.ts";
import {
  checkedConstraints,
  checkedStrategies,
  constraintsOf,
  type RequestConstraint,
  type RequestStrategy,
  refuseOnFargate,
} from "./checked-placement.ts";

const inProduction = { type: "memberOf", expression: "attribute:stack == prod" } as const;
const unconstrained = { placementConstraints: [] };

/** The code and text that `check` refuses with. */
function refusal(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return `${error.code}: ${error.message}`;
  }
  return "accepted";
}

const constrained = (...constraints: RequestConstraint[]) =>
  refusal(() => checkedConstraints(constraints, unconstrained));
const strategy = (...strategies: RequestStrategy[]) => refusal(() => checkedStrategies(strategies));

test("constraints are preserved", () => {
  assert.deepEqual(checkedConstraints(undefined, unconstrained), []);
  const both = [{ type: "distinctInstance" }, inProduction];
  assert.deepEqual(checkedConstraints(both, unconstrained), both);
  assert.deepEqual(constraintsOf({ placementConstraints: [inProduction] }), [inProduction]);
});

test("invalid constraints are refused", () => {
  const refused = "InvalidParameterException: ";
  assert.equal(
    constrained({ type: "near" }),
    `${refused}placement constraint type should be one of [distinctInstance,memberOf]`,
  );
  assert.equal(constrained({}), constrained({ type: "near" }));
  assert.equal(
    constrained({ type: "distinctInstance", expression: "" }),
    `${refused}distinctInstance expression should not be specified.`,
  );
  assert.equal(constrained({ type: "memberOf" }), `${refused}memberOf expression should not be null or empty.`);
  assert.equal(constrained({ type: "memberOf", expression: "" }), constrained({ type: "memberOf" }));
  assert.match(
    constrained(inProduction, { type: "memberOf", expression: "attribute:stack = prod" }),
    /^InvalidParameterException: Invalid placement constraint expression: .*\(character 17\)$/,
  );
});

test("at most ten constraints are accepted, including the task definition's", () => {
  const many = (count: number) => Array.from({ length: count }, () => inProduction);
  const text =
    "InvalidParameterException: A task can have at most 10 placement constraints, including those of its task definition.";
  const together = (own: number, inDefinition: number) =>
    refusal(() => checkedConstraints(many(own), { placementConstraints: many(inDefinition) }));
  assert.equal(together(10, 0), "accepted");
  assert.equal(together(4, 6), "accepted");
  assert.equal(together(0, 10), "accepted");
  assert.equal(together(11, 0), text);
  assert.equal(together(5, 6), text);
});

test("strategy fields are case-insensitive and come out as the API shows them", () => {
  assert.deepEqual(checkedStrategies(undefined), []);
  const fields = ["host", "HOST", "instanceid", "attribute:ecs.availability-zone", "Attribute:Rack/1"];
  assert.deepEqual(
    checkedStrategies(fields.map((field) => ({ type: "spread", field }))).map((each) => "field" in each && each.field),
    ["instanceId", "instanceId", "instanceId", "attribute:ecs.availability-zone", "attribute:Rack/1"],
  );
  assert.deepEqual(
    checkedStrategies([{ type: "binpack", field: "memory" }, { type: "binpack", field: "Cpu" }, { type: "random" }]),
    [{ type: "binpack", field: "MEMORY" }, { type: "binpack", field: "CPU" }, { type: "random" }],
  );
});

test("invalid strategies are refused", () => {
  const refused = "InvalidParameterException: ";
  const type = `${refused}placement strategy type should be one of [random,spread,binpack]`;
  const spread = (field: string) => `${refused}spread field '${field}' is invalid.`;
  const binpack = (field: string) => `${refused}binpack field '${field}' is invalid.`;
  const random = `${refused}random field should not be specified.`;
  for (const [text, requested] of [
    [type, {}],
    [type, { type: "Spread", field: "host" }],
    [spread(""), { type: "spread" }],
    [spread("cpu"), { type: "spread", field: "cpu" }],
    [spread("attribute:"), { type: "spread", field: "attribute:" }],
    [spread("attribute:a b"), { type: "spread", field: "attribute:a b" }],
    [spread(`attribute:${"x".repeat(129)}`), { type: "spread", field: `attribute:${"x".repeat(129)}` }],
    [binpack(""), { type: "binpack" }],
    [binpack("attribute:cpu"), { type: "binpack", field: "attribute:cpu" }],
    [random, { type: "random", field: "cpu" }],
  ] as const) {
    assert.equal(strategy(requested), text);
  }
  const five = Array.from({ length: 5 }, () => ({ type: "random" }));
  assert.equal(strategy(...five), "accepted");
  assert.equal(strategy(...five, { type: "random" }), `${refused}Maximum number of strategies is 5.`);
});

test("Fargate accepts neither", () => {
  const text = (what: string) =>
    `InvalidParameterException: Placement ${what} are not supported with FARGATE launch type.`;
  assert.equal(
    refusal(() => refuseOnFargate({})),
    "accepted",
  );
  assert.equal(
    refusal(() => refuseOnFargate({ placementConstraints: [], placementStrategy: [] })),
    "accepted",
  );
  assert.equal(
    refusal(() => refuseOnFargate({ placementStrategy: [{ type: "random" }], placementConstraints: [inProduction] })),
    text("strategies"),
  );
  assert.equal(
    refusal(() => refuseOnFargate({ placementConstraints: [inProduction] })),
    text("constraints"),
  );
});
