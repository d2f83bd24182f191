/**
 * `--time-scale`, `--timeline` and `--keep-stopped`: how long ECS's own processes take, and how long their results can be
 * described.
 */
import { type SimulatedTimes, scaledSimulatedTimes } from "../../agent/simulated/simulated-runtime.ts";
import { ecsTimeline, scaledTimeline, type Timeline } from "../../ecs/timeline.ts";
import { nearest } from "../../lib/nearest.ts";
import { durationFlag, lengthText } from "./durations.ts";
import { type Flag, type Typed, textFlag, UsageError } from "./flags.ts";

/** LIMIT: an hour then takes a second; anything faster would be over before anybody can look. */
const timeScaleMax = 3_600;

/** LIMIT: a year; none of ECS's own processes takes longer. */
const settingMsMax = 31_536_000_000;

/** LIMIT: 90 days, as long as ECS keeps the history of services; every stopped task takes memory until then. */
const keepStoppedMsMax = ecsTimeline.serviceHistoryMs;

export const timelineFlag = {
  timeline: {
    value: "NAME=MS,...",
    help: "Times that replace ECS's, in milliseconds, such as healthyHoldMs=10000; docs/operations.md lists the names.",
  },
  "keep-stopped": {
    value: "TIME",
    help: "How long stopped tasks and INACTIVE instances and services can be described, such as 24h (default 1h; --time-scale doesn't change it).",
  },
} as const satisfies Record<string, Flag>;

export const timeScaleFlag = {
  "time-scale": {
    value: "N",
    help: `Divide ECS's times, and those of simulated containers, by N (1 to ${timeScaleMax}). It changes neither times that you set nor how long stopped tasks are kept.`,
  },
} as const satisfies Record<string, Flag>;

/** How fast time passes, and exceptions from that. */
export type TimeSettings = {
  /** 1 for ECS's own pace. */
  readonly scale: number;
  /** How long --keep-stopped keeps what has ended. Null if it is not given. */
  readonly keepStoppedMs: number | null;
  /** The settings of --timeline, in its order. */
  readonly changes: Readonly<Partial<Timeline>>;
  readonly timeline: Timeline;
  readonly simulatedTimes: SimulatedTimes;
};

/**
 * Reads the flags. --timeline overrides the other two. Throws UsageError for a scale out of bounds, for unknown names, and for
 * times that contradict each other.
 */
export function timeSettings(typed: Typed): TimeSettings {
  const scale = scaleOf(typed);
  const changes = changesOf(textFlag(typed, "timeline", null));
  const keepStoppedMs = durationFlag(typed, "keep-stopped", { minMs: 1_000, maxMs: keepStoppedMsMax });
  const timeline: Timeline = { ...scaledTimeline(scale), ...retention(keepStoppedMs), ...changes };
  expectOrder(timeline, "startBackoffMs", "startBackoffMaxMs");
  // Attaching the trunk network of a container instance takes two steps, both before the deadline.
  expectOrder(timeline, "networkInterfaceMs", "attachmentTimeoutMs", 2);
  return { scale, keepStoppedMs, changes, timeline, simulatedTimes: scaledSimulatedTimes(scale) };
}

/** What --keep-stopped sets. A cluster stays at least as long as the tasks that ran in it. */
function retention(keepMs: number | null): Partial<Timeline> {
  if (keepMs === null) return {};
  return {
    stoppedTaskRetentionMs: keepMs,
    inactiveInstanceRetentionMs: keepMs,
    inactiveServiceRetentionMs: keepMs,
    inactiveClusterRetentionMs: Math.max(keepMs, ecsTimeline.inactiveClusterRetentionMs),
  };
}

/** How the times differ from ECS's, for people. Null if they don't. */
export function timeText({ scale, keepStoppedMs, changes }: TimeSettings): string | null {
  const pace = scale === 1 ? [] : [`${scale} times as fast as on AWS`];
  const kept = keepStoppedMs === null ? [] : [`stopped tasks are kept for ${lengthText(keepStoppedMs)}`];
  const parts = [...pace, ...kept, ...Object.entries(changes).map(([name, ms]) => `${name} ${ms}`)];
  return parts.length === 0 ? null : parts.join(", ");
}

/** The same for programs. Without differences there is no member. */
export function timeMembers({ scale, keepStoppedMs, changes }: TimeSettings): object {
  return {
    ...(scale === 1 ? {} : { timeScale: scale }),
    ...(keepStoppedMs === null ? {} : { keepStoppedSeconds: keepStoppedMs / 1_000 }),
    ...(Object.keys(changes).length === 0 ? {} : { timeline: changes }),
  };
}

function scaleOf(typed: Typed): number {
  const given = textFlag(typed, "time-scale", "1");
  const scale = /^\d{1,4}(\.\d{1,6})?$/.test(given) ? Number(given) : Number.NaN;
  if (scale >= 1 && scale <= timeScaleMax) return scale;
  throw new UsageError(
    `--time-scale must be a number from 1 to ${timeScaleMax}, such as 20 or 1.5, but is "${given}".`,
  );
}

function changesOf(given: string | null): Partial<Timeline> {
  const changes = new Map<keyof Timeline, number>();
  for (const setting of given?.split(",") ?? []) {
    const [name = "", value, more] = setting.split("=").map((part) => part.trim());
    if (!isTimeName(name)) throw unknownName(name);
    if (changes.has(name)) throw new UsageError(`--timeline has ${name} twice.`);
    const ms = value !== undefined && more === undefined && /^\d{1,11}$/.test(value) ? Number(value) : Number.NaN;
    if (!(ms >= 1 && ms <= settingMsMax)) {
      throw new UsageError(
        `--timeline must be like ${name}=${ecsTimeline[name]}, a whole number of milliseconds from 1 to ${settingMsMax} (a year), but has "${setting}".`,
      );
    }
    changes.set(name, ms);
  }
  return Object.fromEntries(changes);
}

const isTimeName = (name: string): name is keyof Timeline => Object.hasOwn(ecsTimeline, name);

function unknownName(name: string): UsageError {
  const close = nearest(name, Object.keys(ecsTimeline));
  const advice = close === null ? `The names are ${Object.keys(ecsTimeline).join(", ")}.` : `Did you mean ${close}?`;
  return new UsageError(`--timeline knows no "${name}". ${advice}`);
}

/** Throws UsageError if `times` of the shorter time are longer than the longer one. */
function expectOrder(timeline: Timeline, shorter: keyof Timeline, longer: keyof Timeline, times = 1): void {
  if (times * timeline[shorter] <= timeline[longer]) return;
  const least = times === 1 ? shorter : `${times} times ${shorter}`;
  const scaled = `${shorter}=${timeline[shorter]} and ${longer}=${timeline[longer]}`;
  throw new UsageError(`${longer} must be at least ${least}, but with these flags ${scaled}.`);
}
