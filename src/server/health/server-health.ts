import type { ControlPlane } from "../../cluster-runner/control-plane.ts";
import type { SteadyClock } from "../../lib/steady-clock.ts";
import type { LogStore } from "../../log-store/log-store.ts";
import type { Store } from "../../store/store.ts";

/** LIMIT: a difference that people notice in the times of documents; NTP keeps machines within milliseconds. */
const clockOffsetMs = 1_000;
/** LIMIT: machines listed by name; a full disk affects all of them, and one reason says so. */
const machinesNamedMax = 100;

/** The server's health; anything but healthy has status 503. */
export type ServerHealth = {
  readonly healthy: boolean;
  /** Why it isn't healthy, a sentence each. */
  readonly reasons: readonly string[];
  /** What an operator should know although the server works, a sentence each. */
  readonly warnings: readonly string[];
  /** How far the machine's clock is ahead of the times that Berth writes; negative if behind. */
  readonly clockOffsetSeconds: number;
  /** The number of account and cluster machines. */
  readonly machines: number;
  /** How many of them are loading. */
  readonly loading: number;
  /** Those that don't answer everything. */
  readonly failed: readonly {
    readonly partition: string;
    readonly state: string;
    readonly reason: string | null;
    /** Whether it still answers reads. */
    readonly reads: boolean;
  }[];
  /** How many more failed without being listed. */
  readonly failedUnnamed?: number;
};

/** What the parts of a server report about themselves. */
export type HealthSource = {
  readonly controlPlane: Pick<ControlPlane, "status">;
  readonly store: Pick<Store, "condition">;
  readonly clock: Pick<SteadyClock, "offsetMs">;
  /** What was damaged at start and is still left out, a sentence each. */
  readonly leftOut: () => Iterable<string>;
  /** The store of log events; absent where there is none. */
  readonly logStore?: Pick<LogStore, "condition">;
};

/** Problems by name; a name stays the same as long as it is the same problem. */
export type Problems = {
  readonly reasons: ReadonlyMap<string, string>;
  readonly warnings: ReadonlyMap<string, string>;
};

/** The server's health at this moment. */
export function healthOf(source: HealthSource): ServerHealth {
  const machines = source.controlPlane.status();
  const { reasons, warnings } = problemsOf(source);
  const failed = failedOf(source);
  return {
    healthy: reasons.size === 0,
    reasons: [...reasons.values()],
    warnings: [...warnings.values()],
    clockOffsetSeconds: Math.round(source.clock.offsetMs() / 100) / 10,
    machines: machines.length,
    loading: machines.filter(({ state }) => state === "loading").length,
    failed: failed
      .slice(0, machinesNamedMax)
      .map(({ partition, state, reason, reads }) => ({ partition, state, reason, reads })),
    ...(failed.length > machinesNamedMax && { failedUnnamed: failed.length - machinesNamedMax }),
  };
}

export function problemsOf(source: HealthSource): Problems {
  const { failing, damaged, warnings: ofStore } = source.store.condition();
  const reasons = new Map<string, string>();
  if (failing !== null) reasons.set("store", failing);
  for (const text of [...damaged, ...source.leftOut()]) reasons.set(text, text);
  const failed = failedOf(source);
  for (const { partition, state, reason, reads } of failed.slice(0, machinesNamedMax)) {
    // The store's reason covers every machine that waits for it.
    if (state === "loading" && failing !== null) continue;
    const how = reads ? "answers reads only" : state === "loading" ? "is not loaded" : `is ${state}`;
    reasons.set(`${state} ${partition}`, `${partition} ${how}${reason === null ? "" : `: ${reason}`}`);
  }
  if (failed.length > machinesNamedMax) {
    reasons.set("more", `${failed.length - machinesNamedMax} more machines do not answer everything.`);
  }
  const warnings = new Map(ofStore.map((text) => [text, text]));
  const logs = source.logStore?.condition() ?? null;
  if (logs !== null && logs.failing !== null) warnings.set("log store", logStoreText(logs.failing, logs.failedEvents));
  const offsetMs = source.clock.offsetMs();
  if (Math.abs(offsetMs) > clockOffsetMs)
    warnings.set(offsetMs > 0 ? "clock ahead" : "clock behind", clockText(offsetMs));
  return { reasons, warnings };
}

/** Halted, fenced, or loading since the store began to fail. */
function failedOf({ controlPlane }: HealthSource): ReturnType<ControlPlane["status"]> {
  return controlPlane
    .status()
    .filter(
      ({ state, reason }) => state === "halted" || state === "fenced" || (state === "loading" && reason !== null),
    );
}

function logStoreText(failing: string, failedEvents: number): string {
  return `Log events cannot be stored (${failing}); ${failedEvents} were lost so far. Tasks and the rest of Berth go on.`;
}

function clockText(offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1_000);
  const where = offsetMs > 0 ? "ahead of" : "behind";
  return `The clock of this machine is ${seconds} s ${where} Berth's time: somebody set it. Services keep their usual pace, and Berth's time follows by 6 minutes an hour.`;
}
