/** Each scenario prints its golden file, and reaches the same end whenever the control plane dies. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { scenarioNames } from "./main.ts";
import { goldenPath, playScenario, waitsOf } from "./play-scenario.ts";

/** How many different lines are shown of each side. */
const shownLines = 20;

for (const name of scenarioNames()) {
  test(`${name}: every event matches`, async () => {
    const { text, end } = await playScenario(name, { seed: name, crashAt: null });
    const golden = existsSync(goldenPath(name)) ? readFileSync(goldenPath(name), "utf8") : "";
    assert.ok(text === golden, difference(name, golden.split("\n"), text.split("\n")));
    for (let crashAt = 0; crashAt < waitsOf(name); crashAt++) {
      const again = await playScenario(name, { seed: name, crashAt });
      const command = `node tests/scenarios/main.ts --crash ${crashAt} ${name}`;
      assert.deepEqual(again.end, end, `it ends differently if the control plane dies on the way: ${command}`);
    }
  });
}

/** The differing lines between the common beginning and end, and the command that updates the file. */
function difference(name: string, golden: readonly string[], played: readonly string[]): string {
  const longer = Math.max(golden.length, played.length);
  let from = 0;
  while (from < longer && golden[from] === played[from]) from += 1;
  let after = 0;
  const most = Math.min(golden.length, played.length) - from;
  while (after < most && golden.at(-1 - after) === played.at(-1 - after)) after += 1;
  const shown = (mark: string, lines: readonly string[]) => {
    const different = lines.slice(from, lines.length - after).map((line) => `${mark} ${line}`);
    const more = different.length - shownLines;
    return more > 0 ? [...different.slice(0, shownLines), `${mark} (${more} more)`] : different;
  };
  return [
    `differs from ${name}.events, line ${from + 1}:`,
    ...played.slice(Math.max(0, from - 4), from).map((line) => `  ${line}`),
    ...shown("-", golden),
    ...shown("+", played),
    `See it whole: node tests/scenarios/main.ts ${name}`,
    `If it is right: node tests/scenarios/main.ts --write ${name}`,
  ].join("\n");
}
