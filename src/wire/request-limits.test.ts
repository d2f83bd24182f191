import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AnsweredName, answeredNames } from "../ecs/machine/operations.ts";
import { Refusal } from "../ecs/refusals.ts";
import { documentLimits, listLimits, mapLimits } from "./collection-limits.ts";
import { WireError } from "./errors.ts";
import { numberLimits, timeLimits } from "./number-limits.ts";
import { parseRequest } from "./parse.ts";
import { edgesOf, leavesOf } from "./request-leaves.ts";
import { limitOf } from "./request-limits.ts";
import { operationNamed } from "./services.ts";
import { textLimits } from "./text-limits.ts";

function refusalOf(operation: AnsweredName, body: string): Refusal | WireError {
  try {
    parseRequest(operationNamed(operation), body);
  } catch (error) {
    if (error instanceof Refusal || error instanceof WireError) return error;
    throw error;
  }
  return assert.fail(`${operation} took ${body.slice(0, 200)}`);
}

describe("every leaf of every request", () => {
  for (const name of answeredNames) {
    const operation = operationNamed(name);
    test(`${name}: has a limit, takes what is just within it and refuses what is beyond`, () => {
      for (const leaf of leavesOf(operation)) {
        const { legal, beyond } = edgesOf(leaf);
        for (const value of legal) parseRequest(operation, JSON.stringify(leaf.request(value)));
        for (const value of beyond) {
          const { code } = refusalOf(name, JSON.stringify(leaf.request(value)));
          const expected = name === "RegisterTaskDefinition" ? "ClientException" : "InvalidParameterException";
          assert.ok(code === expected || code === "SerializationException", `${name} ${leaf.path}: ${code}`);
        }
      }
    });
  }

  test("uses the tables, which have no other rows", () => {
    const used = new Map<object, Set<string>>();
    for (const { shape, structure, member } of answeredNames.flatMap((name) => leavesOf(operationNamed(name)))) {
      const row = limitOf(shape, structure, member);
      assert.ok(row !== null, `${structure}.${member} has no limit`);
      const own = row.members.includes(`${structure}.${member}`) ? `${structure}.${member}` : member;
      used.set(row, (used.get(row) ?? new Set()).add(own));
    }
    const rows = [textLimits, numberLimits, timeLimits, listLimits, mapLimits, documentLimits].flat();
    for (const row of rows) {
      const unused = row.members.filter((member) => used.get(row)?.has(member) !== true);
      assert.deepEqual(unused, [], "members that no request has");
    }
  });
});

describe("beyond a limit", () => {
  const cases: readonly [AnsweredName, object, string, string][] = [
    ["StopTask", { task: "t".repeat(2_049) }, "InvalidParameterException", "task length must be at most 2048"],
    [
      "SubmitTaskStateChange",
      { containers: [{ networkBindings: [{ hostPort: 65_536 }] }] },
      "InvalidParameterException",
      "hostPort must be between 0 and 65535.",
    ],
    [
      "SubmitTaskStateChange",
      { containers: [{ exitCode: 0.5 }] },
      "SerializationException",
      "NUMBER_VALUE can not be converted to an Integer",
    ],
    [
      "SubmitTaskStateChange",
      { pullStartedAt: 4_102_444_801 },
      "InvalidParameterException",
      "pullStartedAt must be between 1970-01-01T00:00:00.000Z and 2100-01-01T00:00:00.000Z.",
    ],
    [
      "DescribeTasks",
      { tasks: Array(1_001).fill("t") },
      "InvalidParameterException",
      "tasks can have at most 1000 items.",
    ],
    ["DescribeTasks", { tasks: ["\0"] }, "InvalidParameterException", "tasks contains invalid characters."],
    [
      "DescribeTasks",
      { tasks: ["\ud800"] },
      "SerializationException",
      "The request body has text that is not well-formed Unicode.",
    ],
    ["RegisterTaskDefinition", { family: "f".repeat(2_049) }, "ClientException", "family length must be at most 2048"],
    [
      "RegisterContainerInstance",
      { totalResources: [{ longValue: 2 ** 53 }] },
      "SerializationException",
      "NUMBER_VALUE can not be converted to a Long",
    ],
  ];
  for (const [operation, request, code, message] of cases) {
    test(`${operation} ${JSON.stringify(request).slice(0, 60)} is a ${code}`, () => {
      const error = refusalOf(operation, JSON.stringify(request));
      assert.deepEqual([error.code, error.message], [code, message]);
    });
  }

  test("ECS's own checks come first if a value is near their limits", () => {
    // Each is accepted here and refused by its operation, with ECS's text.
    const requests: readonly [AnsweredName, object][] = [
      ["DescribeTasks", { tasks: Array(101).fill("t") }],
      ["RunTask", { count: 11 }],
      ["RunTask", { count: -1 }],
      ["CreateCluster", { clusterName: "c".repeat(256) }],
      ["StopTask", { reason: "r".repeat(1_025) }],
      ["RegisterTaskDefinition", { containerDefinitions: [{ portMappings: [{ hostPort: 70_000 }] }] }],
    ];
    for (const [operation, request] of requests) {
      assert.deepEqual(parseRequest(operationNamed(operation), JSON.stringify(request)), request);
    }
  });
});
