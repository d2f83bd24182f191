import { isDeepStrictEqual } from "node:util";

/** An expectation of the tour that was not met. */
export class Unexpected extends Error {
  override readonly name = "Unexpected";
}

/** Throws {@link Unexpected} with the actual value unless it is `wanted`. */
export function expectEqual(what: string, got: unknown, wanted: unknown): void {
  if (isDeepStrictEqual(got, wanted)) return;
  throw new Unexpected(`${what}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
}

/** Throws {@link Unexpected}, which shows `got`, unless `holds`. */
export function expectThat(what: string, holds: boolean, got: unknown): void {
  if (!holds) throw new Unexpected(`${what}: got ${JSON.stringify(got)}`);
}

/** Throws {@link Unexpected} unless the call is refused with the error `name` and, if given, `message`. */
export async function expectRefused(call: Promise<unknown>, name: string, message?: string): Promise<void> {
  const got = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(got instanceof Error)) throw new Unexpected(`expected ${name}, but the call succeeded`);
  expectEqual("error", got.name, name);
  if (message !== undefined) expectEqual(`message of ${name}`, got.message, message);
}

/** LIMIT: every change of the tour takes less than two seconds on an idle machine. */
const untilTimeoutMs = 20_000;
const untilIntervalMs = 25;

/** Repeats `ask` until `reached` is true for the answer, and returns that answer. Throws {@link Unexpected} with the last one. */
export async function until<T>(what: string, ask: () => Promise<T>, reached: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + untilTimeoutMs;
  for (;;) {
    const answer = await ask();
    if (reached(answer)) return answer;
    if (performance.now() > deadline) {
      throw new Unexpected(`${what}: not within ${untilTimeoutMs / 1000} s; last: ${JSON.stringify(answer)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, untilIntervalMs));
  }
}

/** Prints a line per step: what was expected, and whether it happened. */
export class Steps {
  #number = 0;
  #shown: string[] = [];
  readonly #startedAt = performance.now();

  /** A line without a number, above steps that belong together. */
  heading(text: string): void {
    process.stdout.write(`\n${text}\n`);
  }

  /** Runs `body`, which throws if something is not as `expected` says. Its result is shown after the line. */
  async step(expected: string, body: () => Promise<string | undefined>): Promise<void> {
    this.#number += 1;
    const number = String(this.#number).padStart(2);
    try {
      const detail = await body();
      process.stdout.write(`  ${number} \u2713 ${expected}${detail === undefined ? "" : `  (${detail})`}\n`);
    } catch (error) {
      process.stdout.write(`  ${number} \u2717 ${expected}\n`);
      throw error;
    } finally {
      for (const line of this.#shown) process.stdout.write(`       ${line}`.trimEnd().concat("\n"));
      this.#shown = [];
    }
  }

  /** Lines below the current step: output or events. */
  show(lines: readonly string[]): void {
    this.#shown.push(...lines);
  }

  /** A line instead of steps that are impossible here. */
  skip(why: string): void {
    process.stdout.write(`   - skipped: ${why}.\n`);
  }

  summary(): string {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return `${this.#number} steps in ${seconds.toFixed(1)} s, all as expected.`;
  }
}
