import assert from "node:assert/strict";
import { test } from "node:test";
import { explainCommand, explainRequest } from "./explain.ts";
import { parseFlags } from "./flags/flags.ts";

const request = (...argv: readonly string[]) =>
  explainRequest(parseFlags(explainCommand, ["--task-definition", "web:3", ...argv]));

test("the flags are a request", () => {
  assert.deepEqual(request(), { taskDefinition: "web:3", count: 1 });
  const all = request(
    ...["--cluster", "east", "--count", "5", "--launch-type", "external", "--group", "batch"],
    ...["--constraint", "attribute:stack == prod", "--constraint=attribute:x exists", "--distinct-instance"],
    ...["--strategy", "spread:attribute:ecs.availability-zone", "--strategy", "binpack:memory", "--strategy", "random"],
    ...["--cpu", "512", "--memory", "1024"],
  );
  assert.deepEqual(all, {
    cluster: "east",
    taskDefinition: "web:3",
    count: 5,
    launchType: "EXTERNAL",
    placementConstraints: [
      { type: "memberOf", expression: "attribute:stack == prod" },
      { type: "memberOf", expression: "attribute:x exists" },
      { type: "distinctInstance" },
    ],
    placementStrategy: [
      { type: "spread", field: "attribute:ecs.availability-zone" },
      { type: "binpack", field: "memory" },
      { type: "random" },
    ],
    group: "batch",
    overrides: { cpu: "512", memory: "1024" },
  });
  assert.deepEqual(request("--capacity-provider", "big:3:1", "--capacity-provider", "small"), {
    taskDefinition: "web:3",
    count: 1,
    capacityProviderStrategy: [
      { capacityProvider: "big", weight: 3, base: 1 },
      { capacityProvider: "small", weight: 1 },
    ],
  });
});

test("a service decides everything except the count", () => {
  const ofService = (...argv: readonly string[]) =>
    explainRequest(parseFlags(explainCommand, ["--service", "web", ...argv]));
  assert.deepEqual(ofService("--count", "3", "--cluster", "east"), { cluster: "east", service: "web", count: 3 });
  for (const flag of ["--task-definition", "--strategy", "--memory"]) {
    assert.throws(() => ofService(flag, "random"), new RegExp(`--service decides about ${flag}: leave`));
  }
  assert.throws(() => ofService("--distinct-instance"), /--service decides about --distinct-instance/);
});

test("an invalid request is reported before anything is sent", () => {
  const wrong: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
    [["--count", "0"], /--count must be a whole number from 1 to 1000/],
    [["--strategy", "spread"], /--strategy must be random, spread:FIELD/],
    [["--strategy", "random:x"], /--strategy must be/],
    [["--strategy", "pack:cpu"], /--strategy must be/],
    [["--capacity-provider", "a:b"], /--capacity-provider must be NAME/],
    [["--capacity-provider", "a", "--launch-type", "EC2"], /exclude each other/],
    [["web"], /one word too many/],
    [["--count", "1", "--count", "2"], /given twice/],
  ];
  for (const [argv, says] of wrong) assert.throws(() => request(...argv), { name: "UsageError", message: says });
  assert.throws(
    () => explainRequest(parseFlags(explainCommand, [])),
    /--task-definition NAME is needed.*or --service NAME/,
  );
});
