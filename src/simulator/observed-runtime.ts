import type {
  ContainerRuntime,
  ContainerUsage,
  PortBinding,
  RuntimeCommand,
  RuntimeEvent,
} from "../agent/container-runtime.ts";
import { SimulatedRuntime } from "../agent/simulated/simulated-runtime.ts";
import type { Clock } from "../lib/clock.ts";
import type { RandomStream } from "../lib/random.ts";

/** A container that runs on a host. */
export type RunningContainer = { readonly taskArn: string; readonly name: string; readonly runtimeId: string };

/** What a machine knows of its containers, whichever process of the agent looks. */
export class MachineMemory {
  /** Host ports, such as `8080/tcp`, of each created container, by its runtime id. */
  readonly ports = new Map<string, readonly string[]>();
  /** Exit codes of ended containers. Null if unknown. */
  readonly exitCodes = new Map<string, number | null>();
}

export type ObservedRuntimeOptions = {
  readonly clock: Clock;
  readonly ids: RandomStream;
  /** The machine went down since the last life: what ran then no longer runs. */
  readonly rebooted: boolean;
  readonly memory: MachineMemory;
  readonly onStarting: () => void;
  readonly onStarted: (container: RunningContainer) => void;
};

/** The simulated runtime of a host. It also records what really runs. */
export class ObservedRuntime implements ContainerRuntime {
  readonly version: string;
  readonly #options: ObservedRuntimeOptions;
  readonly #runtime: SimulatedRuntime;
  readonly #running = new Map<string, RunningContainer>();
  /** The host ports of each creation under way. */
  readonly #ports = new Map<string, readonly string[]>();
  /** The container of each start or watch under way, because the event lacks the id. */
  readonly #ids = new Map<string, string>();
  #emit: (event: RuntimeEvent) => void = () => {};

  constructor(options: ObservedRuntimeOptions) {
    const { clock, ids } = options;
    this.#options = options;
    this.#runtime = new SimulatedRuntime({ clock, ids });
    this.version = this.#runtime.version;
    this.#runtime.onEvent((event) => this.#observe(event));
  }

  run(command: RuntimeCommand): void {
    if (!("container" in command)) {
      this.#runtime.run(command);
      return;
    }
    const { taskArn, container } = command;
    if (command.type === "start" || command.type === "watch")
      this.#ids.set(`${taskArn} ${container}`, command.runtimeId);
    if (command.type === "watch") {
      if (this.#options.rebooted) {
        const exited = { taskArn, container, type: "exited", exitCode: null, reason: null } as const;
        const { clock } = this.#options;
        clock.setTimer(0, () => this.#observe({ ...exited, at: clock.now() }));
        return;
      }
      this.#running.set(command.runtimeId, { taskArn, name: container, runtimeId: command.runtimeId });
    }
    if (command.type === "create") this.#ports.set(`${taskArn} ${container}`, command.bindings.flatMap(portsOf));
    if (command.type === "start") this.#options.onStarting();
    this.#runtime.run(command);
  }

  onEvent(listener: (event: RuntimeEvent) => void): void {
    this.#emit = listener;
  }

  check(): Promise<"OK" | "IMPAIRED"> {
    return this.#runtime.check();
  }

  onCheckChanged(listener: () => void): void {
    this.#runtime.onCheckChanged(listener);
  }

  usage(): readonly ContainerUsage[] {
    return this.#runtime.usage();
  }

  close(): void {
    this.#running.clear();
    this.#runtime.close();
  }

  running(): readonly RunningContainer[] {
    return [...this.#running.values()];
  }

  #observe(event: RuntimeEvent): void {
    if (!("container" in event)) {
      this.#emit(event);
      return;
    }
    const { taskArn, container: name } = event;
    const { memory } = this.#options;
    const key = `${taskArn} ${name}`;
    if (event.type === "created") memory.ports.set(event.runtimeId, this.#ports.get(key) ?? []);
    const runtimeId = this.#ids.get(key) ?? "";
    if (event.type === "started") {
      const container = { taskArn, name, runtimeId };
      this.#running.set(runtimeId, container);
      this.#options.onStarted(container);
    }
    if (event.type === "exited") {
      this.#running.delete(runtimeId);
      memory.exitCodes.set(runtimeId, event.exitCode);
    }
    this.#emit(event);
  }
}

function portsOf({ hostPort, count, protocol }: PortBinding): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${hostPort + at}/${protocol}`);
}
