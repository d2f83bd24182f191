import assert from "node:assert/strict";
import { test } from "node:test";
import { complexityProblem } from "./expression-complexity.ts";

const ids = Array.from({ length: 300 }, (_, at) => `i-${String(at).padStart(17, "0")}`);
const types = "attribute:ecs.instance-type =~ (m5|m5a|m6i|c5|c6i|r5|r6i)\\.(large|xlarge|2xlarge|4xlarge)";
const maximal = `attribute:x =~ .*a.{110}c.* or attribute:x =~ .*b.{110}c.*`;

test("ten realistic expressions are not too complex", () => {
  const real = [
    ["attribute:ecs.instance-type =~ t3.*"],
    [`ec2InstanceId in [${ids.join(", ")}]`],
    [
      ids
        .slice(0, 190)
        .map((id) => `ec2InstanceId == ${id}`)
        .join(" or "),
    ],
    Array.from({ length: 10 }, () => types),
    Array.from({ length: 10 }, (_, at) => `attribute:stack${at} == prod and not(task:group =~ service:(db|cache)-.*)`),
    [maximal, maximal, maximal, maximal],
  ];
  for (const expressions of real) assert.equal(complexityProblem(expressions), null);
});

test("if expressions are too much for one task, the message names the limit and the expression", () => {
  const patterns = complexityProblem(Array.from({ length: 10 }, () => maximal));
  assert.equal(
    patterns,
    `The placement constraints of a task are too complex: their patterns have more than 1024 states, repetitions counted, from this expression on: ${maximal}`,
  );
  const long = ids
    .slice(0, 190)
    .map((id) => `ec2InstanceId == ${id}`)
    .join(" or ");
  assert.match(
    complexityProblem(Array.from({ length: 6 }, () => long)) ?? "",
    /more than 1024 predicates, from this expression on: ec2InstanceId == i-0+ or ec2InstanceId == i-0\.\.\.$/,
  );
});
