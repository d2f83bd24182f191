import { checkDataDirectory, type DirectoryReport, type Finding } from "../server/check/check-data-directory.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { StoreError } from "../store/store.ts";
import { runCommand } from "./command.ts";
import { type CommandText, type Typed, textFlag, UsageError } from "./flags/flags.ts";
import { expectNoWords } from "./flags/server-flags.ts";

const command: CommandText = {
  usage: "berth check --data-dir DIR [flags]",
  about: `Checks a data directory: the pages of the database, every document, the resources that tasks hold, the events, the access keys,
and whether acknowledged writes are missing. Says what is lost and what to do. Writes nothing. If a server is running on it, checks
a snapshot.
Exit codes: 0 all is well, 1 something is wrong, 2 it could not be checked.`,
  flags: {
    "data-dir": { value: "DIR", help: "The data directory." },
    "accept-loss": {
      value: null,
      help: "Continue without the missing acknowledged writes: /health stops reporting them. The server must be stopped.",
    },
    json: { value: null, help: "Print JSON." },
  },
  examples: [
    {
      line: "berth check --data-dir /var/lib/berth",
      about: "Before an important start, or after a disk fault.",
    },
    {
      line: "berth check --data-dir /backup && echo good",
      about: "Whether a backup, with its seal.key, can be restored.",
    },
  ],
};

/** `berth check`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(command, argv, check);
}

async function check(typed: Typed): Promise<void> {
  expectNoWords(typed);
  const dataDir = textFlag(typed, "data-dir", null);
  if (dataDir === null) throw new UsageError("--data-dir DIR is needed: the data directory.");
  try {
    const report = checkDataDirectory(dataDir);
    // Only once we know what is there: opening a store creates a missing one.
    const accepted = typed.flags.has("accept-loss") ? await acceptLoss(dataDir) : 0;
    const after = accepted === 0 ? report : checkDataDirectory(dataDir);
    if (typed.flags.has("json")) process.stdout.write(`${JSON.stringify({ ...after, accepted })}\n`);
    else process.stdout.write(reportText(after, accepted));
    if (after.findings.length > 0) process.exitCode = 1;
  } catch (error) {
    throw error instanceof StoreError ? new UsageError(error.message, { cause: error }) : error;
  }
}

async function acceptLoss(dataDir: string): Promise<number> {
  const store = new SqliteStore({ dataDir });
  try {
    return store.acceptMissing();
  } finally {
    await store.close();
  }
}

function reportText(
  { file, pid, partitions, documents, events, findings, more }: DirectoryReport,
  accepted: number,
): string {
  const beside = pid === null ? "" : ` Process ${pid} has it open; this is a snapshot.`;
  const lines = [`${file}: ${documents} documents and ${events} events in ${partitions} partitions.${beside}`];
  if (accepted > 0) lines.push(`The loss of ${accepted} acknowledged appends is accepted.`);
  lines.push(...findings.map(findingText));
  if (more > 0) lines.push(`${more} more problems are not shown.`);
  const whole = partitions - new Set(findings.flatMap(({ partition }) => partition ?? [])).size;
  if (findings.length === 0) lines.push("All is well.");
  else lines.push(`${findings.length + more} problems; ${whole} of ${partitions} partitions have none of their own.`);
  return `${lines.join("\n")}\n`;
}

function findingText({ partition, document, text, advice }: Finding): string {
  const where = [partition, document].filter((part) => part !== null).join(", ");
  return `- ${where === "" ? "" : `${where}: `}${text}\n  ${advice}`;
}
