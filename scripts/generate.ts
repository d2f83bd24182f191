/** Writes what is generated: pages from the source, shapes from the SDK. `--check` only compares and names what is stale. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { berthApiPage } from "./berth-api.ts";
import { compatibilityPage } from "./compatibility.ts";
import { withLimits } from "./limits-section.ts";
import { withLogEvents } from "./log-events-section.ts";
import { withRoles } from "./roles-section.ts";
import { shapesTexts } from "./sdk-shapes.ts";
import { withSimulatedImages } from "./simulated-section.ts";
import { withTimeline } from "./timeline-section.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Each file that is generated or has generated sections, with its text made from the present one. */
const pages: Readonly<Record<string, (present: string) => string>> = {
  "docs/berth-api.md": berthApiPage,
  "docs/compatibility.md": compatibilityPage,
  "docs/operations.md": (present) => withLogEvents(withTimeline(withLimits(present))),
  "docs/security.md": withRoles,
  "docs/simulated-containers.md": withSimulatedImages,
  ...shapesTexts,
};

/** The generated pages that do not match the source. */
export function stalePages(): string[] {
  return Object.entries(pages)
    .filter(([file, make]) => {
      const present = readFileSync(`${root}${file}`, "utf8");
      return make(present) !== present;
    })
    .map(([file]) => file);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  for (const file of stalePages()) {
    if (values.check) {
      process.stderr.write(`${file} is stale: run node scripts/generate.ts\n`);
      process.exitCode = 1;
    } else {
      writeFileSync(`${root}${file}`, pages[file]?.(readFileSync(`${root}${file}`, "utf8")) ?? "");
      process.stdout.write(`${file} written\n`);
    }
  }
}
