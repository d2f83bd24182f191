import type { Clock } from "../../lib/clock.ts";
import { CallFailedError } from "../call-failed-error.ts";
import { pause } from "../pause.ts";
import { idOf, instanceName } from "../text-table.ts";
import type { DrainEnd, WatchedDrains } from "./drain-progress.ts";
import type { Drain, DrainsReply, TaskOfService } from "./drain-reply.ts";
import type { DrainScreen } from "./drain-screen.ts";

/** LIMIT: a person sees the seconds move; each answer costs the server less than a millisecond. */
const intervalMs = 1_000;

export type DrainWatch = {
  readonly describe: () => Promise<DrainsReply>;
  readonly screen: DrainScreen;
  readonly clock: Clock;
  /** Null: for as long as it takes. */
  readonly timeoutMs: number | null;
  /** Aborted when nobody is watching any more. */
  readonly signal: AbortSignal;
};

/**
 * Watches drains until all are empty, the time is up, somebody has cancelled one, or nobody watches any more. Waits for a server
 * that does not answer for a while. Other errors pass.
 */
export async function watchDrains({ describe, screen, clock, timeoutMs, signal }: DrainWatch): Promise<DrainEnd> {
  const startMs = clock.now();
  let progress: WatchedDrains = { drains: [], emptySinceMs: new Map(), goneTasks: new Map(), problem: null };
  const seen: SeenTasks = new Map();
  const finish = (end: DrainEnd): DrainEnd => {
    screen.end(end, progress);
    return end;
  };
  for (;;) {
    const looked = await unlessAborted(look(describe, progress, seen, clock), signal);
    if (looked === null) return finish("interrupted");
    progress = looked;
    const nowMs = clock.now();
    screen.show(progress, nowMs);
    const end = endOf(progress) ?? (timeoutMs !== null && nowMs - startMs >= timeoutMs ? "timed-out" : null);
    if (end !== null) return finish(end);
    const restMs = timeoutMs === null ? intervalMs : Math.min(intervalMs, startMs + timeoutMs - nowMs);
    await pause(clock, restMs, signal);
    if (signal.aborted) return finish("interrupted");
  }
}

/** Every task seen on an instance while it drains, by its ARN, by the instance's ARN. As many as one instance has. */
type SeenTasks = Map<string, Map<string, TaskOfService>>;

/** Records the present tasks. Returns those that were present and have left. */
function goneOf(drain: Drain, seen: SeenTasks): TaskOfService[] {
  const known = seen.get(drain.containerInstanceArn) ?? new Map<string, TaskOfService>();
  seen.set(drain.containerInstanceArn, known);
  const { remaining } = drain;
  for (const { taskArn, service } of remaining) {
    known.set(taskArn, service === undefined ? { taskArn } : { taskArn, service });
  }
  const there = new Set(remaining.map(({ taskArn }) => taskArn));
  return [...known.values()].filter(({ taskArn }) => !there.has(taskArn));
}

async function look(
  describe: () => Promise<DrainsReply>,
  before: WatchedDrains,
  seen: SeenTasks,
  clock: Clock,
): Promise<WatchedDrains> {
  let reply: DrainsReply;
  try {
    reply = await describe();
  } catch (error) {
    if (!(error instanceof CallFailedError) || !error.mayPass) throw error;
    return { ...before, problem: error.message };
  }
  const drains = [...reply.drains, ...gone(reply, before)].sort((a, b) => (instanceName(a) < instanceName(b) ? -1 : 1));
  const emptySinceMs = new Map(
    drains
      .filter(({ finished }) => finished)
      .map(({ containerInstanceArn: arn }) => [arn, before.emptySinceMs.get(arn) ?? clock.now()]),
  );
  const goneTasks = new Map(drains.map((drain) => [drain.containerInstanceArn, goneOf(drain, seen)]));
  return { drains, emptySinceMs, goneTasks, problem: null };
}

/**
 * Drains that the server no longer knows. Whoever empties an instance may remove it before the last look, so one that was empty
 * counts as empty.
 */
function gone({ failures }: DrainsReply, before: WatchedDrains): Drain[] {
  return failures.map(({ arn, reason }) => {
    const known = before.drains.find(({ containerInstanceArn }) => idOf(containerInstanceArn) === idOf(arn));
    return { ...(known ?? unknown(arn)), ...(known?.finished === true ? {} : { status: reason }) };
  });
}

const unknown = (containerInstanceArn: string): Drain => ({
  containerInstanceArn,
  status: "",
  tasksAtStart: 0,
  tasksRemaining: 0,
  remaining: [],
  blockers: [],
  finished: false,
});

/** An instance that is neither draining nor empty will stay so: somebody has set it to ACTIVE, or removed it. */
function endOf({ drains, problem }: WatchedDrains): DrainEnd | null {
  if (problem !== null || drains.length === 0) return null;
  if (drains.every(({ finished }) => finished)) return "finished";
  return drains.some(({ finished, status }) => !finished && status !== "DRAINING") ? "cancelled" : null;
}

/** The result of the work, or null if the signal is aborted first. A later error is ignored. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(null);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
