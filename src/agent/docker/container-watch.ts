/**
 * Follows the containers of this agent. It compares what Docker says with what it has reported of each container, and reports the
 * difference. A Docker event, the end of a call and the return of a lost engine all mean "look at it", so nothing depends on any
 * single event.
 *
 * A container is `idle` (created, or found by the agent but not started by it), `starting` while a start is under way (nothing is
 * reported until the outcome is known), `running`, and `exited` once its exit was reported. From there it may be started again.
 */
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type { ContainerEvent, ContainerName, RuntimeHealth } from "../container-runtime.ts";
import { containerLabels } from "./container-names.ts";
import type { DockerContainer, DockerContainerState, DockerEvent } from "./engine/docker-answers.ts";
import type { DockerEngine } from "./engine/docker-engine.ts";
import { isNotFound } from "./engine/docker-error.ts";
import { followDockerEvents } from "./engine/docker-event-feed.ts";
import type { Waiting } from "./waiting.ts";

export type WatchedContainer = {
  readonly name: ContainerName;
  readonly runtimeId: string;
  /** Its health is reported. */
  readonly isChecked: boolean;
  phase: "idle" | "starting" | "running" | "exited";
  health: RuntimeHealth;
  /** Docker's own text for the last known start. Null before the first. */
  startedAt: string | null;
  /** The container whose network it shares and where its traffic is counted. Null if it has its own. */
  networkOf: string | null;
  /** What the event of its exit said, in case the container is gone before anybody looks. */
  died: { readonly exitCode: number | null; readonly at: number } | null;
  /** It was killed, and the engine had time to say whether it was out of memory. */
  killLookedInto: boolean;
  looking: boolean;
  lookAgain: boolean;
};

export type ContainerWatchOptions = {
  readonly docker: DockerEngine;
  readonly clock: Clock;
  readonly log: Log;
  readonly waiting: Waiting;
  readonly cluster: string;
  readonly emit: (event: ContainerEvent, runtimeId: string) => void;
  /** The event stream was lost, or is back. */
  readonly onStream: (stands: boolean) => void;
};

/** LIMIT: we know of no events that Docker loses; this bounds the harm if it does. */
const sweepMs = 60_000;
/** LIMIT: failed looks are repeated until one succeeds, at a pace that harms no engine. */
const lookAgainMs = 2_000;

/**
 * LIMIT: the engine learns that a container exited and that it was out of memory in two ways, and the second may be slower, by
 * milliseconds on an idle machine.
 */
const outOfMemoryMs = 500;
/** The exit code of a container that was killed. */
const killed = 137;

/** Docker writes this for "never". */
const hasRun = (state: DockerContainerState): boolean =>
  state.StartedAt !== undefined && state.StartedAt !== "" && !state.StartedAt.startsWith("0001-");

export class ContainerWatch {
  readonly #options: ContainerWatchOptions;
  readonly #containers = new Map<string, WatchedContainer>();

  constructor(options: ContainerWatchOptions) {
    this.#options = options;
  }

  /** Begins to listen. */
  open(): void {
    const { docker, waiting, log, cluster, onStream } = this.#options;
    let lost = false;
    void followDockerEvents({
      docker,
      waiting,
      filters: { type: ["container"], label: [`${containerLabels.cluster}=${cluster}`] },
      onEvent: (event) => this.#take(event),
      onOpen: () => {
        if (lost) log("docker-recovered", { docker: docker.address });
        lost = false;
        this.lookAtAll();
        onStream(true);
      },
      onLost: (error) => {
        if (!lost) log("docker-events-lost", { err: error, docker: docker.address });
        lost = true;
        onStream(false);
      },
    });
    void this.#sweep();
  }

  /** The known container, or a new `idle` one. */
  of(name: ContainerName, runtimeId: string, spec: PayloadContainer): WatchedContainer {
    const known = this.#containers.get(runtimeId);
    if (known !== undefined) return known;
    const container: WatchedContainer = {
      name: { taskArn: name.taskArn, container: name.container },
      runtimeId,
      isChecked: spec.healthCheckType === "docker",
      phase: "idle",
      health: "UNKNOWN",
      startedAt: null,
      networkOf: null,
      died: null,
      killLookedInto: false,
      looking: false,
      lookAgain: false,
    };
    this.#containers.set(runtimeId, container);
    return container;
  }

  lookAt(runtimeId: string): void {
    const container = this.#containers.get(runtimeId);
    if (container !== undefined) this.look(container);
  }

  forget(runtimeId: string): void {
    this.#containers.delete(runtimeId);
  }

  running(): readonly WatchedContainer[] {
    return [...this.#containers.values()].filter(({ phase }) => phase === "running");
  }

  /**
   * Records that the container was started, as `found` shows. Null means that it has gone since. Reports the start and anything
   * else that is known.
   */
  started(container: WatchedContainer, found: DockerContainer | null): void {
    const { clock } = this.#options;
    const state = found?.State ?? {};
    container.phase = "running";
    container.health = "UNKNOWN";
    container.killLookedInto = false;
    container.startedAt = state.StartedAt ?? null;
    this.#emit(container, { type: "started", at: steadyTime(clock, timeOf(state.StartedAt)) ?? clock.now() });
    this.#compare(container, found);
    if (container.lookAgain) this.look(container);
  }

  /** Looks at a container that was reported as running, and reports what changed. */
  look(container: WatchedContainer): void {
    container.lookAgain = true;
    if (!container.looking) void this.#look(container);
  }

  lookAtAll(): void {
    for (const container of this.running()) this.look(container);
  }

  /** The container as Docker has it. Null if Docker does not have it. Repeats until Docker answers. */
  async inspect(runtimeId: string): Promise<DockerContainer | null> {
    const { docker, waiting } = this.#options;
    const { signal } = waiting;
    try {
      return await waiting.untilAnswered(() => docker.inspectContainer(runtimeId, { signal, timeoutMs: 30_000 }));
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async #look(container: WatchedContainer): Promise<void> {
    const { waiting, log } = this.#options;
    container.looking = true;
    try {
      while (container.lookAgain && container.phase === "running") {
        container.lookAgain = false;
        try {
          this.#compare(container, await this.inspect(container.runtimeId));
        } catch (error) {
          if (waiting.signal.aborted) return;
          log("container-inspect-failed", { err: error, container: container.runtimeId });
          container.lookAgain = true;
          await waiting.pause(lookAgainMs);
        }
      }
    } catch {
      // The wait ended because the agent stops.
    } finally {
      container.looking = false;
    }
  }

  #compare(container: WatchedContainer, found: DockerContainer | null): void {
    if (container.phase !== "running") return;
    const { clock } = this.#options;
    if (found === null) {
      const died = container.died;
      const vanished = "ContainerVanishedError: No container matching saved ID found";
      this.#exited(container, died?.exitCode ?? null, died === null ? vanished : null, died?.at ?? clock.now());
      return;
    }
    const state = found.State ?? {};
    container.startedAt = state.StartedAt ?? container.startedAt;
    container.networkOf = /^container:(.+)$/.exec(String(found.HostConfig?.NetworkMode ?? ""))?.[1] ?? null;
    if (state.Running === true) {
      this.#compareHealth(container, state);
      return;
    }
    // Between a restart of the engine and its check of its containers.
    if (state.Status === "restarting" || state.Status === "paused") return;
    if (!hasRun(state)) {
      this.#exited(container, null, "DockerStateError: the container has never run", clock.now());
      return;
    }
    if (state.ExitCode === killed && state.OOMKilled !== true && !container.killLookedInto) {
      container.killLookedInto = true;
      void this.#lookLater(container);
      return;
    }
    const startedAt = steadyTime(clock, timeOf(state.StartedAt)) ?? 0;
    const finishedAt = steadyTime(clock, timeOf(state.FinishedAt)) ?? clock.now();
    this.#exited(container, state.ExitCode ?? null, reasonOf(state), Math.max(startedAt, finishedAt));
  }

  async #lookLater(container: WatchedContainer): Promise<void> {
    try {
      await this.#options.waiting.pause(outOfMemoryMs);
      this.look(container);
    } catch {
      // The wait ended because the agent stops.
    }
  }

  #compareHealth(container: WatchedContainer, state: DockerContainerState): void {
    if (!container.isChecked) return;
    const health = healthOf(state.Health?.Status);
    if (health === container.health) return;
    container.health = health;
    this.#emit(container, { type: "health", status: health });
  }

  #exited(container: WatchedContainer, exitCode: number | null, reason: string | null, at: number): void {
    container.phase = "exited";
    container.died = null;
    container.lookAgain = false;
    this.#emit(container, { type: "exited", exitCode, reason, at });
  }

  #take(event: DockerEvent): void {
    const container = this.#containers.get(event.Actor?.ID ?? "");
    if (container === undefined) return;
    const action = event.Action ?? "";
    // Podman says "died".
    if (action === "die" || action === "died") {
      const exitCode = Number(event.Actor?.Attributes?.exitCode ?? Number.NaN);
      const { clock } = this.#options;
      const at = steadyTime(clock, event.timeNano === undefined ? null : Math.floor(event.timeNano / 1_000_000));
      container.died = { exitCode: Number.isInteger(exitCode) ? exitCode : null, at: at ?? clock.now() };
    } else if (action !== "oom" && action !== "destroy" && !action.startsWith("health_status")) return;
    this.look(container);
  }

  async #sweep(): Promise<void> {
    try {
      for (;;) {
        await this.#options.waiting.pause(sweepMs);
        this.lookAtAll();
      }
    } catch {
      // The wait ended because the agent stops.
    }
  }

  #emit(container: WatchedContainer, event: ContainerEventPart): void {
    this.#options.emit({ ...container.name, ...event }, container.runtimeId);
  }
}

type ContainerEventPart = ContainerEvent extends infer E
  ? E extends ContainerEvent
    ? Omit<E, keyof ContainerName>
    : never
  : never;

/** AWS: the agent's reason for a container that did not end by itself. */
function reasonOf(state: DockerContainerState): string | null {
  if (state.OOMKilled === true) return "OutOfMemoryError: Container killed due to memory usage";
  return state.Error ? `DockerStateError: ${state.Error}` : null;
}

function healthOf(status: string | undefined): RuntimeHealth {
  if (status === "healthy") return "HEALTHY";
  return status === "unhealthy" ? "UNHEALTHY" : "UNKNOWN";
}

/** Docker's time as epoch milliseconds. Null for its "never". */
export function timeOf(text: string | undefined): number | null {
  if (text === undefined || text === "" || text.startsWith("0001-")) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

/** LIMIT: the clocks of one machine agree to within a second. */
const clocksDifferMs = 1_000;

/** A wall-clock time from the engine, converted to the agent's clock. */
function steadyTime(clock: Clock, wall: number | null): number | null {
  if (wall === null) return null;
  const ahead = clock.wall() - clock.now();
  return Math.abs(ahead) < clocksDifferMs ? wall : wall - ahead;
}
