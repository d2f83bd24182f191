/** Each scenario prints what its golden file has, and comes to the same end when the control plane dies in the middle. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { scenarioNames } from "./main.ts";
import { goldenPath, playScenario } from "./play-scenario.ts";

/** How many lines are shown from the one on that differs. */
const shownLines = 12;

for (const name of scenarioNames()) {
  test(`${name}: every event as it should be`, async () => {
    const { text, end } = await playScenario(name, { seed: name, crash: false });
    const golden = existsSync(goldenPath(name)) ? readFileSync(goldenPath(name), "utf8") : "";
    assert.ok(text === golden, difference(name, golden.split("\n"), text.split("\n")));
    const again = await playScenario(name, { seed: name, crash: true });
    assert.deepEqual(again.end, end, `another end after a crash: node tests/scenarios/main.ts --crash ${name}`);
  });
}

/** Where the two differ first, and what makes it so again. */
function difference(name: string, golden: readonly string[], played: readonly string[]): string {
  const at = played.findIndex((line, index) => line !== golden[index]);
  const from = at < 0 ? played.length : at;
  const shown = (mark: string, lines: readonly string[]) =>
    lines.slice(from, from + shownLines).map((line) => `${mark} ${line}`);
  return [
    `differs from line ${from + 1} of ${name}.events on:`,
    ...played.slice(Math.max(0, from - 4), from).map((line) => `  ${line}`),
    ...shown("-", golden),
    ...shown("+", played),
    `See it whole: node tests/scenarios/main.ts ${name}`,
    `If it is right: node tests/scenarios/main.ts --write ${name}`,
  ].join("\n");
}
