/** Writes `docs/compatibility.md` from the rows of the operations and from the `DIFFERS:` comments of the source. `--check` only compares. */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { OperationRow } from "../src/ecs/state/operation-row.ts";
import type { ServiceRow } from "../src/service-machine/service-operation.ts";
import type { SurroundingService } from "../src/wire/definitions/aws-service.ts";
import { apiOperations, ecs, surroundingServices } from "../src/wire/services.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pagePath = `${root}docs/compatibility.md`;

type Status = "full" | "partial" | "absent";

/** How far Berth answers an operation: everything, all but what is missing, or with an error that says so. */
export function statusOf(row: OperationRow | ServiceRow): Status {
  if (row.machine === null) return "absent";
  return row.missing === undefined ? "full" : "partial";
}

/** What Berth does not do of an operation; empty when there is nothing to say. */
export const missingOf = (row: OperationRow | ServiceRow): string => (row.machine === null ? "" : (row.missing ?? ""));

/** The text that `docs/compatibility.md` must have. */
export function compatibilityPage(): string {
  const operations = [...apiOperations(ecs).values()];
  const count = (status: Status): number => operations.filter(({ row }) => statusOf(row) === status).length;
  const lines = [
    "# Compatibility with Amazon ECS",
    "",
    "<!-- Made by scripts/compatibility.ts from the rows of the operations and the DIFFERS comments in src/. Do not edit. -->",
    "",
    `Of the ${operations.length} operations of the ECS API, ${count("full")} are answered in full, ${count("partial")} in part, and ` +
      `${count("absent")} are absent.`,
    "",
    "- *full*: every member has the effect that ECS documents.",
    "- *partial*: works, except for what the last column lists.",
    "- *absent*: returns `ClientException` with a message that names the operation.",
    "",
    "## Operations",
    "",
    "| operation | status | what is missing |",
    "|---|---|---|",
    ...operations.map(({ name, row }) => `| ${name} | ${statusOf(row)} | ${missingOf(row)} |`),
    "",
    ...surroundingServices.flatMap(surroundingSection),
    "## Where Berth knowingly differs",
    "",
    ...differences(),
    "",
  ];
  return lines.join("\n");
}

/** What Berth answers of a service around ECS, and the names of the operations that it doesn't. */
function surroundingSection(service: SurroundingService): string[] {
  const operations = [...apiOperations(service).values()];
  const answered = operations.filter(({ row }) => row.machine !== null);
  const absent = operations.filter(({ row }) => row.machine === null);
  return [
    `## ${service.title}`,
    "",
    `Berth answers ${answered.length} of its ${operations.length} operations. The others go to the companion, if there is one;` +
      " otherwise they return an error that names the operation.",
    "",
    "| operation | status | what is missing |",
    "|---|---|---|",
    ...answered.map(({ name, row }) => `| ${name} | ${statusOf(row)} | ${missingOf(row)} |`),
    "",
    ...(absent.length === 0 ? [] : [`Absent: ${absent.map(({ name }) => name).join(", ")}.`, ""]),
  ];
}

/** The `DIFFERS:` comments of the source, one line each, with their file. */
function differences(): string[] {
  const found: string[] = [];
  const files = globSync("src/**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  for (const file of files.sort()) {
    for (const line of readFileSync(`${root}${file}`, "utf8").split("\n")) {
      const match = /^\s*(?:\/\/|\/?\*\*?).*?\bDIFFERS:\s*(.+?)\s*(?:\*\/)?$/.exec(line);
      if (match !== null) found.push(`- ${match[1]} (\`${file}\`)`);
    }
  }
  return found.length > 0 ? found : ["Nothing is known."];
}

/** True if the page on disk matches the source. */
export function isCurrent(): boolean {
  try {
    return readFileSync(pagePath, "utf8") === compatibilityPage();
  } catch {
    return false;
  }
}

if (import.meta.main) {
  if (!process.argv.includes("--check")) {
    writeFileSync(pagePath, compatibilityPage());
  } else if (!isCurrent()) {
    console.error("docs/compatibility.md is stale: run node scripts/compatibility.ts");
    process.exitCode = 1;
  }
}
