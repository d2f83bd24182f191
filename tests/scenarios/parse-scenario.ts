/** The text of a scenario: one instruction a line, `#` for comments. The instructions are defined in instructions.ts. */

/** A parsed line: `create-service web desired-count=4` is the verb, the words after it, and the options. */
export type Line = {
  readonly number: number;
  /** As written, without surrounding white space. */
  readonly text: string;
  readonly verb: string;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
};

/** An error in a scenario. Names the line. */
export class ScenarioError extends Error {
  constructor(line: Line, problem: string) {
    super(`line ${line.number}, "${line.text}": ${problem}`);
    this.name = "ScenarioError";
  }
}

/** A word, or an option whose value may be in quotes: `reason="too old"`. */
const token = /(?:[^\s"=]+=)?"[^"]*"|\S+/g;

/** The instructions of a scenario, in order. A token with `=` outside quotes is an option. `\` at the end continues the line. */
export function parseScenario(text: string): Line[] {
  const lines: Line[] = [];
  let number = 0;
  let begun: string | null = null;
  for (const raw of text.split("\n")) {
    number += 1;
    const trimmed = raw.trim();
    if (begun === null && (trimmed === "" || trimmed.startsWith("#"))) continue;
    const whole: string = begun === null ? trimmed : `${begun} ${trimmed}`;
    if (whole.endsWith("\\")) {
      begun = whole.slice(0, -1).trim();
      continue;
    }
    begun = null;
    lines.push(parseLine(number, whole));
  }
  return lines;
}

function parseLine(number: number, text: string): Line {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (const [part] of text.matchAll(token)) {
    const at = part.startsWith('"') ? -1 : part.indexOf("=");
    if (at < 0) words.push(unquoted(part));
    else options.set(part.slice(0, at), unquoted(part.slice(at + 1)));
  }
  const [verb = "", ...others] = words;
  return { number, text, verb, words: others, options };
}

const unquoted = (text: string): string => (text.startsWith('"') ? text.slice(1, -1) : text);

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `40s`, `1.5m`, `2h` in milliseconds. */
export function duration(line: Line, text: string | undefined): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text ?? "");
  const unit = unitsMs[match?.[2] ?? ""];
  if (match === null || unit === undefined) throw new ScenarioError(line, "needs a time such as 40s, 2m or 1h");
  return Number(match[1]) * unit;
}
