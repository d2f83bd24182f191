import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import { must } from "../../lib/assert.ts";
import type { Clock, Timer } from "../../lib/clock.ts";
import type { RandomStream } from "../../lib/random.ts";
import type {
  ContainerCommand,
  ContainerName,
  ContainerRuntime,
  ContainerUsage,
  RuntimeCommand,
  RuntimeEvent,
  TaskCommand,
} from "../container-runtime.ts";
import type { LoggedContainer, LogShipper } from "../logs/log-shipper.ts";
import { loggingProblem } from "../logs/logging-problem.ts";
import type { TaskInputs } from "../task-services/task-inputs.ts";
import { type SimulatedBehaviour, simulatedBehaviour } from "./simulated-images.ts";
import { SimulatedOutput } from "./simulated-output.ts";

export type SimulatedRuntimeOptions = {
  readonly clock: Clock;
  readonly ids: RandomStream;
  /** Where logs go, and where what tasks need comes from. Null: logs go nowhere, and tasks are taken to have what they need. */
  readonly services?: SimulatedServices | null;
  readonly pullMs?: number;
  readonly createMs?: number;
  readonly startMs?: number;
  /** Between a container's start and the result of its health check, whatever its interval. */
  readonly healthMs?: number;
  /** Between SIGTERM and the end of a container that obeys it. */
  readonly sigtermMs?: number;
  /** The whole host's capacity. The simulated usage is a part of it. */
  readonly hostCpuUnits?: number;
  /** The version of Docker that it reports. */
  readonly version?: string;
};

/** LIMIT: long enough to be seen as steps, short enough for a test suite to wait for. */
export const simulatedTimes = { pullMs: 50, createMs: 0, startMs: 50, healthMs: 1_000, sigtermMs: 20 } as const;

export type SimulatedTimes = Readonly<Record<keyof typeof simulatedTimes, number>>;

/** The times divided by `scale`, to the millisecond. Times that an image or a definition sets stay the same. */
export function scaledSimulatedTimes(scale: number): SimulatedTimes {
  const scaled = Object.entries(simulatedTimes).map(([name, ms]) => [name, Math.ceil(ms / scale)]);
  return Object.fromEntries(scaled) as SimulatedTimes;
}

/**
 * LIMIT: the usage of a simulated container is made up, and always the same: these parts of what it reserves (or of the amounts
 * below, if it reserves nothing), and this many bytes a second through its network and to its storage.
 */
const simulatedUsage = {
  parts: [0.4, 0.5, 0.6],
  cpuUnits: 128,
  memoryMiB: 128,
  bytesPerSecond: 1_000,
  packetsPerSecond: 2,
} as const;

type Running = {
  readonly name: ContainerName;
  readonly spec: PayloadContainer;
  readonly startedAt: number;
  readonly behaviour: SimulatedBehaviour;
  readonly timers: Timer[];
};

/** The part of an agent's services that simulated containers use. */
export type SimulatedServices = { readonly shipper: LogShipper; readonly inputs: TaskInputs };

/** Containers that exist only as timers. It keeps nothing over a restart: `watch` passes in what it needs. */
export class SimulatedRuntime implements ContainerRuntime {
  readonly version: string;
  readonly #options: Required<SimulatedRuntimeOptions>;
  readonly #running = new Map<string, Running>();
  /** Null: what containers write goes nowhere. */
  readonly #output: SimulatedOutput | null;
  /** Commands under way. */
  readonly #timers = new Set<Timer>();
  #impairing = 0;
  #closed = false;
  #emit: (event: RuntimeEvent) => void = () => {};
  #checkChanged: () => void = () => {};

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = {
      ...simulatedTimes,
      hostCpuUnits: 2_048,
      version: "DockerVersion: 25.0.8",
      services: null,
      ...options,
    };
    const { services, clock } = this.#options;
    this.#output = services === null ? null : new SimulatedOutput(services.shipper, clock);
    this.version = this.#options.version;
  }

  onEvent(listener: (event: RuntimeEvent) => void): void {
    this.#emit = listener;
  }

  onCheckChanged(listener: () => void): void {
    this.#checkChanged = listener;
  }

  check(): Promise<"OK" | "IMPAIRED"> {
    return Promise.resolve(this.#impairing > 0 ? "IMPAIRED" : "OK");
  }

  usage(): readonly ContainerUsage[] {
    const now = this.#options.clock.now();
    return [...this.#running.values()].map((running) => this.#usageOf(running, now));
  }

  #usageOf({ name, spec, startedAt }: Running, now: number): ContainerUsage {
    const { parts, bytesPerSecond, packetsPerSecond, ...idle } = simulatedUsage;
    const cpuPercent = ((spec.cpu || idle.cpuUnits) / this.#options.hostCpuUnits) * 100;
    const memoryMiB = spec.memory || idle.memoryMiB;
    const seconds = Math.max(0, Math.floor((now - startedAt) / 1_000));
    const bytes = seconds * bytesPerSecond;
    const packets = seconds * packetsPerSecond;
    return {
      ...name,
      cpuPercent: parts.map((part) => part * cpuPercent),
      memoryMiB: parts.map((part) => Math.round(part * memoryMiB)),
      network: {
        rxBytes: bytes,
        rxPackets: packets,
        rxErrors: 0,
        rxDropped: 0,
        txBytes: bytes,
        txPackets: packets,
        txErrors: 0,
        txDropped: 0,
      },
      storage: { readBytes: 0, writeBytes: bytes },
    };
  }

  run(command: RuntimeCommand): void {
    switch (command.type) {
      case "prepare":
        this.#later(0, () => void this.#prepare(command));
        return;
      // Nothing was made for the task as a whole.
      case "release":
      case "clean":
        return;
      default:
        this.#runContainer(command);
    }
  }

  #runContainer(command: ContainerCommand): void {
    const { clock, ids, pullMs, createMs, startMs } = this.#options;
    const name = { taskArn: command.taskArn, container: command.container };
    switch (command.type) {
      case "pull": {
        const behaviour = simulatedBehaviour({ image: command.image });
        this.#later(behaviour.pullMs ?? pullMs, () => this.#emit({ ...name, ...pulled(command.image, behaviour) }));
        return;
      }
      case "create": {
        const runtimeId = ids.hex(64);
        const reason = createProblem(command.spec);
        const event =
          reason === null ? ({ type: "created", runtimeId } as const) : ({ type: "create-failed", reason } as const);
        this.#later(createMs, () => this.#emit({ ...name, ...event }));
        return;
      }
      case "start":
        this.#later(startMs, () => void this.#startLogged(name, command.runtimeId, command.spec));
        return;
      case "watch":
        // What it wrote before the agent's restart was written then.
        this.#later(0, () => this.#begin(name, command.runtimeId, command.spec, command.startedAt, clock.now()));
        return;
      case "stop":
        this.#later(0, () => this.#stop(command.runtimeId, command.timeoutMs));
        return;
      case "remove":
        clock.defer(() => {
          this.#end(command.runtimeId);
          this.#output?.forget(command.runtimeId);
        });
        return;
    }
  }

  /** How many containers run. */
  get containers(): number {
    return this.#running.size;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    for (const { timers } of this.#running.values()) for (const timer of timers) timer.cancel();
    this.#timers.clear();
    this.#running.clear();
  }

  /**
   * Fetches what a real container would get, because a task whose secret is missing must not start here either. Nobody reads the
   * values.
   */
  async #prepare({ taskArn, task, specs, toCreate }: Extract<TaskCommand, { type: "prepare" }>): Promise<void> {
    const { services } = this.#options;
    const awaited = { taskArn, task, specs: specs.filter(({ name }) => toCreate.includes(name)) };
    if (services?.inputs.needed(awaited) === true) {
      try {
        await services.inputs.prepare(awaited);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (!this.#closed) this.#emit({ type: "prepare-failed", taskArn, reason });
        return;
      }
      services.inputs.forget(taskArn);
    }
    if (!this.#closed) this.#emit({ type: "prepared", taskArn });
  }

  /** As Docker does: the log stream first, then the program. */
  async #startLogged(name: ContainerName, runtimeId: string, spec: PayloadContainer): Promise<void> {
    const { services } = this.#options;
    if (services !== null) {
      try {
        await services.shipper.create({ taskArn: name.taskArn, runtimeId, spec });
      } catch (error) {
        this.#emit({ ...name, type: "start-failed", reason: loggingProblem(error) });
        return;
      }
    }
    if (!this.#closed) this.#start(name, runtimeId, spec);
  }

  #start(name: ContainerName, runtimeId: string, spec: PayloadContainer): void {
    const behaviour = simulatedBehaviour(spec);
    if (behaviour.start === "fails") {
      const executable = spec.command?.[0] ?? "entrypoint";
      const problem = `exec: "${executable}": executable file not found in $PATH: unknown`;
      const reason = `CannotStartContainerError: Error response from daemon: failed to create task for container: ${problem}`;
      this.#emit({ ...name, type: "start-failed", reason });
      return;
    }
    const at = this.#options.clock.now();
    this.#emit({ ...name, type: "started", at });
    const words = [...(spec.entryPoint ?? []), ...(spec.command ?? [])].join(" ");
    this.#print(
      { ...name, runtimeId, spec },
      at,
      `starts (simulated): ${spec.image}${words === "" ? "" : ` ${words}`}`,
    );
    this.#begin(name, runtimeId, spec, at);
  }

  /** The container runs since `startedAt`. What it does by itself follows from that. Its output before `printsFrom` is left out. */
  #begin(
    name: ContainerName,
    runtimeId: string,
    spec: PayloadContainer,
    startedAt: number,
    printsFrom = startedAt,
  ): void {
    if (this.#running.has(runtimeId)) return;
    const { clock, healthMs } = this.#options;
    const behaviour = simulatedBehaviour(spec);
    const running: Running = { name, spec, startedAt, behaviour, timers: [] };
    this.#running.set(runtimeId, running);
    const after = (ms: number, fire: () => void): void => {
      const leftMs = Math.max(0, startedAt + ms - clock.now());
      // A clock that cannot wait that long fires early and is asked again.
      const look = (): void => (startedAt + ms <= clock.now() ? fire() : after(ms, fire));
      running.timers.push(clock.setTimer(leftMs, look));
    };
    if (spec.healthCheckType === "docker") {
      after(healthMs, () => this.#emit({ ...name, type: "health", status: behaviour.health }));
    }
    if (this.#output !== null) {
      for (const { afterMs, text } of behaviour.prints) {
        const at = startedAt + afterMs;
        // Before the exit, which may be due at the same time.
        if (at >= printsFrom) after(afterMs, () => this.#output?.write({ ...name, runtimeId, spec }, at, text));
      }
    }
    const { exit } = behaviour;
    if (exit !== null) {
      const reason = exit.outOfMemory ? "OutOfMemoryError: Container killed due to memory usage" : null;
      after(exit.afterMs, () => this.#exit(runtimeId, exit.code, reason, startedAt + exit.afterMs));
    }
    if (behaviour.impairsRuntime) this.#impair(1);
  }

  #print(container: LoggedContainer & ContainerName, at: number, text: string): void {
    this.#output?.write(container, at, `[berth] ${container.container} ${text}`);
  }

  #stop(runtimeId: string, timeoutMs: number): void {
    const running = this.#running.get(runtimeId);
    if (running === undefined) return;
    const { clock, sigtermMs } = this.#options;
    const obeys = !running.behaviour.ignoresSigterm && sigtermMs < timeoutMs;
    // AWS: 128 plus the number of the signal that ended it.
    const [ms, code] = obeys ? [sigtermMs, 143] : [timeoutMs, 137];
    running.timers.push(clock.setTimer(ms, () => this.#exit(runtimeId, code, null, clock.now())));
  }

  #exit(runtimeId: string, exitCode: number, reason: string | null, at: number): void {
    const { name, spec } = must(this.#running.get(runtimeId), "the container of a timer");
    this.#end(runtimeId);
    const exited = { ...name, type: "exited", exitCode, reason, at } as const;
    if (this.#output === null) {
      this.#emit(exited);
      return;
    }
    this.#print(
      { ...name, runtimeId, spec },
      at,
      `ended with exit code ${exitCode}${reason === null ? "" : ` (${reason})`}`,
    );
    // Whoever sees the end finds the last lines.
    void this.#output.end(runtimeId).then(() => {
      if (!this.#closed) this.#emit(exited);
    });
  }

  #end(runtimeId: string): void {
    const running = this.#running.get(runtimeId);
    if (running === undefined) return;
    this.#running.delete(runtimeId);
    for (const timer of running.timers) timer.cancel();
    if (running.behaviour.impairsRuntime) this.#impair(-1);
  }

  #impair(change: 1 | -1): void {
    const before = this.#impairing > 0;
    this.#impairing += change;
    if (before !== this.#impairing > 0) this.#checkChanged();
  }

  #later(ms: number, fire: () => void): void {
    if (this.#closed) return;
    const timer = this.#options.clock.setTimer(ms, () => {
      this.#timers.delete(timer);
      fire();
    });
    this.#timers.add(timer);
  }
}

/** Why Docker would not create the container, or null. */
function createProblem({ mountPoints }: PayloadContainer): string | null {
  const paths = (mountPoints ?? []).map(({ containerPath }) => containerPath);
  const twice = paths.find((path, index) => paths.indexOf(path) < index);
  if (twice === undefined) return null;
  return `CannotCreateContainerError: Error response from daemon: Duplicate mount point: ${twice}`;
}

function pulled(image: string, behaviour: SimulatedBehaviour) {
  if (behaviour.pull === "works") return { type: "pulled", imageDigest: null } as const;
  const problem = `pull access denied for ${image}, repository does not exist or may require 'docker login'`;
  return { type: "pull-failed", reason: `CannotPullContainerError: Error response from daemon: ${problem}` } as const;
}
