/** Which test files share a process, and which begin first. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** What one process runs, in order. More than one file only if all of them are pure. */
export type TestJob = {
  readonly files: readonly string[];
  /** Jobs with the same one run one at a time. Null: beside any other. */
  readonly lane: string | null;
};

/**
 * LIMIT: the files of a shared process. Starting Node and loading the rulebook takes most of the time of a small file, so sixty at once
 * save nearly all of it, and the unit tests still make enough jobs for a few processors.
 */
const sharedFilesMax = 60;

/** All that a test may import of Node if it shares its process. */
const sharedImports: ReadonlySet<string> = new Set(["test", "assert/strict", "path", "url"]);

/**
 * The files that take longest, begun first so that the others fill the time beside them. Update it when `npm test -- --times` shows
 * another order at its top.
 */
export const longestFirst: readonly string[] = [
  "tests/simulation.test.ts",
  "tests/docker/network-cut.test.ts",
  "tests/docker/task-life.test.ts",
  "tests/crash/kill-9.test.ts",
  "tests/pages/pages.test.ts",
  "tests/docker/task-groundwork.test.ts",
  "tests/docker/task-endpoints.test.ts",
  "tests/conformance/aws-cli.test.ts",
  "tests/health/files.test.ts",
  "tests/fuzz/mutated-requests.test.ts",
  "tests/scenarios/scenarios.test.ts",
  "tests/conformance/operations.test.ts",
  "tests/soak/soak.test.ts",
  "tests/scenarios/tour.test.ts",
  "src/commands/drain/drain-beside-dev.test.ts",
];

/** Files whose tests need what one machine has once: agents' address on the loopback device, and a quiet engine for their times. */
const usesEngine = /^tests\/docker\/(?!network-cut)/;

/** The jobs for these files, relative to `root`, in the order in which to begin them. */
export function testJobs(files: readonly string[], root: string): TestJob[] {
  const [shared, alone]: [string[], string[]] = [[], []];
  for (const file of files) (canShare(readFileSync(resolve(root, file), "utf8"), file) ? shared : alone).push(file);
  const groups = Math.ceil(shared.length / sharedFilesMax);
  // Neighbours cost about the same, so they go to different jobs.
  const jobs = Array.from({ length: groups }, (_, group): TestJob => {
    return { files: shared.filter((_, at) => at % groups === group), lane: null };
  });
  for (const file of alone) jobs.push({ files: [file], lane: usesEngine.test(file) ? "engine" : null });
  return jobs.toSorted((one, other) => rankOf(one) - rankOf(other));
}

/** Jobs of a lower rank begin first: the longest, then those that have to wait for each other, then those of many files. */
function rankOf({ files, lane }: TestJob): number {
  const [file = "", ...more] = files;
  const at = longestFirst.indexOf(file);
  if (at >= 0) return at;
  return longestFirst.length + (lane !== null ? 0 : more.length > 0 ? 1 : 2);
}

/**
 * True for a test that cannot disturb another in its process, nor be disturbed: below `src/` or `scripts/`, it neither touches the
 * process nor imports anything of Node beyond what tests need. Such tests are synchronous or wait only for promises.
 */
export function canShare(text: string, file: string): boolean {
  if (!/^(?:src|scripts)\//.test(file)) return false;
  if (/\bprocess\.|\bglobalThis\b|\.mock\b/.test(text)) return false;
  return [...text.matchAll(/"node:([^"]+)"/g)].every(([, name = ""]) => sharedImports.has(name));
}
