import { parseArgs } from "node:util";
import { nearest } from "../../lib/nearest.ts";

/** A flag of a command. `value` names what follows it; null for a flag without a value. One that `repeats` has all its values. */
export type Flag = { readonly value: string | null; readonly help: string; readonly repeats?: true };

/** A command in the form that its help shows. */
export type CommandText = {
  readonly usage: string;
  readonly about: string;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly examples: readonly { readonly line: string; readonly about: string }[];
};

/** The parsed command line: flags by name, and the words between them. */
export type Typed = {
  readonly flags: ReadonlyMap<string, string | true>;
  /** The values of flags that may be repeated, in order. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
};

/** The command line is wrong. The text says what to type instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const helpFlag: Flag = { value: null, help: "Show this text." };

/** Parses a command line. Throws UsageError that names the nearest flag if one does not exist. */
export function parseFlags(command: CommandText, argv: readonly string[]): Typed {
  const known: Readonly<Record<string, Flag>> = { ...command.flags, help: helpFlag };
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { value }]) => [name, { type: value === null ? "boolean" : "string" } as const]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const flags = new Map<string, string | true>();
  const lists = new Map<string, string[]>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (flag === undefined) throw unknownFlag(token.rawName, Object.keys(known));
    if (flag.value === null && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`);
    // An empty value is an unset shell variable. As a path it would be the current directory.
    if (flag.value !== null && (!token.value || (!token.inlineValue && token.value.startsWith("--")))) {
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${flag.value}`);
    }
    if (flag.repeats === true && token.value !== undefined) {
      lists.set(token.name, [...(lists.get(token.name) ?? []), token.value]);
      continue;
    }
    if (flags.has(token.name)) throw new UsageError(`${token.rawName} is given twice.`);
    flags.set(token.name, token.value ?? true);
  }
  return { flags, lists, words };
}

function unknownFlag(rawName: string, known: readonly string[]): UsageError {
  const close = nearest(rawName.replace(/^-+/, ""), known);
  const advice = close === null ? "--help lists the flags." : `Did you mean --${close}?`;
  return new UsageError(`There is no flag ${rawName}. ${advice}`);
}

/** The text of `--help`. */
export function helpText(command: CommandText): string {
  const flags = Object.entries({ ...command.flags, help: helpFlag });
  const heads = flags.map(([name, { value }]) => `--${name}${value === null ? "" : ` ${value}`}`);
  const width = Math.max(...heads.map((head) => head.length));
  const lines = [`Usage: ${command.usage}`, "", command.about, "", "Flags:"];
  for (const [index, [, { help }]] of flags.entries()) lines.push(`  ${(heads[index] ?? "").padEnd(width)}  ${help}`);
  lines.push("", "Examples:");
  for (const { line, about } of command.examples) lines.push(`  ${line}`, `      ${about}`);
  return `${lines.join("\n")}\n`;
}

/** The values of a repeatable flag. */
export function listFlag(typed: Typed, name: string): readonly string[] {
  return typed.lists.get(name) ?? [];
}

/** The value of a text flag, or `otherwise`. */
export function textFlag<T>(typed: Typed, name: string, otherwise: T): string | T {
  const value = typed.flags.get(name);
  return typeof value === "string" ? value : otherwise;
}

/** The value of a number flag, or `otherwise`. Throws UsageError for anything but a whole number between `min` and `max`. */
export function numberFlag(
  typed: Typed,
  name: string,
  { otherwise, min, max }: { readonly otherwise: number; readonly min: number; readonly max: number },
): number {
  const value = typed.flags.get(name);
  if (typeof value !== "string") return otherwise;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, but is "${value}".`);
}

/** The value of a text flag that must have a form, or `otherwise`. Throws UsageError that says the form. */
export function formFlag(
  typed: Typed,
  name: string,
  { otherwise, form, says }: { readonly otherwise: string; readonly form: RegExp; readonly says: string },
): string {
  const value = textFlag(typed, name, otherwise);
  if (form.test(value)) return value;
  throw new UsageError(`--${name} must be ${says}, but is "${value}".`);
}

/** The pairs of a flag like `a=1,b=2`, none when it is absent. Throws UsageError for other forms and for a name given twice. */
export function pairsFlag(typed: Typed, name: string): (readonly [string, string])[] {
  const given = textFlag(typed, name, null);
  if (given === null) return [];
  const read = given.split(",").map((pair) => {
    const at = pair.indexOf("=");
    const before = pair.slice(0, Math.max(0, at)).trim();
    if (before === "") throw new UsageError(`--${name} must be a list like a=1,b=2, but has "${pair}".`);
    return [before, pair.slice(at + 1).trim()] as const;
  });
  const twice = read.find(([first], index) => read.findIndex(([other]) => other === first) !== index);
  if (twice !== undefined) throw new UsageError(`--${name} has ${twice[0]} twice.`);
  return read;
}
