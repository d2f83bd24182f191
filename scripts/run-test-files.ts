import { readdirSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type EventData, run } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect, stripVTControlCharacters } from "node:util";

/**
 * LIMIT: how long a file may be silent, without a finished test or any output. The slowest single tests take a minute or two
 * alone and several times that on a busy machine. A file that makes progress may take as long as it needs, so a slow machine
 * fails nothing.
 */
const silenceMs = 900_000;
/** Identifies the processes that a test file starts: they inherit it. */
const fileVariable = "BERTH_TEST_FILE";
/**
 * Where processes cache the code that they have stripped of types and compiled. Most of the time of a small test file is its
 * start, and this halves it. Node checks the content of a source before it uses its cache, and keeps one entry per source.
 */
const compileCache =
  process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url));
/** LIMIT: how much of a failing file's output is shown, from its end. */
const shownOutputLength = 20_000;

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface RunOptions {
  readonly root: string;
  readonly concurrency: number;
  /** Every test by name, and what the files print. */
  readonly verbose: boolean;
  /** Overrides `silenceMs`, for tests. */
  readonly silenceMs?: number;
}

/**
 * Runs each file in its own process, prints a line for each with its time, and every failure in full. When a file has ended, for
 * whatever reason, the processes that it left behind are killed. Returns the counts. A file that cannot be loaded, dies, goes
 * silent or contains no test counts as one failure.
 */
export async function runTestFiles(files: readonly string[], options: RunOptions): Promise<TestCounts> {
  const { root, concurrency } = options;
  const report = new Report(options);
  const waiting = files.map((file) => resolve(root, file));
  const worker = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) await runFile(path, options, report);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return report.counts;
}

async function runFile(path: string, { root, silenceMs: patienceMs = silenceMs }: RunOptions, report: Report) {
  const mark = `${process.pid}:${path}`;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), patienceMs);
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), patienceMs);
  };
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache, [fileVariable]: mark };
  const stream = run({ files: [path], cwd: root, env, signal: silence.signal });
  for (const name of ["test:stdout", "test:stderr", "test:pass", "test:fail"]) stream.on(name, heard);
  stream.on("test:stdout", (event) => report.keepOutput(event));
  stream.on("test:stderr", (event) => report.keepOutput(event));
  stream.on("test:pass", (event) => report.passed(event));
  stream.on("test:fail", (event) => report.failed(event));
  stream.on("test:summary", (event) => report.fileEnded(event));
  // The events arrive only while the stream is read.
  for await (const _ of stream);
  clearTimeout(timer);
  const left = killMarked(mark);
  if (left > 0) {
    const [noun, were] = left === 1 ? ["process", "was"] : ["processes", "were"];
    say(`      ${relative(root, path)} left ${left} ${noun} behind, which ${were} killed`);
  }
  if (silence.signal.aborted) say(`      ${relative(root, path)} was silent for ${seconds(patienceMs)} and was ended`);
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

class Report {
  readonly counts = { passed: 0, failed: 0, skipped: 0 };
  readonly #options: RunOptions;
  readonly #outputs = new Map<string, string>();

  constructor(options: RunOptions) {
    this.#options = options;
  }

  keepOutput({ file, message }: EventData.TestStdout): void {
    const name = this.#nameOf(file);
    this.#outputs.set(name, ((this.#outputs.get(name) ?? "") + message).slice(-shownOutputLength));
  }

  passed(event: EventData.TestPass): void {
    const { file, name, skip, details } = event;
    if (details.type === "suite") return;
    if (isWholeFile(event)) {
      this.counts.failed += 1;
      say(`FAIL  ${this.#nameOf(file)}: holds no test`);
    } else if (skip !== undefined) {
      this.counts.skipped += 1;
      say(`skip  ${this.#nameOf(file)}: ${name}${typeof skip === "string" ? ` (${skip})` : ""}`);
    } else {
      this.counts.passed += 1;
      if (this.#options.verbose) say(`pass  ${this.#nameOf(file)}: ${name} (${seconds(details.duration_ms)})`);
    }
  }

  failed(event: EventData.TestFail): void {
    const { file, line, name, details } = event;
    // A parent fails because its children did, which are reported themselves.
    if (isFailureOfChildren(details.error)) return;
    this.counts.failed += 1;
    if (isWholeFile(event)) {
      say(`FAIL  ${this.#nameOf(file)}: ${endOf(details.error)}`);
      say(indent(this.#takeOutput(file)));
    } else {
      say(`FAIL  ${this.#nameOf(file)}:${line ?? 0}: ${name}`);
      say(indent(stripVTControlCharacters(textOf(details.error))));
    }
  }

  /** Also comes once without a file, for the whole run. */
  fileEnded({ file, success, counts, duration_ms: durationMs }: EventData.TestSummary): void {
    if (file === undefined) return;
    const { tests, passed, skipped, todo } = counts;
    const failed = tests - passed - skipped - todo;
    say(
      `${success ? "ok  " : "FAIL"}  ${this.#nameOf(file)}  ${passed} passed, ${failed} failed, ${seconds(durationMs)}`,
    );
    const output = this.#takeOutput(file);
    if ((this.#options.verbose || !success) && output !== "") say(indent(output));
  }

  #nameOf(file: string | undefined): string {
    return relative(this.#options.root, file ?? "unknown");
  }

  #takeOutput(file: string | undefined): string {
    const output = this.#outputs.get(this.#nameOf(file)) ?? "";
    this.#outputs.delete(this.#nameOf(file));
    return output;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Node reports a file as a test of its own only if no test in it could. */
function isWholeFile(event: { readonly name: string; readonly file?: string | undefined }): boolean {
  return event.name === event.file;
}

function endOf(error: Error): string {
  const { exitCode, signal } = error as { exitCode?: number | null; signal?: string | null };
  return `the process ended with ${signal ?? `code ${exitCode ?? "unknown"}`}`;
}

function textOf(error: Error): string {
  const cause = error.cause ?? error;
  return cause instanceof Error && cause.stack !== undefined ? cause.stack : inspect(cause, { depth: 6 });
}

function isFailureOfChildren(error: Error): boolean {
  return "failureType" in error && error.failureType === "subtestsFailed";
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `      ${line}`)
    .join("\n");
}
