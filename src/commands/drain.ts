import { systemClock } from "../lib/system-clock.ts";
import { type ApiClient, apiFlags, apiHelp, clusterMember, openApi } from "./api-client.ts";
import { CallFailedError } from "./call-failed-error.ts";
import { runCommand } from "./command.ts";
import {
  allInstances,
  candidatesText,
  type DrainInstance,
  namesOf,
  resolveInstances,
} from "./drain/drain-instances.ts";
import type { CancelDrainReply, DrainPlan, DrainsReply, Failure } from "./drain/drain-reply.ts";
import { type DrainScreen, jsonScreen, lineScreen, terminalScreen } from "./drain/drain-screen.ts";
import { planText, startText } from "./drain/drain-text.ts";
import { watchDrains } from "./drain/drain-watch.ts";
import { durationFlag } from "./flags/durations.ts";
import { type CommandText, type Typed, UsageError } from "./flags/flags.ts";
import { idOf } from "./text-table.ts";

/** LIMIT: as many as the operations accept in one call. */
const instancesMax = 100;
/** LIMIT: that of StartDrain. */
const deadlineMaxMs = 2 * 86_400_000;
/** LIMIT: nobody waits for a week. */
const timeoutMaxMs = 7 * 86_400_000;
/** What a shell shows for a program that Ctrl+C has ended. */
const interruptedCode = 130;

export const drainCommand: CommandText = {
  usage: "berth drain INSTANCE...|--all [--plan | --watch | --cancel] [flags]",
  about: `Sets container instances to DRAINING: they take no new tasks, and tasks of services move elsewhere as their minimum and maximum
percent allow. Tasks without a service stay until they end. INSTANCE is an id, an ARN, or how an EC2 instance id begins;
without one the command lists the cluster's container instances.
Exit codes of --watch: 0 all are empty, 1 the --timeout has passed or somebody has cancelled the drain. Of --plan: 0 the drain would finish
by itself, 1 it would not. Of both: 2 no answer. Ctrl+C stops watching, not the drain.
${apiHelp}`,
  flags: {
    all: {
      value: null,
      help: `All container instances of the cluster that are ACTIVE; with --cancel, that are DRAINING (up to ${instancesMax}).`,
    },
    plan: { value: null, help: "Change nothing: show what would move where, and what would block the drain." },
    watch: { value: null, help: "Start the drain unless it is running, and show its progress until it is finished." },
    cancel: { value: null, help: "Set the container instances to ACTIVE again. Tasks that moved stay where they are." },
    deadline: {
      value: "TIME",
      help: "Stop the remaining tasks after this time, such as 10m (--time-scale shortens it).",
    },
    timeout: { value: "TIME", help: "With --watch: stop watching after this time; the drain continues." },
    ...apiFlags,
    json: {
      value: null,
      help: "Print the reply; with --watch a line of JSON for each change (docs/berth-api.md, DescribeDrain).",
    },
  },
  examples: [
    { line: "berth drain i-0a1b --plan", about: "What would happen?" },
    {
      line: "berth drain i-0a1b --watch --deadline 15m",
      about: "Empties it within a quarter of an hour, and shows the progress.",
    },
    { line: "berth drain i-0a1b i-0c2d --watch --timeout 30m --json", about: "For scripts: a line for each change." },
    { line: "berth drain i-0a1b --cancel", about: "It takes tasks again." },
    { line: "berth drain --all --plan", about: "What would have no place to go if every host went away?" },
  ],
};

/** `berth drain`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(drainCommand, argv, drain);
}

/** The request, as far as the command line alone determines it. */
type Question = {
  readonly mode: "start" | "plan" | "watch" | "cancel";
  readonly references: readonly string[];
  /** All of the cluster, instead of references. */
  readonly isAll: boolean;
  readonly deadlineMs: number | null;
  readonly timeoutMs: number | null;
  readonly isJson: boolean;
};

const whichInstance = "Which container instance? Give an id, an ARN, or how an EC2 id begins, or --all.";

/** Reads the command line. Throws UsageError for flags that exclude each other, and for too many instances. */
export function drainQuestion(typed: Typed): Question {
  const modes = (["plan", "watch", "cancel"] as const).filter((mode) => typed.flags.has(mode));
  if (modes.length > 1) throw new UsageError(`--${modes[0]} and --${modes[1]} exclude each other.`);
  const [mode = "start"] = modes;
  const isAll = typed.flags.has("all");
  if (isAll && typed.words.length > 0) throw new UsageError(`--all and ${typed.words[0]} exclude each other.`);
  if (typed.words.length > instancesMax) throw new UsageError(`At most ${instancesMax} container instances at once.`);
  const deadlineMs = durationFlag(typed, "deadline", { minMs: 1_000, maxMs: deadlineMaxMs });
  const timeoutMs = durationFlag(typed, "timeout", { minMs: 1_000, maxMs: timeoutMaxMs });
  if (deadlineMs !== null && mode !== "start" && mode !== "watch") {
    throw new UsageError(`--deadline is for a drain that starts, not for --${mode}.`);
  }
  if (timeoutMs !== null && mode !== "watch") throw new UsageError("--timeout is for --watch.");
  return {
    mode,
    references: isAll ? ["--all"] : typed.words,
    isAll,
    deadlineMs,
    timeoutMs,
    isJson: typed.flags.has("json"),
  };
}

async function drain(typed: Typed): Promise<void> {
  const question = drainQuestion(typed);
  const cluster = clusterMember(typed);
  const api = openApi(typed);
  try {
    const instances = await instancesOf(question, api, cluster);
    const drained: Drained = { api, cluster, instances, question };
    if (question.mode === "plan") await plan(drained);
    else if (question.mode === "cancel") await cancel(drained);
    else if (question.mode === "watch") await watch(drained);
    else await start(drained);
  } finally {
    api.close();
  }
}

/** Throws UsageError that lists the candidates if no instance was named. */
async function instancesOf(
  { references, isAll, mode }: Question,
  api: ApiClient,
  cluster: Drained["cluster"],
): Promise<DrainInstance[]> {
  if (references.length === 0) throw new UsageError(`${whichInstance}${await candidates(api, cluster)}`);
  if (!isAll) return resolveInstances(api, cluster, references);
  const wanted = mode === "cancel" ? "DRAINING" : "ACTIVE";
  // A watched drain may have begun before.
  const fitting = (await allInstances(api, cluster)).filter(
    ({ status }) => status === wanted || (mode === "watch" && status === "DRAINING"),
  );
  if (fitting.length === 0) throw new UsageError(`No container instance of the cluster is ${wanted}.`);
  if (fitting.length > instancesMax) {
    throw new UsageError(`${fitting.length} container instances are ${wanted}: name at most ${instancesMax} of them.`);
  }
  return fitting;
}

/** The container instances that could be named, on lines of their own. Empty if there is no answer. */
async function candidates(api: ApiClient, cluster: Drained["cluster"]): Promise<string> {
  try {
    return candidatesText(await allInstances(api, cluster));
  } catch (error) {
    if (error instanceof CallFailedError) return ` (${error.message})`;
    throw error;
  }
}

type Drained = {
  readonly api: ApiClient;
  readonly cluster: { readonly cluster?: string };
  readonly instances: readonly DrainInstance[];
  readonly question: Question;
};

const arnsOf = (instances: readonly DrainInstance[]): string[] => instances.map(({ arn }) => arn);

async function plan({ api, cluster, instances, question }: Drained): Promise<void> {
  const request = { ...cluster, containerInstances: arnsOf(instances) };
  const reply = (await api.berth("PlanDrain", request)) as DrainPlan;
  if (!reply.finishes) process.exitCode = 1;
  if (question.isJson) return printJson(reply);
  const targets = reply.moves.flatMap(({ toContainerInstanceArn: to }) => (to === undefined ? [] : [to]));
  print(planText(reply, await namesOf(api, cluster, [...reply.containerInstances, ...targets])));
}

async function cancel({ api, cluster, instances, question }: Drained): Promise<void> {
  const request = { ...cluster, containerInstances: arnsOf(instances) };
  const reply = (await api.berth("CancelDrain", request)) as CancelDrainReply;
  complain(reply.failures, instances);
  if (question.isJson) return printJson(reply);
  for (const { arn, name, status } of instances) {
    if (!reply.containerInstances.includes(arn)) continue;
    print(
      status === "DRAINING" ? `${name} is ACTIVE again.\n` : `${name} was not draining: it is ${status} as before.\n`,
    );
  }
}

async function start(drained: Drained): Promise<void> {
  const reply = await startDrain(drained, drained.instances);
  complain(reply.failures, drained.instances);
  if (drained.question.isJson) return printJson(reply);
  print(startText(reply.drains, drained.question.references, systemClock.now()));
}

async function startDrain(
  { api, cluster, question }: Drained,
  instances: readonly DrainInstance[],
): Promise<DrainsReply> {
  const { deadlineMs } = question;
  const deadline = deadlineMs === null ? {} : { deadlineSeconds: deadlineMs / 1_000 };
  const request = { ...cluster, containerInstances: arnsOf(instances), ...deadline };
  return (await api.berth("StartDrain", request)) as DrainsReply;
}

async function watch(drained: Drained): Promise<void> {
  const { api, cluster, instances, question } = drained;
  // A running drain keeps its deadline unless the user gives another.
  const toStart = instances.filter(({ status }) => status !== "DRAINING" || question.deadlineMs !== null);
  if (toStart.length > 0) {
    const { failures } = await startDrain(drained, toStart);
    complain(failures, instances);
    if (failures.length > 0) return;
  }
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  // The reader has gone away, as `head` does.
  process.stdout.on("error", interrupt);
  const request = { ...cluster, containerInstances: arnsOf(instances) };
  const end = await watchDrains({
    describe: async () => (await api.berth("DescribeDrain", request)) as DrainsReply,
    screen: screenFor(question),
    clock: systemClock,
    timeoutMs: question.timeoutMs,
    signal: interrupted.signal,
  });
  process.off("SIGINT", interrupt);
  process.off("SIGTERM", interrupt);
  if (end !== "finished") process.exitCode = end === "interrupted" ? interruptedCode : 1;
}

function screenFor({ isJson, references }: Question): DrainScreen {
  if (isJson) return jsonScreen(print);
  const { stdout } = process;
  if (!stdout.isTTY) return lineScreen(print, systemClock.now(), references);
  return terminalScreen(print, () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }), references);
}

/** Reports what could not be done, with the names that a person knows. */
function complain(failures: readonly Failure[], instances: readonly DrainInstance[]): void {
  for (const { arn, reason } of failures) {
    const name = instances.find((instance) => idOf(instance.arn) === idOf(arn))?.name ?? arn;
    process.stderr.write(`berth: ${name}: ${reason}\n`);
    process.exitCode = 1;
  }
}

function print(text: string): void {
  process.stdout.write(text);
}

function printJson(value: object): void {
  print(`${JSON.stringify(value)}\n`);
}
