import { readFileSync } from "node:fs";

let known: string | null = null;

/** The version of this Berth, as its package says, such as `0.1.0`. */
export function berthVersion(): string {
  if (known === null) {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    known = String(manifest.version);
  }
  return known;
}
