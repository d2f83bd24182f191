import { PackedTextError } from "./packed-texts.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html). Extended codes have them in their low byte. */
const codes = { busy: 5, readOnly: 8, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;

/** Whether `error` comes from SQLite with this result code. */
export function hasSqliteCode(error: unknown, code: keyof typeof codes): boolean {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return false;
  return (error.errcode & 0xff) === codes[code];
}

/** Whether pages or rows of the file are invalid. A retry gives the same result. */
export const isDamage = (error: unknown): boolean =>
  error instanceof PackedTextError || hasSqliteCode(error, "corrupt") || hasSqliteCode(error, "notADatabase");

/** What an operator does about damage. */
export const damageAdvice =
  'Stop Berth and run "berth check" on the data directory: it says what is lost and what to do.';
