import { elapsedText } from "../flags/durations.ts";
import { aligned, counted, idOf, instanceName } from "../text-table.ts";
import type { Drain, DrainPlan, TaskOfService } from "./drain-reply.ts";

/** LIMIT: as many targets as fit on a line; --json has them all. */
const targetsShown = 3;

/** How a person names a task: by its service, or by its own id. */
export const ownerOf = ({ service, taskArn }: TaskOfService): string => service ?? `task ${idOf(taskArn)}`;

/** What a drain would do, instance by instance. `names` has the container instances by ARN. */
export function planText(plan: DrainPlan, names: ReadonlyMap<string, string>): string {
  const nameOf = (arn: string): string => names.get(arn) ?? idOf(arn);
  const sections = plan.containerInstances
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .map((arn) => [nameOf(arn), planRows(plan, arn, nameOf)] as const);
  // Aligned over all instances, so that columns are easy to scan.
  const lines = aligned(sections.flatMap(([, rows]) => rows));
  const text: string[] = [];
  let at = 0;
  for (const [name, rows] of sections) {
    text.push(
      rows.length === 0 ? `${name} has no tasks.` : name,
      ...lines.slice(at, at + rows.length).map((line) => `  ${line}`),
      "",
    );
    at += rows.length;
  }
  text.push(planEnd(plan));
  return `${text.join("\n")}\n`;
}

function planRows(plan: DrainPlan, arn: string, nameOf: (arn: string) => string): string[][] {
  const here = <T extends { readonly containerInstanceArn: string }>(entries: readonly T[]): T[] =>
    entries.filter((entry) => entry.containerInstanceArn === arn);
  const moves = groupBy(
    plan.moves.filter((move) => move.fromContainerInstanceArn === arn),
    (move) => JSON.stringify([ownerOf(move), move.startsFirst]),
  );
  return [
    ...moves.map((group) => [
      "moves",
      ...whoAndHowMany(group),
      `to ${targetsText(group.map(({ toContainerInstanceArn: to }) => (to === undefined ? "Fargate" : nameOf(to))))}`,
      group[0]?.startsFirst === true ? "replacement first" : "stops first",
    ]),
    ...groupBy(here(plan.stops), sameReason).map((group) => [
      "stops",
      ...whoAndHowMany(group),
      reasonOf(group),
      group[0]?.detail ?? "",
    ]),
    ...groupBy(here(plan.blockers), sameReason).map((group) => [
      "blocked",
      ...whoAndHowMany(group),
      reasonOf(group),
      group[0]?.detail ?? "",
    ]),
    ...groupBy(here(plan.stays), sameReason).map((group) => ["stays", ...whoAndHowMany(group), reasonOf(group)]),
  ];
}

function planEnd({ moves, blockers, stays, finishes }: DrainPlan): string {
  if (finishes) return `The drain would finish by itself, with ${counted(moves.length, "task")} moved.`;
  const left = [
    ...(blockers.length === 0
      ? []
      : [`${counted(blockers.length, "task")} ${blockers.length === 1 ? "is" : "are"} blocked`]),
    ...(stays.length === 0
      ? []
      : [`${counted(stays.length, "task")} ${stays.length === 1 ? "stays until it ends" : "stay until they end"}`]),
  ];
  return `The drain would not finish by itself${left.length === 0 ? "" : `: ${left.join(", ")}`}.`;
}

type WithReason = TaskOfService & { readonly reason: string; readonly detail?: string };

const sameReason = (task: WithReason): string => JSON.stringify([task.service ?? null, task.reason, task.detail]);
const reasonOf = (group: readonly WithReason[]): string => group[0]?.reason ?? "";

/** Groups in the order of their owners. Standalone tasks with the same texts share a group. */
export function groupBy<T extends TaskOfService>(entries: readonly T[], keyOf: (entry: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const entry of entries) {
    const group = groups.get(keyOf(entry));
    if (group === undefined) groups.set(keyOf(entry), [entry]);
    else group.push(entry);
  }
  return [...groups.values()].sort((a, b) => (firstOwner(a) < firstOwner(b) ? -1 : 1));
}

// Services before tasks without one.
const firstOwner = ([first]: readonly TaskOfService[]): string =>
  first === undefined ? "" : first.service === undefined ? `~${first.taskArn}` : first.service;

/** A service and its number of tasks, or a standalone task by its id. */
export function whoAndHowMany(group: readonly TaskOfService[]): [who: string, howMany: string] {
  const [first] = group;
  if (first === undefined) return ["", ""];
  if (first.service !== undefined) return [first.service, counted(group.length, "task")];
  return group.length === 1 ? [ownerOf(first), ""] : ["without a service", counted(group.length, "task")];
}

function targetsText(targets: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const target of targets) counts.set(target, (counts.get(target) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const shown = sorted.slice(0, targetsShown).map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  const more = sorted.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

/** The text printed when a drain starts. `references` are the words on the command line. */
export function startText(drains: readonly Drain[], references: readonly string[], nowMs: number): string {
  const lines = drains.map((drain) => {
    const tasks = drain.tasksRemaining === 0 ? "it is empty" : `${counted(drain.tasksRemaining, "task")} to go`;
    const deadline =
      drain.deadlineAt === undefined || drain.finished
        ? ""
        : `; what is left in ${elapsedText(drain.deadlineAt * 1_000 - nowMs)} is stopped`;
    return `${instanceName(drain)} is ${drain.status}: ${tasks}${deadline}.`;
  });
  if (drains.some(({ finished }) => !finished)) {
    lines.push(`\`berth drain ${references.join(" ")} --watch\` follows the drain, --cancel ends it.`);
  }
  return lines.map((line) => `${line}\n`).join("");
}
