import type { ContainerEvent, RuntimeCommand, TaskEvent } from "../container-runtime.ts";
import { dependencyState, isNeeded } from "./container-dependencies.ts";
import type { ContainerPhase, EngineContainer, EngineTask } from "./engine-state.ts";
import type { EngineOptions, EngineOutput } from "./engine-step.ts";
import { containerChange, digestReport, isChecked, isRestartDue, takeStateChange } from "./engine-task.ts";
import { allocatePorts, type ContainerPorts, type PortsInUse } from "./host-ports.ts";

/** The host ports that tasks share. */
export type SharedPorts = {
  readonly inUse: ContainerPorts;
  /** What others use on the host, as the runtime last saw it. */
  others: PortsInUse;
  cursor: number;
};

const notCreated: ReadonlySet<ContainerPhase> = new Set(["waiting", "pulling", "pulled", "creating"]);

/** One step of the engine for a single task: what the runtime reports, and what follows from it. */
export class TaskProgress {
  readonly #options: EngineOptions;
  readonly #ports: SharedPorts;
  readonly #now: number;
  readonly #out: EngineOutput[];

  constructor(options: EngineOptions, ports: SharedPorts, now: number, out: EngineOutput[]) {
    this.#options = options;
    this.#ports = ports;
    this.#now = now;
    this.#out = out;
  }

  /** Asks the runtime again for whatever was under way when the agent's process ended. */
  recover(task: EngineTask): void {
    if (task.known === "STOPPED") {
      this.#releaseGroundwork(task);
      return;
    }
    const { groundwork, desired } = task;
    if (groundwork === "preparing" || (groundwork === "ready" && desired === "RUNNING")) this.#prepare(task);
    for (const container of task.containers) {
      // Nobody knows whether it was restarted: either it runs, or its exit is reported again.
      if (container.phase === "restarting") {
        container.phase = "running";
        container.exitedAt = null;
      }
      const { spec, phase, runtimeId, startedAt } = container;
      const name = { taskArn: task.arn, container: spec.name };
      if (phase === "pulling") this.#run({ ...name, type: "pull", image: spec.image, spec });
      this.#order(task, container);
      if (phase !== "running" || runtimeId === null) continue;
      this.#run({ ...name, type: "watch", runtimeId, spec, startedAt: startedAt ?? this.#now });
      container.stopOrdered = false;
    }
    this.advance(task);
  }

  /** Processes a runtime event for the task as a whole. Events that nobody is waiting for are late or duplicates, and ignored. */
  taskEvent(task: EngineTask, event: TaskEvent): void {
    if (task.groundwork !== "preparing" || task.known === "STOPPED") return;
    task.groundwork = event.type === "prepared" ? "ready" : "failed";
    if (event.type === "prepared" && event.hostPorts !== undefined) {
      const { tcp, udp, from } = event.hostPorts;
      this.#ports.others = { tcp: new Set(tcp), udp: new Set(udp) };
      this.#ports.cursor = from;
    }
    if (event.type === "prepare-failed" && task.desired === "RUNNING") {
      task.desired = "STOPPED";
      task.reason = event.reason;
    }
    // Containers from before an agent restart have waited for it.
    for (const container of task.containers) this.#order(task, container);
  }

  /** Processes a runtime event for a container. Events that do not fit its phase are late or duplicates, and ignored. */
  runtimeEvent(task: EngineTask, container: EngineContainer, event: ContainerEvent): void {
    const { phase } = container;
    switch (event.type) {
      case "pulled":
        if (phase !== "pulling") return;
        container.phase = "pulled";
        container.imageDigest = event.imageDigest;
        container.reason = event.reason ?? null;
        task.pullStoppedAt = this.#now;
        return;
      case "pull-failed":
        if (phase !== "pulling") return;
        task.pullStoppedAt = this.#now;
        this.#ended(task, container, null, event.reason);
        return;
      case "created":
        if (phase !== "creating") return;
        container.runtimeId = event.runtimeId;
        this.#created(task, container);
        return;
      case "create-failed":
        if (phase === "creating") this.#ended(task, container, null, event.reason);
        return;
      case "started":
        this.#started(task, container, event.at);
        return;
      case "start-failed":
        if (phase === "starting") this.#ended(task, container, null, event.reason);
        if (phase === "restarting") this.#startedInVain(task, container, event.reason);
        return;
      case "exited":
        this.#exited(task, container, event);
        return;
      case "health":
        if (phase !== "running" || container.health === event.status) return;
        container.health = event.status;
        container.healthSince = this.#now;
        this.#out.push({ type: "health-changed", taskArn: task.arn });
        return;
    }
  }

  #created(task: EngineTask, container: EngineContainer): void {
    container.createdAt = this.#now;
    if (task.desired === "STOPPED") {
      this.#ended(task, container, null, null);
      return;
    }
    container.phase = "starting";
    this.#order(task, container);
  }

  #started(task: EngineTask, container: EngineContainer, at: number): void {
    const { phase, exitedAt } = container;
    if (phase !== "starting" && (phase !== "restarting" || (exitedAt !== null && at < exitedAt))) return;
    container.phase = "running";
    container.startedAt = at;
    container.healthSince = at;
    if (phase === "starting") this.#change(task, container);
    else {
      // AWS: only the metrics report a restart.
      container.restartCount += 1;
      container.health = "UNKNOWN";
      if (isChecked(container.spec)) this.#out.push({ type: "health-changed", taskArn: task.arn });
    }
  }

  #exited(task: EngineTask, container: EngineContainer, event: Extract<ContainerEvent, { type: "exited" }>): void {
    const { exitCode, reason, at } = event;
    // A duplicate of the exit before the restart.
    if (container.exitedAt !== null && at <= container.exitedAt) return;
    // A start that is reported late, after the exit, is not lost: an exit proves it.
    this.#started(task, container, at);
    if (container.phase !== "running") return;
    container.exitedAt = at;
    if (task.desired === "RUNNING" && isRestartDue(container, exitCode, at)) {
      container.exitCode = exitCode;
      container.phase = "restarting";
      this.#order(task, container);
      return;
    }
    task.executionStoppedAt ??= at;
    this.#ended(task, container, exitCode, reason);
  }

  /** An exited container could not be restarted, so that exit was its last. */
  #startedInVain(task: EngineTask, container: EngineContainer, reason: string): void {
    task.executionStoppedAt ??= container.exitedAt;
    this.#ended(task, container, container.exitCode, task.desired === "STOPPED" ? null : reason);
  }

  /** The container is over, or will never run. */
  #ended(task: EngineTask, container: EngineContainer, exitCode: number | null, reason: string | null): void {
    container.phase = "stopped";
    container.exitCode = exitCode;
    container.reason = reason;
    if (container.runtimeId !== null) {
      task.leftovers.push({ container: container.spec.name, runtimeId: container.runtimeId });
    }
    this.#change(task, container);
    this.#ports.inUse.release(container.bindings);
    container.bindings = [];
  }

  #change(task: EngineTask, container: EngineContainer): void {
    task.changes.push(containerChange(container));
    task.changesDueAt ??= this.#now + this.#options.containerChangeDelayMs;
  }

  /** Does everything that can be done for the task now. */
  advance(task: EngineTask): void {
    if (task.known === "STOPPED") return;
    if (task.desired === "RUNNING") this.#launch(task);
    // A container that could not be launched may have ended the task.
    if (task.desired === "RUNNING" && task.containers.some((c) => c.phase === "stopped" && c.spec.essential === true)) {
      task.desired = "STOPPED";
    }
    if (task.containers.every((container) => container.phase === "stopped")) task.desired = "STOPPED";
    if (task.desired === "STOPPED") {
      this.#bringDown(task);
      // Wait until the preparation has finished, so that it can be released.
      if (task.groundwork === "preparing") return;
      if (task.containers.every((container) => container.phase === "stopped")) this.#stopped(task);
      return;
    }
    if (task.known === "PENDING") this.#reportDigests(task);
    const hasStarted = ["running", "restarting", "stopped"];
    const allStarted = task.containers.every(({ phase }) => hasStarted.includes(phase));
    if (task.known === "PENDING" && allStarted) {
      task.known = "RUNNING";
      this.submit(task);
    }
  }

  #reportDigests(task: EngineTask): void {
    if (task.digestsReported) return;
    if (task.containers.some(({ phase }) => phase === "waiting" || phase === "pulling")) return;
    task.digestsReported = true;
    const change = digestReport(task);
    if (change !== null) this.#out.push({ type: "submit", change });
  }

  #launch(task: EngineTask): void {
    if (!task.admitted) return;
    if (task.groundwork === "none") this.#prepare(task);
    for (let again = true; again; ) {
      again = false;
      for (const container of task.containers) {
        if (container.phase === "waiting") {
          container.phase = "pulling";
          task.pullStartedAt ??= this.#now;
          const { spec } = container;
          this.#run({ type: "pull", taskArn: task.arn, container: spec.name, image: spec.image, spec });
        } else if (container.phase === "pulled" && task.groundwork === "ready") {
          const found = dependencyState(container, task.containers, this.#now);
          if (found.state === "open") continue;
          if (found.state === "failed") {
            // AWS: the exit code of a container whose dependency kept it from starting.
            this.#ended(task, container, 143, found.reason);
            again = true;
          } else this.#allocateAndCreate(task, container);
        }
      }
    }
  }

  #allocateAndCreate(task: EngineTask, container: EngineContainer): void {
    const mappings = container.spec.portMappings ?? [];
    if (mappings.length > 0) {
      const { others, cursor } = this.#ports;
      const found = allocatePorts(mappings, task.surroundings.networkMode, this.#ports.inUse, cursor, others);
      if (!found.ok) {
        const problem = `Bind for 0.0.0.0:${found.port} failed: port is already allocated`;
        this.#ended(task, container, null, `CannotStartContainerError: Error response from daemon: ${problem}`);
        return;
      }
      container.bindings = found.bindings;
      this.#ports.inUse.take(found.bindings);
      this.#ports.cursor = found.cursor;
    }
    container.phase = "creating";
    container.launchedAt = this.#now;
    this.#order(task, container);
  }

  #prepare(task: EngineTask): void {
    task.groundwork = "preparing";
    const specs = task.containers.map(({ spec }) => spec);
    const toCreate = task.containers.filter(({ phase }) => notCreated.has(phase)).map(({ spec }) => spec.name);
    this.#run({ type: "prepare", taskArn: task.arn, task: task.surroundings, specs, toCreate });
  }

  /** Orders from the runtime what a container in this phase waits for, unless the groundwork is missing. */
  #order(task: EngineTask, container: EngineContainer): void {
    if (task.groundwork === "preparing") return;
    const { phase, spec, runtimeId, bindings } = container;
    const name = { taskArn: task.arn, container: spec.name };
    if (phase === "creating") this.#run({ ...name, type: "create", spec, bindings, task: task.surroundings });
    if ((phase === "starting" || phase === "restarting") && runtimeId !== null)
      this.#run({ ...name, type: "start", runtimeId, spec });
  }

  #releaseGroundwork(task: EngineTask): void {
    if (task.groundwork === "none") return;
    this.#run({ type: "release", taskArn: task.arn, task: task.surroundings });
  }

  #bringDown(task: EngineTask): void {
    for (const container of task.containers) {
      const { phase, spec, runtimeId } = container;
      if (phase === "waiting" || phase === "pulling" || phase === "pulled") this.#ended(task, container, null, null);
      if (phase !== "running" || container.stopOrdered || runtimeId === null) continue;
      if (isNeeded(container, task.containers)) continue;
      container.stopOrdered = true;
      const timeoutMs = typeof spec.stopTimeout === "number" ? spec.stopTimeout * 1_000 : this.#options.stopTimeoutMs;
      this.#run({ type: "stop", taskArn: task.arn, container: spec.name, runtimeId, timeoutMs });
    }
  }

  #stopped(task: EngineTask): void {
    task.known = "STOPPED";
    this.#releaseGroundwork(task);
    this.submit(task);
    // Of a finished task only its name matters, and hosts see many.
    task.containers = [];
  }

  submit(task: EngineTask): void {
    this.#out.push({ type: "submit", change: takeStateChange(task) });
  }

  #run(command: RuntimeCommand): void {
    this.#out.push({ type: "run", command });
  }
}
