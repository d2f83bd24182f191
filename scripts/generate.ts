/** Writes what is generated in docs/ from the source; `--check` only compares and names what is stale. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compatibilityPage } from "./compatibility.ts";
import { withLimits } from "./limits-section.ts";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));

/** Each generated page: its file in docs/, and its text made from the present one. */
const pages: Readonly<Record<string, (present: string) => string>> = {
  "compatibility.md": compatibilityPage,
  "operations.md": withLimits,
};

/** The generated pages that are not what the source says. */
export function stalePages(): string[] {
  return Object.entries(pages)
    .filter(([file, make]) => {
      const present = readFileSync(`${docs}${file}`, "utf8");
      return make(present) !== present;
    })
    .map(([file]) => file);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  for (const file of stalePages()) {
    if (values.check) {
      process.stderr.write(`docs/${file} is stale: run node scripts/generate.ts\n`);
      process.exitCode = 1;
    } else {
      writeFileSync(`${docs}${file}`, pages[file]?.(readFileSync(`${docs}${file}`, "utf8")) ?? "");
      process.stdout.write(`docs/${file} written\n`);
    }
  }
}
