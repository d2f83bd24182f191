import { SealError } from "../auth/seal-key.ts";
import { StartError } from "../server/start-error.ts";
import { StoreError } from "../store/store.ts";
import { CallFailedError } from "./call-failed-error.ts";
import { type CommandText, helpText, parseFlags, type Typed, UsageError } from "./flags/flags.ts";

/**
 * Runs a command: shows its help, or passes the parsed command line to `run`. Errors that the user can fix become one line on
 * standard error, with exit code 2 for a wrong command line or a failed call, and 1 for the rest. Other errors pass.
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
