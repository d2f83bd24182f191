import { elapsedText } from "../flags/durations.ts";
import { aligned, counted, instanceName } from "../text-table.ts";
import type { Drain, DrainHold, TaskOfService } from "./drain-reply.ts";
import { groupBy, whoAndHowMany } from "./drain-text.ts";

/** Everything known about the watched drains. */
export type WatchedDrains = {
  /** In the order of their names. */
  readonly drains: readonly Drain[];
  /** When each drain was first seen empty, by ARN. */
  readonly emptySinceMs: ReadonlyMap<string, number>;
  /** The tasks that were seen on each instance and have left it, by the instance's ARN. */
  readonly goneTasks: ReadonlyMap<string, readonly TaskOfService[]>;
  /** Why there is no newer answer. Null if there is. */
  readonly problem: string | null;
};

/** The size of a terminal. */
export type Space = { readonly columns: number; readonly rows: number };

const barWidth = 20;
/** LIMIT: how many groups of an instance's waiting tasks to show; --json has all. */
const holdsShown = 8;

/** The progress as lines that fit into a terminal: for each instance a bar and, below it, what its tasks wait for. */
export function progressLines(progress: WatchedDrains, nowMs: number, { columns, rows }: Space): string[] {
  const { drains, problem } = progress;
  const left = drains.reduce((sum, { tasksRemaining }) => sum + tasksRemaining, 0);
  const lines = [`Draining ${counted(drains.length, "container instance")}: ${leftText(left)}`];
  // Finished drains need the least attention.
  const ordered = [...drains.filter(({ finished }) => !finished), ...drains.filter(({ finished }) => finished)];
  const heads = aligned(ordered.map((drain) => headOf(drain, progress, nowMs)));
  for (const [index, drain] of ordered.entries()) {
    const gone = drain.finished ? goneRows(progress.goneTasks.get(drain.containerInstanceArn) ?? []) : [];
    lines.push(heads[index] ?? "", ...aligned([...holdRows(drain, nowMs), ...gone], "    "));
  }
  if (problem !== null) lines.push(`No answer: ${problem}`);
  // The cursor is on the line below the last.
  const room = Math.max(2, rows - 1);
  const shown =
    lines.length <= room ? lines : [...lines.slice(0, room - 1), `... ${lines.length - room + 1} more lines`];
  return shown.map((line) => (line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`));
}

function headOf(drain: Drain, { emptySinceMs }: WatchedDrains, nowMs: number): string[] {
  const {
    containerInstanceArn,
    startedAt,
    deadlineAt,
    tasksRemaining,
    tasksAtStart = tasksRemaining,
    finished,
  } = drain;
  const untilMs = emptySinceMs.get(containerInstanceArn) ?? nowMs;
  const elapsed = startedAt === undefined ? "" : elapsedText(untilMs - startedAt * 1_000);
  const deadline = deadlineAt === undefined || finished ? "" : `deadline in ${elapsedText(deadlineAt * 1_000 - nowMs)}`;
  const tasks = finished ? "empty" : `${tasksRemaining} of ${tasksAtStart} left`;
  return [instanceName(drain), barOf(drain), tasks, elapsed, standingOf(drain) ?? deadline];
}

/** Anything unusual about the status of a draining instance. */
const standingOf = ({ status, finished }: Drain): string | null =>
  status === "DRAINING" || finished ? null : `is ${status}`;

/** There can be more tasks than at the start: StartTask adds them, though a task that was PENDING elsewhere cannot arrive. */
function barOf({ tasksRemaining, tasksAtStart = tasksRemaining, finished }: Drain): string {
  const gone = Math.max(0, tasksAtStart - tasksRemaining);
  const share = finished || tasksAtStart === 0 ? 1 : gone / tasksAtStart;
  // Full only if nothing is left.
  const full = finished ? barWidth : Math.min(barWidth - 1, Math.floor(share * barWidth));
  return `${"█".repeat(full)}${"░".repeat(barWidth - full)}`;
}

/** What blocks the drain, then what is on its way. */
function holdRows({ blockers, remaining }: Drain, nowMs: number): string[][] {
  const blocked = new Set(blockers.map(({ taskArn }) => taskArn));
  const waits = remaining.flatMap(({ reason, ...task }) =>
    reason === undefined || blocked.has(task.taskArn) ? [] : [{ ...task, reason }],
  );
  const rows = [
    ...groupBy(blockers, sameHold).map((group) => holdRow("blocked", group, nowMs)),
    ...groupBy(waits, sameHold).map((group) => holdRow("waits", group, nowMs)),
  ];
  const more = rows.length - holdsShown;
  return more > 0 ? [...rows.slice(0, holdsShown), [`and ${more} more`]] : rows;
}

/**
 * The tasks that left an instance that is now empty: tasks of services run elsewhere or are no longer needed, others have ended.
 */
function goneRows(tasks: readonly TaskOfService[]): string[][] {
  const groups = groupBy(tasks, ({ service, taskArn }) => service ?? taskArn);
  const rows = groups.map((group) => {
    const isOfService = group[0]?.service !== undefined;
    return [isOfService ? "moved" : "ended", ...whoAndHowMany(group)].map(withShortIds);
  });
  const more = rows.length - holdsShown;
  return more > 0 ? [...rows.slice(0, holdsShown), [`and ${more} more`]] : rows;
}

const sameHold = ({ service, reason, detail }: DrainHold): string => JSON.stringify([service ?? null, reason, detail]);

/** Short ids are enough to compare. The plan and --json have the full ones. */
const withShortIds = (text: string): string => text.replace(/\b([0-9a-f]{8})[0-9a-f]{24}\b/g, "$1…");

function holdRow(kind: "blocked" | "waits", group: readonly DrainHold[], nowMs: number): string[] {
  const [first] = group;
  const since = Math.min(...group.map((hold) => hold.since ?? Number.POSITIVE_INFINITY));
  const time = Number.isFinite(since) ? `for ${elapsedText(nowMs - since * 1_000)}` : "";
  const row = [kind, ...whoAndHowMany(group), first?.reason ?? "", time, first?.detail ?? ""];
  return row.map(withShortIds);
}

/** One drain in one line without elapsed times, so that it changes only if something happened. */
export function changeText(drain: Drain, gone: readonly TaskOfService[] = []): string {
  const name = instanceName(drain);
  if (drain.finished) {
    const rows = goneRows(gone).map((row) => row.filter((cell) => cell !== "").join(" "));
    return `${name}: empty${rows.length === 0 ? "" : ` (${rows.join(", ")})`}`;
  }
  const tasks = `${drain.tasksRemaining} of ${counted(drain.tasksAtStart ?? drain.tasksRemaining, "task")} left`;
  const standing = standingOf(drain);
  const groups = groupBy(drain.blockers, ({ service, reason }) => JSON.stringify([service ?? null, reason]));
  const blocked = groups.map(
    (group) =>
      `${whoAndHowMany(group)
        .filter((part) => part !== "")
        .join(", ")} (${group[0]?.reason ?? ""})`,
  );
  return [
    `${name}: ${tasks}`,
    ...(standing === null ? [] : [standing]),
    ...(blocked.length === 0 ? [] : [`blocked: ${blocked.join(", ")}`]),
  ].join("; ");
}

export type DrainEnd = "finished" | "timed-out" | "interrupted" | "cancelled";

/** The last line of a watch, for a person. */
export function endText(end: DrainEnd, { drains }: WatchedDrains, references: readonly string[]): string {
  const words = `berth drain ${references.join(" ")}`;
  const left = drains.filter(({ finished }) => !finished);
  switch (end) {
    case "finished":
      return drains.length === 1 ? "The drain is finished." : `All ${drains.length} drains are finished.`;
    case "timed-out": {
      const names = left.map(instanceName).join(", ");
      return `Not empty in time: ${names}. The drain goes on: \`${words} --watch\` follows it, --cancel ends it.`;
    }
    case "interrupted":
      return `The drain goes on without you: \`${words} --watch\` follows it again, --cancel ends it.`;
    case "cancelled": {
      const ended = left.filter(({ status }) => status !== "DRAINING");
      const standings = ended.map((drain) => `${instanceName(drain)} (${drain.status})`).join(", ");
      return `Not empty, and no longer draining: ${standings}.`;
    }
  }
}

const leftText = (tasks: number): string => (tasks === 0 ? "no tasks left" : `${counted(tasks, "task")} left`);
