/** What a line of the log says, made short: whoever calls, or an agent, may have written parts of it. */

/** LIMIT: a URL or a reason that is longer helps nobody. */
const textCharacters = 1_024;
/** LIMIT: the frames of a stack that lead to our code. */
const stackCharacters = 4_096;
/** LIMIT: entries of a list or an object, and objects in objects; a log is no place for documents. */
const entriesMax = 32;
const depthMax = 4;
/** LIMIT: values of a whole line. */
const valuesMax = 256;

/** The fields of a line with everything in them bounded; errors as objects with type, message, stack and cause. */
export function boundedFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return bounded(fields, depthMax, { left: valuesMax }) as Record<string, unknown>;
}

/** What kind of thing a line is about, beside its message: the type or the code of its error. */
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
  if (cause !== undefined) known.cause = bounded(cause, depth - 1, budget);
  return known;
}

/** `text`, or its beginning with the number of characters that are left out. */
export function short(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters).toWellFormed()}... (${text.length - characters} more characters)`;
}
