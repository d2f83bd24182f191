/** Shortens the fields of log lines, because callers and agents may have written parts of them. */

/** LIMIT: longer URLs and reasons don't help the reader. */
const textCharacters = 1_024;
/** LIMIT: enough frames to reach our code. */
const stackCharacters = 4_096;
/** LIMIT: entries per list or object, and nesting depth; documents don't belong in a log. */
const entriesMax = 32;
const depthMax = 4;
/** LIMIT: values per line. */
const valuesMax = 256;

/** A copy of `fields` with bounded texts, lists and objects. Errors become objects with type, message, stack and cause. */
export function boundedFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return bounded(fields, depthMax, { left: valuesMax }) as Record<string, unknown>;
}

/** Distinguishes lines with the same message: the name and code of the error, or the field `type`. */
export function kindOf({ err, type }: Readonly<Record<string, unknown>>): string {
  if (err instanceof Error) return `${err.name} ${"code" in err ? short(String(err.code), 64) : ""}`;
  return typeof type === "string" ? short(type, 64) : "";
}

function bounded(value: unknown, depth: number, budget: { left: number }): unknown {
  budget.left -= 1;
  if (typeof value === "string") return short(value, textCharacters);
  if (typeof value === "bigint") return short(value.toString(), textCharacters);
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0 || budget.left <= 0) return "(left out)";
  if (value instanceof Error) return boundedError(value, depth, budget);
  if (Array.isArray(value)) {
    const items = value.slice(0, entriesMax).map((item) => bounded(item, depth - 1, budget));
    return value.length > entriesMax ? [...items, `(${value.length - entriesMax} more)`] : items;
  }
  const entries = Object.entries(value).slice(0, entriesMax);
  return Object.fromEntries(entries.map(([name, item]) => [short(name, 128), bounded(item, depth - 1, budget)]));
}

function boundedError(error: Error, depth: number, budget: { left: number }): object {
  const { name, message, stack, cause, ...more } = error;
  const known: Record<string, unknown> = {
    type: error.constructor.name || name,
    message: short(message, textCharacters),
    stack: short(stack ?? "", stackCharacters),
  };
  for (const [member, value] of Object.entries(more).slice(0, entriesMax)) {
    known[short(member, 128)] = bounded(value, depth - 1, budget);
  }
  // A connection that fails at several addresses is an AggregateError without a message of its own.
  if (error instanceof AggregateError) known.errors = bounded(error.errors, depth - 1, budget);
  if (cause !== undefined) known.cause = bounded(cause, depth - 1, budget);
  return known;
}

/** `text`, cut after `characters` with a note of how many were cut. */
export function short(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters).toWellFormed()}... (${text.length - characters} more characters)`;
}
