import { readFileSync, statSync } from "node:fs";
import { parseEnv } from "node:util";
import { UsageError } from "../flags/flags.ts";

/** LIMIT: a task definition has room for a few hundred secrets; a larger file is another kind of file. */
const fileBytesMax = 1_048_576;
const variablesMax = 1_000;

/** A variable of a .env file. */
export type Variable = { readonly name: string; readonly value: string };

/**
 * The variables of a .env file, by name: `NAME=value` lines, with comments, quotes, and `export` before a name. Throws UsageError, which never
 * repeats a value, for a file that can't be read or has none, and for names and values that no secret can have.
 */
export function readEnvFile(path: string): readonly Variable[] {
  const variables = Object.entries(parseEnv(textOf(path))).map(([name, value]) => ({ name, value: value ?? "" }));
  if (variables.length === 0) throw new UsageError(`${path} has no line such as DB_PASSWORD=value.`);
  if (variables.length > variablesMax) throw new UsageError(`${path} has more than ${variablesMax} variables.`);
  for (const { name, value } of variables) {
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) throw new UsageError(`${path} has a line whose name is not a variable's.`);
    if (value === "") {
      throw new UsageError(`${name} has no value in ${path}, and AWS keeps no empty secret. Remove the line.`);
    }
  }
  return variables;
}

function textOf(path: string): string {
  try {
    if (statSync(path).size > fileBytesMax) throw new UsageError(`${path} is larger than ${fileBytesMax} bytes.`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const reason = cause instanceof TypeError ? "it is not UTF-8" : (cause as Error).message;
    throw new UsageError(`${path} can't be read: ${reason}.`, { cause });
  }
}
