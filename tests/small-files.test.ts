import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { linesMin, smallFiles, smallFileViolations } from "../scripts/small-files.ts";
import { readSources } from "../scripts/sources.ts";
import { berthOperations, ecsOperations } from "../src/ecs/machine/operations.ts";
import { builtInRulebooks } from "../src/server/built-in-services.ts";

const operations = [
  ...Object.keys({ ...ecsOperations, ...berthOperations }),
  ...builtInRulebooks.flatMap((rulebook) => Object.keys(rulebook.operations)),
];

test("a short file has a reason", () => {
  const sources = readSources(fileURLToPath(new URL("..", import.meta.url)));
  assert.deepEqual(smallFileViolations(sources, operations), []);
});

test("the rule finds a short file without a reason and a reason without a short file, and leaves operations and messages alone", () => {
  const [listed = ""] = Object.keys(smallFiles);
  const long = "\n".repeat(linesMin);
  const sources = new Map([
    ...Object.keys(smallFiles).map((file) => [file, ""] as const),
    [listed, long],
    ["src/ecs/tasks/satellite.ts", ""],
    ["src/ecs/tasks/whole.ts", long],
    ["src/ecs/tasks/run-task.ts", ""],
    ["src/agent-protocol/to-agent/close.ts", ""],
    ["src/ecs/tasks/satellite.test.ts", ""],
    ["tests/small.ts", ""],
  ]);
  const found = smallFileViolations(sources, operations).map((text) => text.slice(0, text.indexOf(":")));
  assert.deepEqual(found, ["src/ecs/tasks/satellite.ts", listed]);
});
