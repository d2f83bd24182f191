/** Prints what happens in test files: a line per file with its time, every failure in full, and the counts. */
import { relative } from "node:path";
import type { EventData } from "node:test";
import { inspect, stripVTControlCharacters } from "node:util";

/** LIMIT: how much of a failing file's output is shown, from its end. */
const shownOutputLength = 20_000;

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export type ReportOptions = {
  readonly root: string;
  /** Every test by name, and what the files print. */
  readonly verbose: boolean;
};

export type FileCounts = { passed: number; failed: number; skipped: number };

/** Reports the files of one process. `totals` are those of all. */
export class JobReport {
  readonly #options: ReportOptions;
  readonly #totals: FileCounts;
  /** The file that the process was started with, if others are loaded by it. */
  readonly #entry: string | null;
  /** Those without their line so far, by absolute path. */
  readonly #open: Map<string, FileCounts>;
  #output = "";

  constructor(files: readonly string[], entry: string | null, totals: FileCounts, options: ReportOptions) {
    this.#options = options;
    this.#totals = totals;
    this.#entry = entry;
    this.#open = new Map(files.map((file) => [file, { passed: 0, failed: 0, skipped: 0 }]));
  }

  keepOutput({ message }: EventData.TestStdout): void {
    this.#output = (this.#output + message).slice(-shownOutputLength);
  }

  passed(event: EventData.TestPass): void {
    const { file, name, skip, details } = event;
    if (this.#isSharedFile(event)) this.#fileEnded(name, details.duration_ms);
    // Node reports a file as a test of its own only if it has no test.
    if (details.type === "suite" || name === file) return;
    if (skip !== undefined) {
      this.#count(file, "skipped");
      say(`skip  ${this.#nameOf(file)}: ${name}${typeof skip === "string" ? ` (${skip})` : ""}`);
    } else {
      this.#count(file, "passed");
      if (this.#options.verbose) say(`pass  ${this.#nameOf(file)}: ${name} (${seconds(details.duration_ms)})`);
    }
  }

  failed(event: EventData.TestFail): void {
    const { file, line, name, details } = event;
    const isOfChildren = "failureType" in details.error && details.error.failureType === "subtestsFailed";
    // The whole process: what its files left open is reported when it has ended.
    if (event.name === event.file) {
      if (!isOfChildren) this.#processFailed(endOf(details.error));
    } else if (this.#isSharedFile(event)) {
      if (!isOfChildren) {
        this.#count(name, "failed");
        say(`FAIL  ${this.#nameOf(name)}: it cannot be loaded`);
        say(indent(stripVTControlCharacters(textOf(details.error))));
      }
      this.#fileEnded(name, details.duration_ms);
    } else if (!isOfChildren) {
      // A parent fails because its children did, which are reported themselves.
      this.#count(file, "failed");
      say(`FAIL  ${this.#nameOf(file)}:${line ?? 0}: ${name}`);
      say(indent(stripVTControlCharacters(textOf(details.error))));
    }
  }

  /** The process has ended, after `durationMs`. */
  ended(durationMs: number): void {
    for (const file of [...this.#open.keys()]) this.#fileEnded(file, durationMs);
  }

  #processFailed(why: string): void {
    for (const [file, counts] of this.#open) {
      // A file with a failed test also ends with a code, which says nothing new.
      if (counts.failed > 0 && this.#entry === null) continue;
      this.#count(file, "failed");
      say(`FAIL  ${this.#nameOf(file)}: ${why}`);
    }
  }

  #fileEnded(file: string, durationMs: number): void {
    const counts = this.#open.get(file);
    if (counts === undefined) return;
    if (counts.passed + counts.failed + counts.skipped === 0) {
      this.#count(file, "failed");
      say(`FAIL  ${this.#nameOf(file)}: holds no test`);
    }
    this.#open.delete(file);
    const word = counts.failed === 0 ? "ok  " : "FAIL";
    say(`${word}  ${this.#nameOf(file)}  ${counts.passed} passed, ${counts.failed} failed, ${seconds(durationMs)}`);
    const isShown = this.#options.verbose || counts.failed > 0;
    if (isShown && this.#output !== "") say(indent(this.#output));
    if (isShown || this.#entry === null) this.#output = "";
  }

  #count(file: string | undefined, what: keyof FileCounts): void {
    this.#totals[what] += 1;
    const counts = this.#open.get(file ?? "") ?? (this.#entry === null ? [...this.#open.values()][0] : undefined);
    if (counts !== undefined) counts[what] += 1;
  }

  /** The suite that stands for a file of a shared process. */
  #isSharedFile({ file, name }: { readonly file?: string | undefined; readonly name: string }): boolean {
    return this.#entry !== null && file === this.#entry && name !== this.#entry;
  }

  #nameOf(file: string | undefined): string {
    return relative(this.#options.root, file ?? "unknown");
  }
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function endOf(error: Error): string {
  const { exitCode, signal } = error as { exitCode?: number | null; signal?: string | null };
  return `the process ended with ${signal ?? `code ${exitCode ?? "unknown"}`}`;
}

function textOf(error: Error): string {
  const cause = error.cause ?? error;
  return cause instanceof Error && cause.stack !== undefined ? cause.stack : inspect(cause, { depth: 6 });
}

export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `      ${line}`)
    .join("\n");
}
