import { systemClock } from "../lib/system-clock.ts";
import { apiFlags, apiHelp, clusterMember, openApi } from "./api-client.ts";
import { runCommand } from "./command.ts";
import { durationFlag } from "./flags/durations.ts";
import { type CommandText, type Typed, textFlag, UsageError } from "./flags/flags.ts";
import { LogPrinter } from "./logs/log-printer.ts";
import { type FoundContainers, LogFinder } from "./logs/logged-containers.ts";
import { followLogs, readLogs } from "./logs/read-logs.ts";

/** What a shell shows for a program that Ctrl+C has ended. */
const interruptedCode = 130;
/** LIMIT: AWS's longest retention is ten years. */
const agoMaxMs = 3_653 * 86_400_000;

export const logsCommand: CommandText = {
  usage: "berth logs TASK|SERVICE|FAMILY [flags]",
  about: `Shows what the containers of tasks have written, merged by time. TASK is an id or ARN; a name is that of a service, or else of a task
definition family, and means its newest 50 tasks, stopped ones included. The containers must have the log driver awslogs: the command
reads their log streams from CloudWatch Logs, which is part of Berth.
With --follow it shows new lines as they come, and the lines of new tasks. It ends when the task has stopped, or with Ctrl+C.
Exit codes: 0 the logs were shown, 1 no container of these tasks logs to CloudWatch Logs, 2 no answer, 130 Ctrl+C.
${apiHelp}`,
  flags: {
    container: { value: "NAME", help: "Only this container of each task." },
    since: {
      value: "TIME",
      help: "From this time on: how long ago, such as 10m, or a date such as 2026-11-28T15:00Z.",
    },
    until: { value: "TIME", help: "Up to this time, likewise. Not with --follow." },
    follow: { value: null, help: "Go on and show new lines as they come." },
    timestamps: { value: null, help: "Show the time of each line." },
    ...apiFlags,
    json: {
      value: null,
      help: "Print one JSON object per line: timestamp, taskId, container, logGroup, logStream, message.",
    },
  },
  examples: [
    { line: "berth logs web --follow --since 5m", about: "The last five minutes of the service web, and what comes." },
    {
      line: "berth logs 0123456789abcdef0123456789abcdef --container app",
      about: "Everything that one container wrote.",
    },
    { line: "berth logs batch --since 1h --json | jq -r .message", about: "The messages alone, for another program." },
  ],
};

/** `berth logs`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(logsCommand, argv, logs);
}

/** What the command line asks for. Times are epoch milliseconds. */
export type LogsQuestion = {
  readonly word: string;
  readonly container: string | null;
  readonly since: number | null;
  readonly until: number | null;
  readonly isFollowed: boolean;
};

/** Reads the command line at `now`. Throws UsageError. */
export function logsQuestion(typed: Typed, now: number): LogsQuestion {
  const [word, ...more] = typed.words;
  if (word === undefined || more.length > 0) {
    throw new UsageError("Whose logs? Name one task, service or task definition family: berth logs web");
  }
  const isFollowed = typed.flags.has("follow");
  const [since, until] = [timeFlag(typed, "since", now), timeFlag(typed, "until", now)];
  if (isFollowed && until !== null) throw new UsageError("--follow and --until exclude each other.");
  if (since !== null && until !== null && since >= until) throw new UsageError("--since must be before --until.");
  return { word, container: textFlag(typed, "container", null), since, until, isFollowed };
}

function timeFlag(typed: Typed, name: string, now: number): number | null {
  const given = textFlag(typed, name, null);
  if (given === null) return null;
  if (/^(\d+[smhd])+$/.test(given)) return now - (durationFlag(typed, name, { minMs: 1_000, maxMs: agoMaxMs }) ?? 0);
  const time = /^\d{4}-\d\d-\d\d/.test(given) ? Date.parse(given) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(
    `--${name} must be how long ago, such as 10m, or a date such as 2026-11-28T15:00Z, but is "${given}".`,
  );
}

async function logs(typed: Typed): Promise<void> {
  const question = logsQuestion(typed, systemClock.wall());
  const api = openApi(typed);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  // The reader has gone away, as `head` does.
  process.stdout.on("error", interrupt);
  try {
    const finder = new LogFinder(api, { ...question, cluster: clusterMember(typed) });
    const found = await finder.find();
    complain(found);
    if (found.logged.length === 0 && !question.isFollowed) return;
    const printer = printerFor(typed, found, question);
    const options = {
      api,
      find: () => finder.find(),
      since: question.since,
      until: question.until,
      clock: systemClock,
      signal: interrupted.signal,
      show: printer.show.bind(printer),
    };
    await (question.isFollowed ? followLogs(found, options) : readLogs(found, options));
    if (interrupted.signal.aborted) process.exitCode = interruptedCode;
    else if (printer.count === 0) process.stderr.write("berth: Nothing was logged in this time.\n");
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    api.close();
  }
}

/** Says once per container where its output is instead. */
function complain({ logged, others }: FoundContainers): void {
  for (const advice of new Set(others.map((other) => other.advice))) process.stderr.write(`berth: ${advice}\n`);
  if (logged.length === 0) process.exitCode = 1;
}

function printerFor(typed: Typed, found: FoundContainers, { isFollowed }: LogsQuestion): LogPrinter {
  const { stdout, env } = process;
  return new LogPrinter({
    write: (text) => stdout.write(text),
    isJson: typed.flags.has("json"),
    timestamps: typed.flags.has("timestamps"),
    isColoured: stdout.isTTY === true && env.NO_COLOR === undefined && env.TERM !== "dumb",
    isNamed: found.logged.length > 1 || (isFollowed && found.mayGoOn),
  });
}
