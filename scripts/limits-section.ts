/** The limits in `docs/operations.md`: from the table in `src/ecs/limits.ts`, and from the `LIMIT:` comments elsewhere. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { limits } from "../src/ecs/limits.ts";
import { ecsTimeline } from "../src/ecs/timeline.ts";
import { row, withSection } from "./generated-section.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
export interface Limit {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
  readonly file: string;
}

/** The page with its limits brought up to date. */
export function withLimits(page: string): string {
  return withSection(page, "limits", limitsSection());
}

function limitsSection(): string {
  const reasons = reasonsOfTable(readFileSync(`${root}src/ecs/limits.ts`, "utf8"));
  const rulebook = Object.entries(limits).map(([name, value]) =>
    row(`\`${name}\``, number(value), reasons.get(name) ?? ""),
  );
  const others = globSync("src/**/*.ts", { cwd: root })
    // The simulator bounds its own worlds; nobody operates them.
    .filter((file) => !file.startsWith("src/simulator/"))
    .filter((file) => !file.endsWith(".test.ts") && file !== "src/ecs/limits.ts")
    .sort()
    .flatMap((file) => limitsInSource(readFileSync(`${root}${file}`, "utf8"), file))
    // They have their own table.
    .filter(({ name, file }) => file !== "src/ecs/timeline.ts" || !Object.hasOwn(ecsTimeline, name));
  return [
    "### Of ECS and of the rulebook (`src/ecs/limits.ts`)",
    "",
    "| limit | value | source or reason |",
    "|---|---|---|",
    ...rulebook,
    "",
    "### Of the parts around it",
    "",
    "| limit | value | reason | file |",
    "|---|---|---|---|",
    ...others.map(({ name, value, reason, file }) => row(name && `\`${name}\``, value, reason, `\`${file}\``)),
    "",
  ].join("\n");
}

/** The doc comment directly above each member of a table. Without one, the last line comment, which is for a group. */
export function reasonsOfTable(source: string): Map<string, string> {
  const reasons = new Map<string, string>();
  let group = "";
  let own: string | null = null;
  const onOneLine = source.replaceAll(/\/\*\*\n[\s\S]*?\*\//g, (comment) =>
    comment.replaceAll(/\n\s*\*?(?!\/)\s*/g, " "),
  );
  for (const line of onOneLine.split("\n")) {
    const comment = /^\s*(\/\*\*|\/\/)\s*(.*?)\s*(?:\*\/)?$/.exec(line);
    const member = /^\s*(\w+):/.exec(line)?.[1];
    const said = (comment?.[2] ?? "").replace(/^LIMIT:\s*/, "");
    if (comment?.[1] === "/**") own = said;
    else if (comment !== null) group = said;
    else {
      if (member !== undefined) reasons.set(member, own ?? group);
      own = null;
    }
  }
  return reasons;
}

/** The `LIMIT:` comments of a file, each with the constant or member that follows directly, if that is a plain value. */
export function limitsInSource(source: string, file: string): Limit[] {
  const lines = source.split("\n");
  const found: Limit[] = [];
  for (const [at, line] of lines.entries()) {
    const start = /(?:\/\/|\/\*\*?|^\s*\*)\s*LIMIT:\s*(.*)$/.exec(line)?.[1];
    if (start === undefined) continue;
    let reason = start;
    let next = at + 1;
    while (!/\*\/\s*$/.test(reason) && /^\s*(?:\*|\/\/)/.test(lines[next] ?? "")) {
      reason += ` ${(lines[next] ?? "").replace(/^\s*(?:\*(?!\/)|\/\/)?\s*/, "")}`;
      next += 1;
    }
    const owner = /^\s*(?:export )?(?:static )?(?:readonly )?(?:const )?(\w+)(?:: \w+)?\s*[=:]\s*(.+?)[;,]?$/.exec(
      lines[next] ?? "",
    );
    found.push({
      name: owner?.[1] ?? "",
      value: shownValue(owner?.[2] ?? ""),
      reason: reason.replace(/\s*\*\/\s*$/, "").trim(),
      file,
    });
  }
  return found;
}

/** A number or a product of numbers as one number, a text unchanged. Anything else is left to the file. */
function shownValue(expression: string): string {
  if (/^"[^"]*"$/.test(expression)) return expression;
  if (!/^[\d_.]+(?: \* [\d_.]+)*$/.test(expression)) return "";
  return number(
    expression
      .replaceAll("_", "")
      .split(" * ")
      .reduce((product, factor) => product * Number(factor), 1),
  );
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
