/**
 * The agent's task engine: from orders and what the runtime says, to commands for the runtime and state changes for the
 * control plane. Pure and synchronous.
 *
 * A task is PENDING, RUNNING once all its containers have started, STOPPED once all have stopped. It is brought to a stop
 * by an order, or by itself when an essential container is over or a container that it needs cannot be. Containers go
 * through `containerPhases`; each change is kept until a report carries it.
 */
import type { PayloadTask } from "../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../agent-protocol/to-agent/payload-container.ts";
import { areResolvable, dependencyState, isNeeded } from "./container-dependencies.ts";
import type { RuntimeCommand, RuntimeEvent, RuntimeHealth } from "./container-runtime.ts";
import type { EngineContainer, EngineSnapshot, EngineTask, StateChange } from "./engine-state.ts";
import { allocatePorts, dynamicPorts, reportedBindings } from "./host-ports.ts";

export type EngineInput =
  | { readonly type: "payload"; readonly tasks: readonly PayloadTask[]; readonly sequence: number | null }
  | {
      readonly type: "manifest";
      readonly messageId: string;
      readonly timeline: number;
      readonly tasks: readonly { readonly taskArn: string; readonly desiredStatus: string }[];
    }
  | { readonly type: "stop-confirmed"; readonly messageId: string; readonly taskArns: readonly string[] }
  | { readonly type: "attach"; readonly taskArn: string; readonly attachmentArns: readonly string[] }
  | { readonly type: "runtime"; readonly event: RuntimeEvent }
  /** The control plane has taken (or for good refused) the task's last report. */
  | { readonly type: "settled"; readonly taskArn: string }
  | { readonly type: "timer" }
  /** First input after a restart from a snapshot. */
  | { readonly type: "recovered" };

export type EngineOutput =
  | { readonly type: "run"; readonly command: RuntimeCommand }
  /** Those of one task must arrive in order. */
  | { readonly type: "submit"; readonly change: StateChange }
  /** Acknowledge the message of this input; without it the message was not taken. */
  | { readonly type: "acknowledge" }
  | { readonly type: "stop-candidates"; readonly messageId: string; readonly taskArns: readonly string[] }
  | { readonly type: "health-changed" };

export type EngineOptions = {
  /** Between SIGTERM and SIGKILL when the container does not say. */
  readonly stopTimeoutMs: number;
  /** How long a STOPPED task is remembered: as long, its ARN means nothing new. */
  readonly taskCleanupMs: number;
  /** How long changes of containers wait for one report together when the task itself does not change. */
  readonly containerChangeDelayMs: number;
};

/** AWS: the official agent's stop timeout. DIFFERS: that agent keeps stopped tasks for three hours and container changes for 10 to 30 s; ours one hour and one second, so that rehearsals on simulated hosts are quick. */
export const engineDefaults: EngineOptions = {
  stopTimeoutMs: 30_000,
  taskCleanupMs: 3_600_000,
  containerChangeDelayMs: 1_000,
};

/** LIMIT: confirmed interfaces that are remembered, many times what a host can have at once. */
const attachedMax = 256;

export type TaskHealth = {
  readonly taskArn: string;
  readonly family: string;
  readonly version: string;
  readonly containers: readonly { readonly name: string; readonly status: RuntimeHealth; readonly since: number }[];
};

export class TaskEngine {
  readonly #options: EngineOptions;
  readonly #tasks = new Map<string, EngineTask>();
  #sequence: number;
  #manifestId: string | null;
  #portCursor: number;
  #attached: string[];
  #out: EngineOutput[] = [];
  #now = 0;

  constructor(options: EngineOptions = engineDefaults, snapshot: EngineSnapshot | null = null) {
    this.#options = options;
    for (const task of snapshot?.tasks ?? []) this.#tasks.set(task.arn, task);
    this.#sequence = snapshot?.sequence ?? -1;
    this.#manifestId = snapshot?.manifestId ?? null;
    this.#portCursor = snapshot?.portCursor ?? dynamicPorts.first;
    this.#attached = [...(snapshot?.attached ?? [])];
  }

  /** The whole state. It shares its parts with the engine: make text of it before the next step. */
  snapshot(): EngineSnapshot {
    return {
      tasks: [...this.#tasks.values()],
      sequence: this.#sequence,
      manifestId: this.#manifestId,
      portCursor: this.#portCursor,
      attached: this.#attached,
    };
  }

  step(input: EngineInput, now: number): readonly EngineOutput[] {
    this.#out = [];
    this.#now = now;
    this.#take(input);
    return this.#out;
  }

  /** When a `timer` input is next wanted, or null. */
  nextDueAt(): number | null {
    let dueAt: number | null = null;
    const consider = (at: number | null): void => {
      if (at !== null && (dueAt === null || at < dueAt)) dueAt = at;
    };
    for (const task of this.#tasks.values()) {
      consider(task.changesDueAt);
      consider(task.forgetAt);
      if (task.desired === "STOPPED") continue;
      for (const container of task.containers) {
        if (container.phase !== "pulled") continue;
        const found = dependencyState(container, task.containers, Number.NEGATIVE_INFINITY);
        if (found.state === "open") consider(found.dueAt);
      }
    }
    return dueAt;
  }

  /** Tasks with a running container whose health is checked. */
  health(): readonly TaskHealth[] {
    const all: TaskHealth[] = [];
    for (const task of this.#tasks.values()) {
      const containers = task.containers
        .filter((container) => isChecked(container.spec) && container.phase === "running")
        .map(({ spec, health, healthSince }) => ({ name: spec.name, status: health, since: healthSince }));
      if (containers.length === 0) continue;
      const { family, version } = task.surroundings;
      all.push({ taskArn: task.arn, family, version, containers });
    }
    return all;
  }

  /** How many tasks are not STOPPED. */
  get liveTasks(): number {
    let count = 0;
    for (const task of this.#tasks.values()) if (task.known !== "STOPPED") count += 1;
    return count;
  }

  #take(input: EngineInput): void {
    switch (input.type) {
      case "payload":
        this.#payload(input.tasks, input.sequence);
        return;
      case "manifest":
        this.#manifest(input);
        return;
      case "stop-confirmed":
        if (input.messageId !== this.#manifestId) return;
        this.#manifestId = null;
        for (const arn of input.taskArns) this.#stop(this.#tasks.get(arn));
        return;
      case "attach":
        this.#confirm(input.taskArn, input.attachmentArns);
        this.#out.push({ type: "acknowledge" });
        return;
      case "runtime":
        this.#runtime(input.event);
        return;
      case "settled": {
        const task = this.#tasks.get(input.taskArn);
        if (task?.known === "STOPPED" && task.forgetAt === null)
          task.forgetAt = this.#now + this.#options.taskCleanupMs;
        return;
      }
      case "timer":
        for (const task of [...this.#tasks.values()]) this.#due(task);
        return;
      case "recovered":
        for (const task of this.#tasks.values()) this.#recover(task);
        return;
    }
  }

  #payload(tasks: readonly PayloadTask[], sequence: number | null): void {
    if (sequence !== null) this.#sequence = Math.max(this.#sequence, sequence);
    let taken = true;
    // AWS: stops go before starts, since they make room.
    for (const order of tasks) if (order.desiredStatus === "STOPPED") this.#stopOrder(order.arn);
    for (const order of tasks) if (order.desiredStatus === "RUNNING") taken = this.#runOrder(order) && taken;
    if (taken) this.#out.push({ type: "acknowledge" });
  }

  #stopOrder(arn: string): void {
    const task = this.#tasks.get(arn);
    if (task !== undefined) {
      this.#stop(task);
      return;
    }
    // AWS: every order to stop leads to a STOPPED report, of an unknown task too. It is remembered, so that an order to
    // run it that comes late starts nothing.
    this.#addTask({ arn, desiredStatus: "STOPPED" }, []);
    this.#refuse(arn, "TaskStateError: Agent could not progress task's state to stopped");
  }

  /** False when the task cannot be understood: then the payload is not acknowledged. */
  #runOrder(order: PayloadTask): boolean {
    // AWS: of a known task only a change forward counts, and RUNNING is where it began.
    if (this.#tasks.has(order.arn)) return true;
    const specs = (order.containers ?? []).map(withOverriddenCommand);
    if (specs.length === 0 || specs.includes(null)) {
      this.#addTask(order, []);
      this.#refuse(
        order.arn,
        `UnrecogniedTaskError: Error loading task - ${specs.length === 0 ? "no containers" : "invalid overrides"}`,
      );
      return false;
    }
    const containers = specs.filter((spec) => spec !== null);
    if (!areResolvable(containers)) {
      this.#addTask(order, []);
      this.#refuse(order.arn, `Task dependencies cannot be resolved, taskArn: ${order.arn}`);
      return true;
    }
    const task = this.#addTask(order, containers);
    const interfaces = (order.elasticNetworkInterfaces ?? []).flatMap(({ attachmentArn }) => attachmentArn ?? []);
    this.#confirm(order.arn, interfaces);
    this.#advance(task);
    return true;
  }

  #addTask(order: PayloadTask, specs: readonly PayloadContainer[]): EngineTask {
    const task: EngineTask = {
      arn: order.arn,
      surroundings: {
        family: order.family ?? "",
        version: order.version ?? "",
        networkMode: order.networkMode ?? "bridge",
        volumes: order.volumes ?? [],
      },
      desired: order.desiredStatus,
      known: "PENDING",
      containers: specs.map((spec) => newContainer(spec, this.#now)),
      changes: [],
      changesDueAt: null,
      pullStartedAt: null,
      pullStoppedAt: null,
      executionStoppedAt: null,
      forgetAt: null,
      leftovers: [],
    };
    this.#tasks.set(order.arn, task);
    return task;
  }

  #refuse(arn: string, reason: string): void {
    const task = this.#tasks.get(arn);
    if (task === undefined) return;
    task.desired = "STOPPED";
    task.known = "STOPPED";
    this.#out.push({ type: "submit", change: { task: arn, status: "STOPPED", reason } });
  }

  #confirm(taskArn: string, attachmentArns: readonly string[]): void {
    const fresh = attachmentArns.filter((arn) => !this.#attached.includes(arn));
    if (fresh.length === 0) return;
    this.#attached = [...this.#attached, ...fresh].slice(-attachedMax);
    const attachments = fresh.map((attachmentArn) => ({ attachmentArn, status: "ATTACHED" as const }));
    this.#out.push({ type: "submit", change: { task: taskArn, attachments } });
  }

  #manifest(input: Extract<EngineInput, { type: "manifest" }>): void {
    if (input.timeline <= this.#sequence) return;
    this.#sequence = input.timeline;
    this.#manifestId = input.messageId;
    this.#out.push({ type: "acknowledge" });
    const wanted = new Set(input.tasks.filter((task) => task.desiredStatus === "RUNNING").map((task) => task.taskArn));
    const taskArns = [...this.#tasks.values()]
      .filter((task) => task.desired === "RUNNING" && !wanted.has(task.arn))
      .map((task) => task.arn);
    if (taskArns.length > 0) this.#out.push({ type: "stop-candidates", messageId: input.messageId, taskArns });
  }

  #stop(task: EngineTask | undefined): void {
    if (task === undefined || task.desired === "STOPPED") return;
    task.desired = "STOPPED";
    this.#advance(task);
  }

  #recover(task: EngineTask): void {
    for (const container of task.containers) {
      const { spec, phase, runtimeId, startedAt } = container;
      const name = { taskArn: task.arn, container: spec.name };
      if (phase === "pulling") this.#run({ ...name, type: "pull", image: spec.image });
      if (phase === "creating") this.#create(task, container);
      if (phase === "starting" && runtimeId !== null) this.#run({ ...name, type: "start", runtimeId, spec });
      if (phase !== "running" || runtimeId === null) continue;
      this.#run({ ...name, type: "watch", runtimeId, spec, startedAt: startedAt ?? this.#now });
      container.stopOrdered = false;
    }
    this.#advance(task);
  }

  #due(task: EngineTask): void {
    if (task.forgetAt !== null && task.forgetAt <= this.#now) {
      for (const { container, runtimeId } of task.leftovers) {
        this.#run({ type: "remove", taskArn: task.arn, container, runtimeId });
      }
      this.#tasks.delete(task.arn);
      return;
    }
    this.#advance(task);
    if (task.changesDueAt !== null && task.changesDueAt <= this.#now) this.#submit(task);
  }

  #runtime(event: RuntimeEvent): void {
    const task = this.#tasks.get(event.taskArn);
    const container = task?.containers.find((candidate) => candidate.spec.name === event.container);
    if (task === undefined || container === undefined) return;
    this.#runtimeEvent(task, container, event);
    this.#advance(task);
  }

  #runtimeEvent(task: EngineTask, container: EngineContainer, event: RuntimeEvent): void {
    const { phase } = container;
    switch (event.type) {
      case "pulled":
        if (phase !== "pulling") return;
        container.phase = "pulled";
        container.imageDigest = event.imageDigest;
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
        this.#created(task, container, event.runtimeId);
        return;
      case "create-failed":
        if (phase === "creating") this.#ended(task, container, null, event.reason);
        return;
      case "started":
        if (phase === "starting") this.#started(task, container, event.at);
        return;
      case "start-failed":
        if (phase === "starting") this.#ended(task, container, null, event.reason);
        return;
      case "exited":
        // A start that was reported late, after the exit, is not missed: an exit is proof of it.
        if (phase === "starting") this.#started(task, container, event.at);
        if (container.phase !== "running") return;
        task.executionStoppedAt ??= event.at;
        this.#ended(task, container, event.exitCode, event.reason);
        return;
      case "health":
        if (phase !== "running" || container.health === event.status) return;
        container.health = event.status;
        container.healthSince = this.#now;
        this.#out.push({ type: "health-changed" });
        return;
    }
  }

  #created(task: EngineTask, container: EngineContainer, runtimeId: string): void {
    if (task.desired === "STOPPED") {
      this.#ended(task, container, null, null);
      return;
    }
    container.phase = "starting";
    const { spec } = container;
    this.#run({ type: "start", taskArn: task.arn, container: spec.name, runtimeId, spec });
  }

  #started(task: EngineTask, container: EngineContainer, at: number): void {
    container.phase = "running";
    container.startedAt = at;
    container.healthSince = at;
    this.#change(task, container);
  }

  /** The container is over, or never will be. */
  #ended(task: EngineTask, container: EngineContainer, exitCode: number | null, reason: string | null): void {
    container.phase = "stopped";
    container.exitCode = exitCode;
    container.reason = reason;
    if (container.runtimeId !== null) {
      task.leftovers.push({ container: container.spec.name, runtimeId: container.runtimeId });
    }
    this.#change(task, container);
    container.bindings = [];
  }

  #change(task: EngineTask, container: EngineContainer): void {
    const { spec, phase, runtimeId, imageDigest, exitCode, reason, bindings } = container;
    task.changes.push({
      containerName: spec.name,
      status: phase === "stopped" ? "STOPPED" : "RUNNING",
      ...(runtimeId === null ? {} : { runtimeId }),
      ...(imageDigest === null ? {} : { imageDigest }),
      ...(exitCode === null ? {} : { exitCode }),
      ...(reason === null ? {} : { reason }),
      ...(bindings.length === 0 ? {} : { networkBindings: reportedBindings(bindings) }),
    });
    task.changesDueAt ??= this.#now + this.#options.containerChangeDelayMs;
  }

  /** Does everything that can be done for the task as things stand. */
  #advance(task: EngineTask): void {
    if (task.known === "STOPPED") return;
    if (task.desired === "RUNNING") this.#launch(task);
    // What could not be launched may have ended the task.
    if (task.desired === "RUNNING" && task.containers.some((c) => c.phase === "stopped" && c.spec.essential === true)) {
      task.desired = "STOPPED";
    }
    if (task.containers.every((container) => container.phase === "stopped")) task.desired = "STOPPED";
    if (task.desired === "STOPPED") {
      this.#bringDown(task);
      if (task.containers.every((container) => container.phase === "stopped")) this.#stopped(task);
      return;
    }
    const allStarted = task.containers.every(({ phase }) => phase === "running" || phase === "stopped");
    if (task.known === "PENDING" && allStarted) {
      task.known = "RUNNING";
      this.#submit(task);
    }
  }

  #launch(task: EngineTask): void {
    for (let again = true; again; ) {
      again = false;
      for (const container of task.containers) {
        if (container.phase === "waiting") {
          container.phase = "pulling";
          task.pullStartedAt ??= this.#now;
          const { name, image } = container.spec;
          this.#run({ type: "pull", taskArn: task.arn, container: name, image });
        } else if (container.phase === "pulled") {
          const found = dependencyState(container, task.containers, this.#now);
          if (found.state === "open") continue;
          if (found.state === "failed") {
            // AWS: the exit code of a container that was kept from starting by its dependency.
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
      const found = allocatePorts(mappings, task.surroundings.networkMode, this.#portsInUse(), this.#portCursor);
      if (!found.ok) {
        const problem = `Bind for 0.0.0.0:${found.port} failed: port is already allocated`;
        this.#ended(task, container, null, `CannotStartContainerError: Error response from daemon: ${problem}`);
        return;
      }
      container.bindings = found.bindings;
      this.#portCursor = found.cursor;
    }
    container.phase = "creating";
    container.launchedAt = this.#now;
    this.#create(task, container);
  }

  #create(task: EngineTask, container: EngineContainer): void {
    const { spec, bindings } = container;
    this.#run({
      type: "create",
      taskArn: task.arn,
      container: spec.name,
      spec,
      bindings,
      task: task.surroundings,
    });
  }

  #portsInUse(): { readonly tcp: Set<number>; readonly udp: Set<number> } {
    const inUse = { tcp: new Set<number>(), udp: new Set<number>() };
    for (const task of this.#tasks.values()) {
      for (const { bindings } of task.containers) {
        for (const { protocol, hostPort, count } of bindings) {
          for (let port = hostPort; port < hostPort + count; port++) inUse[protocol].add(port);
        }
      }
    }
    return inUse;
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
    this.#submit(task);
    // Of a task that is over only its name matters; hosts see many.
    task.containers = [];
  }

  #submit(task: EngineTask): void {
    const { known, changes, pullStartedAt, pullStoppedAt, executionStoppedAt } = task;
    task.changes = [];
    task.changesDueAt = null;
    this.#out.push({
      type: "submit",
      change: {
        task: task.arn,
        status: known,
        reason: "",
        ...(changes.length === 0 ? {} : { containers: changes }),
        ...(pullStartedAt === null ? {} : { pullStartedAt }),
        ...(pullStoppedAt === null ? {} : { pullStoppedAt }),
        ...(executionStoppedAt === null || known !== "STOPPED" ? {} : { executionStoppedAt }),
      },
    });
  }

  #run(command: RuntimeCommand): void {
    this.#out.push({ type: "run", command });
  }
}

function newContainer(spec: PayloadContainer, now: number): EngineContainer {
  return {
    spec,
    phase: "waiting",
    runtimeId: null,
    imageDigest: null,
    launchedAt: null,
    startedAt: null,
    exitCode: null,
    reason: null,
    stopOrdered: false,
    health: "UNKNOWN",
    healthSince: now,
    bindings: [],
  };
}

/** AWS: health is reported of containers whose check is Docker's. */
const isChecked = (spec: PayloadContainer): boolean => spec.healthCheckType === "docker";

/** The container with the command of its overrides, or null when the overrides are none that agents take. */
function withOverriddenCommand(spec: PayloadContainer): PayloadContainer | null {
  if (spec.overrides === undefined || spec.overrides === null || spec.overrides === "") return spec;
  let overrides: unknown;
  try {
    overrides = JSON.parse(spec.overrides);
  } catch {
    return null;
  }
  if (typeof overrides !== "object" || overrides === null) return null;
  // AWS: any other key makes the agent refuse the task.
  if (Object.keys(overrides).some((key) => key !== "command")) return null;
  const command = "command" in overrides ? overrides.command : undefined;
  return Array.isArray(command) ? { ...spec, command: command.map(String) } : spec;
}
