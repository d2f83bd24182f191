/** The timeline in `docs/operations.md`: ECS's times from `src/ecs/timeline.ts`, with their comments. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ecsTimeline } from "../src/ecs/timeline.ts";
import { row, withSection } from "./generated-section.ts";
import { reasonsOfTable } from "./limits-section.ts";

const source = fileURLToPath(new URL("../src/ecs/timeline.ts", import.meta.url));

/** The page with its timeline brought up to date. Throws for a time without a comment. */
export function withTimeline(page: string): string {
  const reasons = reasonsOfTable(readFileSync(source, "utf8"));
  const rows = Object.entries(ecsTimeline).map(([name, ms]) => {
    const reason = reasons.get(name);
    if (!reason) throw new Error(`${name} of src/ecs/timeline.ts has no comment`);
    return row(`\`${name}\``, ms.toLocaleString("en-US"), durationText(ms), reason);
  });
  const head = ["| name | value in ms | that is | what it is |", "|---|---|---|---|"];
  return withSection(page, "timeline", [...head, ...rows, ""].join("\n"));
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** In the largest unit that divides it, as people say it: 90 d, 40 s. */
export function durationText(ms: number): string {
  const [unit, length] = units.find(([, each]) => ms % each === 0) ?? ["ms", 1];
  return `${ms / length} ${unit}`;
}
