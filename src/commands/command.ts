import { SealError } from "../auth/seal-key.ts";
import { StartError } from "../server/start-error.ts";
import { StoreError } from "../store/store.ts";
import { CallFailedError } from "./call-failed-error.ts";
import { type CommandText, helpText, parseFlags, type Typed, UsageError } from "./flags.ts";

/**
 * Runs a command of the command line: shows its help, or gives `run` what was typed. Errors that the user can mend are told in
 * one line on standard error, with exit code 2 for a wrong command line or a call that failed, and 1 for the rest; others pass.
 */
export async function runCommand(
  command: CommandText,
  argv: readonly string[],
  run: (typed: Typed) => Promise<void>,
): Promise<void> {
  try {
    const typed = parseFlags(command, argv);
    if (typed.flags.has("help")) {
      process.stdout.write(helpText(command));
      return;
    }
    await run(typed);
  } catch (error) {
    if (!isMendable(error)) throw error;
    process.stderr.write(`berth: ${error.message}\n`);
    process.exitCode = error instanceof UsageError || error instanceof CallFailedError ? 2 : 1;
  }
}

function isMendable(error: unknown): error is Error {
  return (
    error instanceof UsageError ||
    error instanceof CallFailedError ||
    error instanceof StartError ||
    error instanceof StoreError ||
    error instanceof SealError
  );
}
