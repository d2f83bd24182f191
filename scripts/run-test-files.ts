import { relative } from "node:path";
import { run } from "node:test";
import { inspect, stripVTControlCharacters } from "node:util";

/** LIMIT: the slowest files (crash, fuzz) take a minute or two; one that hangs must not eat the ten minutes of a whole run. */
const fileTimeoutMs = 300_000;
/** LIMIT: what a failing file printed is shown up to here, from its end. */
const shownOutputLength = 20_000;

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Runs each file in a process of its own, prints a line for each with its time, and every failure in full.
 * Returns what was counted; a file that cannot be loaded, dies or holds no test counts as one failure.
 */
export async function runTestFiles(
  files: readonly string[],
  options: { readonly root: string; readonly concurrency: number; readonly verbose: boolean },
): Promise<TestCounts> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const outputs = new Map<string, string>();
  const nameOf = (file: string | undefined): string => relative(options.root, file ?? "unknown");
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const stream = run({
    files: files.map((file) => `${options.root}${file}`),
    cwd: options.root,
    concurrency: options.concurrency,
    timeout: fileTimeoutMs,
  });
  const keepOutput = (event: { readonly file?: string | undefined; readonly message: string }): void => {
    const name = nameOf(event.file);
    outputs.set(name, ((outputs.get(name) ?? "") + event.message).slice(-shownOutputLength));
  };
  const takeOutput = (file: string | undefined): string => {
    const output = outputs.get(nameOf(file)) ?? "";
    outputs.delete(nameOf(file));
    return output;
  };
  stream.on("test:stdout", keepOutput);
  stream.on("test:stderr", keepOutput);
  stream.on("test:pass", (event) => {
    if (event.details.type === "suite") return;
    if (isWholeFile(event)) {
      counts.failed += 1;
      say(`FAIL  ${nameOf(event.file)}: holds no test`);
      return;
    }
    if (event.skip !== undefined) {
      counts.skipped += 1;
      say(`skip  ${nameOf(event.file)}: ${event.name}${typeof event.skip === "string" ? ` (${event.skip})` : ""}`);
      return;
    }
    counts.passed += 1;
    if (options.verbose) say(`pass  ${nameOf(event.file)}: ${event.name} (${seconds(event.details.duration_ms)})`);
  });
  stream.on("test:fail", (event) => {
    const { error } = event.details;
    // A parent fails because its children did; those are reported by themselves.
    if (isFailureOfChildren(error)) return;
    counts.failed += 1;
    if (isWholeFile(event)) {
      say(`FAIL  ${nameOf(event.file)}: ${endOf(error)}`);
      say(indent(takeOutput(event.file)));
      return;
    }
    say(`FAIL  ${nameOf(event.file)}:${event.line ?? 0}: ${event.name}`);
    say(indent(stripVTControlCharacters(textOf(error))));
  });
  stream.on("test:summary", (event) => {
    if (event.file === undefined) return;
    const name = nameOf(event.file);
    const { tests, passed, skipped, todo } = event.counts;
    const time = seconds(event.duration_ms);
    say(
      `${event.success ? "ok  " : "FAIL"}  ${name}  ${passed} passed, ${tests - passed - skipped - todo} failed, ${time}`,
    );
    const output = takeOutput(event.file);
    if ((options.verbose || !event.success) && output !== "") say(indent(output));
  });
  // The events arrive only while the stream is read.
  for await (const _ of stream);
  return counts;
}

/** Node reports a file as a test of its own only when no test in it could speak for it. */
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
