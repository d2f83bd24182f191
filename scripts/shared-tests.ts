/**
 * What a process that several test files share runs: each file as a suite with its path as the name, in order. The files are those of
 * `BERTH_SHARED_TESTS`, a JSON list of absolute paths.
 */
import { describe } from "node:test";
import { pathToFileURL } from "node:url";

for (const file of JSON.parse(process.env.BERTH_SHARED_TESTS ?? "[]") as readonly string[]) {
  describe(file, async () => {
    await import(pathToFileURL(file).href);
  });
}
