/**
 * Runs tests with node:test, a line per file, and ends with the line `N passed, N failed`. A skipped test is named with its
 * reason, so that nothing is silently left out.
 */
import { globSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runTestFiles } from "./run-test-files.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** LIMIT: how many more processes run than there are processors, because nearly half of the time of all files is waiting, such as for containers that start. */
const waitingFiles = 2;

/** The groups of tests. Every test file is in exactly one, which scripts/test.test.ts checks. */
export const groups: Readonly<Record<string, { readonly says: string; readonly files: readonly string[] }>> = {
  unit: { says: "next to the sources and the scripts", files: ["src/**/*.test.ts", "scripts/**/*.test.ts"] },
  architecture: {
    says: "imports, tidiness, planted violations, tables that agree",
    files: ["tests/{architecture,operations,small-files,tidy,violations}.test.ts"],
  },
  conformance: { says: "the official SDK, the AWS CLI and boto3 over HTTP", files: ["tests/conformance/**/*.test.ts"] },
  pages: { says: "the commands and snippets of the README and of docs/", files: ["tests/pages/**/*.test.ts"] },
  crash: { says: "kill -9 under load", files: ["tests/crash/**/*.test.ts"] },
  health: { says: "clocks that are set, damaged files, full disks", files: ["tests/health/**/*.test.ts"] },
  docker: { says: "real containers, where an engine runs", files: ["tests/docker/**/*.test.ts"] },
  scenarios: { says: "directed runs in the simulator", files: ["tests/scenarios/**/*.test.ts"] },
  fuzz: { says: "mutated requests", files: ["tests/fuzz/**/*.test.ts"] },
  soak: { says: "the long runs of `npm run soak`, made short", files: ["tests/soak/**/*.test.ts"] },
  simulation: { says: "seeds of the simulator", files: ["tests/simulation*.test.ts", "tests/simulation/**/*.test.ts"] },
};

/** The test files that the globs match, sorted, each once. Fixtures are not tests. */
export function testFiles(globs: readonly string[]): string[] {
  const found = globSync([...globs], { cwd: root, exclude: ["**/fixtures/**"] });
  return [...new Set(found)].sort();
}

/** A folder means the tests in it. */
function globOf(name: string): string {
  const isFolder = statSync(resolve(root, name), { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? `${name.replace(/\/$/, "")}/**/*.test.ts` : name;
}

const usage = `Usage: npm test [-- [options] [group, folder or file...]]

Runs every test of Berth, or only those of the named groups, folders and files (globs).

${Object.entries(groups)
  .map(([name, group]) => `  ${name.padEnd(14)}${group.says}`)
  .join("\n")}

  --verbose     every test by name, and what the files print
  --times       ends with the processor time of each process, the most first
  --help        this text
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      verbose: { type: "boolean", default: false },
      times: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const wanted = positionals.length > 0 ? positionals : Object.keys(groups);
  const files = testFiles(wanted.flatMap((name) => groups[name]?.files ?? [globOf(name)]));
  if (files.length === 0) {
    process.stderr.write(`No test file in: ${wanted.join(", ")}\n`);
    return 1;
  }
  const { passed, failed, skipped } = await runTestFiles(files, {
    root,
    concurrency: availableParallelism() + waitingFiles,
    verbose: values.verbose,
    times: values.times,
  });
  if (skipped > 0) process.stdout.write(`${skipped} skipped, named above\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
