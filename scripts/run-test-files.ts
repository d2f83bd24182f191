import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { type TestJob, testJobs } from "./test-jobs.ts";
import { type FileCounts, JobReport, type ReportOptions, say, seconds, type TestCounts } from "./test-report.ts";

/**
 * LIMIT: how long a process may be silent, without a finished test or any output. The slowest single tests take a minute or two
 * alone and several times that on a busy machine. A file that makes progress may take as long as it needs, so a slow machine
 * fails nothing.
 */
const silenceMs = 900_000;
/** Identifies the processes that a test file starts: they inherit it. */
const fileVariable = "BERTH_TEST_FILE";
/** Where `report-cpu.ts` writes. */
const cpuVariable = "BERTH_TEST_CPU";
/**
 * Where processes cache the code that they have stripped of types and compiled. Most of the time of a small test file is its
 * start, and this halves it. Node checks the content of a source before it uses its cache, and keeps one entry per source.
 */
const compileCache =
  process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url));
const sharedEntry = fileURLToPath(new URL("shared-tests.ts", import.meta.url));
const cpuReporter = fileURLToPath(new URL("report-cpu.ts", import.meta.url));
/** LIMIT: how many processes `times` lists; below them nothing is worth a look. */
const timesShown = 40;

export interface RunOptions extends ReportOptions {
  /** How many processes run tests at a time. */
  readonly concurrency: number;
  /** Ends with a table of the processor time of each process. */
  readonly times?: boolean;
  /** Instead of `testJobs`, for tests. */
  readonly jobs?: (files: readonly string[], root: string) => TestJob[];
  /** Overrides `silenceMs`, for tests. */
  readonly silenceMs?: number;
}

/**
 * Runs the files, those that are pure in shared processes and each other one in its own. Prints a line for each with its time, and every
 * failure in full. When a process has ended, for whatever reason, the processes that it left behind are killed. Returns the counts. A
 * file that cannot be loaded, dies, goes silent or contains no test counts as one failure.
 */
export async function runTestFiles(files: readonly string[], options: RunOptions): Promise<TestCounts> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const waiting = (options.jobs ?? testJobs)(files, options.root);
  const busy = new Set<string>();
  const cpu = options.times ? new CpuTimes() : null;
  let wake = Promise.withResolvers<void>();
  const worker = async (): Promise<void> => {
    while (waiting.length > 0) {
      const at = waiting.findIndex(({ lane }) => lane === null || !busy.has(lane));
      const [job] = at < 0 ? [] : waiting.splice(at, 1);
      if (job === undefined) {
        await wake.promise;
        continue;
      }
      if (job.lane !== null) busy.add(job.lane);
      await runJob(job, counts, options, cpu);
      if (job.lane !== null) busy.delete(job.lane);
      wake.resolve();
      wake = Promise.withResolvers();
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  cpu?.print();
  return counts;
}

async function runJob(job: TestJob, counts: FileCounts, options: RunOptions, cpu: CpuTimes | null) {
  const { root, silenceMs: patienceMs = silenceMs } = options;
  const files = job.files.map((file) => resolve(root, file));
  const isShared = files.length > 1;
  const [first = ""] = files;
  const name = isShared ? `${files.length} files, from ${job.files[0]}` : (job.files[0] ?? "");
  const report = new JobReport(files, isShared ? sharedEntry : null, counts, options);
  const mark = `${process.pid}:${first}`;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), patienceMs);
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), patienceMs);
  };
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: compileCache,
    [fileVariable]: mark,
    ...(isShared && { BERTH_SHARED_TESTS: JSON.stringify(files) }),
    ...(cpu !== null && { [cpuVariable]: cpu.file }),
  };
  const execArgv = cpu === null ? [] : ["--import", cpuReporter];
  const startedAt = performance.now();
  const stream = run({ files: [isShared ? sharedEntry : first], cwd: root, env, execArgv, signal: silence.signal });
  for (const event of ["test:stdout", "test:stderr", "test:pass", "test:fail"]) stream.on(event, heard);
  stream.on("test:stdout", (event) => report.keepOutput(event));
  stream.on("test:stderr", (event) => report.keepOutput(event));
  stream.on("test:pass", (event) => report.passed(event));
  stream.on("test:fail", (event) => report.failed(event));
  // The events arrive only while the stream is read.
  for await (const _ of stream);
  clearTimeout(timer);
  const tookMs = performance.now() - startedAt;
  report.ended(tookMs);
  cpu?.ended(mark, name, tookMs);
  const left = killMarked(mark);
  if (left > 0) {
    const [noun, were] = left === 1 ? ["process", "was"] : ["processes", "were"];
    say(`      ${name} left ${left} ${noun} behind, which ${were} killed`);
  }
  if (silence.signal.aborted) say(`      ${name} was silent for ${seconds(patienceMs)} and was ended`);
}

/** Kills every process that inherited the mark of a test file. Returns how many; 0 if there is no /proc. */
function killMarked(mark: string): number {
  let killed = 0;
  for (const pid of processIds()) {
    if (pid === process.pid || !hasMark(pid, mark)) continue;
    try {
      process.kill(pid, "SIGKILL");
      killed += 1;
    } catch {
      // It ended by itself.
    }
  }
  return killed;
}

function processIds(): number[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

function hasMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${fileVariable}=${mark}`);
  } catch {
    // Another user's, or gone.
    return false;
  }
}

/** The processor time of each process, which it reports itself at its end. */
class CpuTimes {
  readonly file: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "berth-test-times-"));
  readonly #jobs = new Map<string, { readonly name: string; readonly tookMs: number }>();

  constructor() {
    this.file = join(this.#folder, "times.jsonl");
  }

  ended(mark: string, name: string, tookMs: number): void {
    this.#jobs.set(mark, { name, tookMs });
  }

  print(): void {
    const lines = readFileSync(this.file, "utf8").trim().split("\n");
    rmSync(this.#folder, { recursive: true });
    const used = lines.flatMap((line) => {
      const { mark, ownMs, childrenMs } = JSON.parse(line) as { mark: string; ownMs: number; childrenMs: number };
      const job = this.#jobs.get(mark);
      return job === undefined ? [] : [{ ...job, ownMs, childrenMs }];
    });
    used.sort((one, other) => other.ownMs + other.childrenMs - (one.ownMs + one.childrenMs));
    const sum = used.reduce((total, { ownMs, childrenMs }) => total + ownMs + childrenMs, 0);
    say(`\nprocessor time   own  children  elapsed  (${seconds(sum)} in all)`);
    for (const { name, tookMs, ownMs, childrenMs } of used.slice(0, timesShown)) {
      const cells = [ownMs + childrenMs, ownMs, childrenMs, tookMs].map((ms) => seconds(ms).padStart(9));
      say(`${cells.join(" ")}  ${name}`);
    }
  }
}
