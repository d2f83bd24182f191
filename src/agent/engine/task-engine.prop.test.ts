/**
 * Random orders, random answers of a runtime that may fail anywhere, repeated and late events, and restarts in between. These
 * always hold: reports of a task and of each container never go back; no task is reported STOPPED twice; one container at a time
 * has a host port; the host is not over-booked; no container is created twice or without its surroundings, which are released
 * only when no container of the task runs. Once everything is ordered to stop and the runtime answers, every task has been
 * reported STOPPED. Once all tasks are forgotten, nothing of them is left.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { RuntimeCommand, RuntimeEvent } from "../container-runtime.ts";
import type { HostResources } from "./engine-resources.ts";
import type { EngineSnapshot, StateChange } from "./engine-state.ts";
import { type EngineInput, type EngineOptions, engineDefaults } from "./engine-step.ts";
import { TaskEngine } from "./task-engine.ts";

const rank = { PENDING: 0, RUNNING: 1, STOPPED: 2 };
const conditions = ["CREATE", "START", "COMPLETE", "SUCCESS", "HEALTHY"] as const;

const containerArbitrary = fc.record({
  essential: fc.boolean(),
  ports: fc.array(fc.constantFrom(0, 0, 8080), { maxLength: 2 }),
  needs: fc.option(fc.record({ on: fc.nat(2), condition: fc.constantFrom(...conditions) }), { nil: null }),
  startTimeout: fc.option(fc.constantFrom(1, 5), { nil: null }),
  restartPolicy: fc.option(
    fc.record({
      enabled: fc.constant(true),
      ignoredExitCodes: fc.constantFrom([], [0]),
      restartAttemptPeriod: fc.constantFrom(0, 1),
    }),
    { nil: null },
  ),
});

const actionArbitrary = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("run" as const),
      task: fc.nat(3),
      containers: fc.array(containerArbitrary, { minLength: 1, maxLength: 3 }),
      cpu: fc.constantFrom(0, 0.25, 0.5, 2),
      gpu: fc.boolean(),
      launchType: fc.constantFrom("EC2", "EC2", "FARGATE"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("stop" as const), task: fc.nat(3) }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("answer" as const), which: fc.nat(50), how: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("exit" as const), which: fc.nat(50), code: fc.constantFrom(0, 1, 137) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("time" as const), ms: fc.constantFrom(1, 1_000, 6_000, 4_000_000) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("echo" as const), which: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), executed: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("settle" as const), task: fc.nat(3) }) },
);
type Action = typeof actionArbitrary extends fc.Arbitrary<infer T> ? T : never;

const arnOf = (task: number): string => `arn:aws:ecs:us-east-1:123456789012:task/default/${task}`;

const host: HostResources = {
  cpuUnits: 1_024,
  memoryMiB: 1_024,
  reservedPorts: { tcp: [22], udp: [] },
  gpuIds: ["gpu-1"],
};

type Name = { readonly taskArn: string; readonly container: string };

class World {
  readonly #options: EngineOptions;
  #engine: TaskEngine;
  #now = 0;
  #open: RuntimeCommand[] = [];
  #running = new Map<string, Name>();
  readonly #exitedAt = new Map<string, number>();
  /** The containers on which the runtime reports in this life of the agent. */
  readonly #watched = new Set<string>();
  readonly #created = new Set<string>();
  /** The events that this life of the agent received. */
  #told: RuntimeEvent[] = [];
  readonly #prepared = new Set<string>();
  readonly #released = new Set<string>();
  readonly #cleaned = new Set<string>();
  readonly #reported = new Map<string, number>();
  readonly stopped = new Set<string>();
  readonly known = new Set<string>();

  constructor(resources: HostResources | null) {
    this.#options = { ...engineDefaults, resources };
    this.#engine = new TaskEngine(this.#options);
  }

  act(action: Action): void {
    switch (action.do) {
      case "run":
        // An ARN is used once: an engine that forgot it would take it for another task.
        if (this.known.has(arnOf(action.task)) && this.stopped.has(arnOf(action.task))) return;
        this.known.add(arnOf(action.task));
        this.step({ type: "payload", sequence: null, tasks: [order(action)] });
        return;
      case "stop":
        if (this.stopped.has(arnOf(action.task))) return;
        this.known.add(arnOf(action.task));
        this.step({ type: "payload", sequence: null, tasks: [{ arn: arnOf(action.task), desiredStatus: "STOPPED" }] });
        return;
      case "answer": {
        const [command] = this.#open.length === 0 ? [] : this.#open.splice(action.which % this.#open.length, 1);
        if (command !== undefined) this.answer(command, action.how);
        return;
      }
      case "exit": {
        const names = [...this.#running.values()];
        const name = names[action.which % Math.max(names.length, 1)];
        if (name !== undefined) this.exit(name, action.code);
        return;
      }
      case "time":
        this.#now += action.ms;
        this.step({ type: "timer" });
        return;
      case "settle":
        this.step({ type: "settled", taskArn: arnOf(action.task) });
        return;
      case "echo": {
        const event = this.#told[action.which % Math.max(this.#told.length, 1)];
        if (event !== undefined) this.step({ type: "runtime", event });
        return;
      }
      case "restart":
        this.#restart(action.executed);
        return;
    }
  }

  /** The agent dies. Some of its orders have been carried out, but it never learned the outcome. */
  #restart(executed: number): void {
    this.#open.forEach((command, i) => {
      if (((executed >> (i % 3)) & 1) === 0) return;
      if (command.type === "start") this.#running.set(command.runtimeId, nameOf(command));
      if (command.type === "stop" && this.#running.delete(command.runtimeId))
        this.#exitedAt.set(command.runtimeId, this.#now);
    });
    const snapshot = JSON.parse(JSON.stringify(this.#engine.snapshot())) as EngineSnapshot;
    this.#engine = new TaskEngine(this.#options, snapshot);
    this.#open = [];
    this.#told = [];
    this.#watched.clear();
    this.step({ type: "recovered" });
  }

  answer(command: RuntimeCommand, how: number): void {
    this.#now += 1;
    if (command.type === "prepare") {
      const { taskArn } = command;
      if (how === 0) this.tell({ type: "prepare-failed", taskArn, reason: "no address" });
      else {
        this.#prepared.add(taskArn);
        this.tell({ type: "prepared", taskArn });
      }
    }
    if (!("container" in command)) return;
    const name = nameOf(command);
    const event = (more: object): void => this.tell({ ...name, ...more } as RuntimeEvent);
    switch (command.type) {
      case "pull":
        event(
          how === 0
            ? { type: "pull-failed", reason: "CannotPullContainerError: x" }
            : { type: "pulled", imageDigest: how > 5 ? "sha256:1" : null },
        );
        return;
      case "create":
        assert.ok(this.#prepared.has(command.taskArn), "a container is created before its task was prepared");
        if (how === 0) {
          event({ type: "create-failed", reason: "CannotCreateContainerError: x" });
          return;
        }
        this.#created.add(keyOf(name));
        event({ type: "created", runtimeId: keyOf(name) });
        return;
      case "start":
        if (how === 0 && !this.#running.has(command.runtimeId)) {
          event({ type: "start-failed", reason: "CannotStartContainerError: x" });
          return;
        }
        this.#running.set(command.runtimeId, name);
        this.#watched.add(command.runtimeId);
        event({ type: "started", at: this.#now });
        if (how > 6) event({ type: "health", status: how > 7 ? "HEALTHY" : "UNHEALTHY" });
        return;
      case "stop":
        if (this.#running.has(command.runtimeId)) this.exit(name, how > 4 ? 143 : 137);
        return;
      case "watch":
        if (how === 0 || !this.#running.has(command.runtimeId)) this.exit(name, how > 5 ? 1 : null);
        return;
      case "remove":
        return;
    }
  }

  tell(event: RuntimeEvent): void {
    this.#told.push(event);
    this.step({ type: "runtime", event });
  }

  /** An exit always comes with its time, however often it is reported. */
  exit(name: Name, exitCode: number | null): void {
    this.#now += 1;
    if (this.#running.delete(keyOf(name))) this.#exitedAt.set(keyOf(name), this.#now);
    if (!this.#watched.has(keyOf(name))) return;
    this.tell({ ...name, type: "exited", exitCode, reason: null, at: this.#exitedAt.get(keyOf(name)) ?? this.#now });
  }

  /** Everything is to stop, the runtime answers every command, and every report is accepted. */
  finish(): void {
    for (const arn of this.known)
      if (!this.stopped.has(arn))
        this.step({ type: "payload", sequence: null, tasks: [{ arn, desiredStatus: "STOPPED" }] });
    for (let i = 0; i < 500 && this.#open.length > 0; i++) this.answer(this.#open.shift() as RuntimeCommand, 5);
    assert.deepEqual([...this.stopped].sort(), [...this.known].sort());
    for (const arn of this.known) this.step({ type: "settled", taskArn: arn });
    this.#now += this.#options.taskCleanupMs;
    this.step({ type: "timer" });
    this.step({ type: "timer" });
    const { tasks, past, removing } = this.#engine.snapshot();
    assert.deepEqual([tasks, past, removing], [[], [], []]);
    for (const arn of this.#prepared) assert.ok(this.#released.has(arn) && this.#cleaned.has(arn), arn);
    assert.deepEqual([...this.#created], [], "all containers are removed");
  }

  step(input: EngineInput): void {
    const before = new Map([...this.#engine.tasks()].map((task) => [task, JSON.stringify(task)]));
    for (const output of this.#engine.step(input, this.#now)) {
      if (output.type === "run") this.#order(output.command);
      if (output.type === "submit") this.#report(output.change);
    }
    this.#checkPorts();
    this.#checkBooks();
    const changed: ReadonlySet<object> = this.#engine.takeChanges().written;
    for (const task of this.#engine.tasks()) {
      const text = before.get(task);
      if (text !== undefined && !changed.has(task))
        assert.equal(JSON.stringify(task), text, "it changed without an event");
    }
  }

  #order(command: RuntimeCommand): void {
    switch (command.type) {
      case "release":
        for (const { taskArn } of this.#running.values())
          assert.notEqual(taskArn, command.taskArn, "released too early");
        this.#released.add(command.taskArn);
        return;
      case "clean":
        this.#cleaned.add(command.taskArn);
        return;
      case "remove":
        if (this.#created.delete(command.runtimeId))
          assert.ok(!this.#cleaned.has(command.taskArn), "a container outlives its surroundings");
        return;
      case "create":
        assert.ok(!this.#created.has(keyOf(command)), "a container is created twice");
        break;
      default:
        break;
    }
    if (command.type === "watch") this.#watched.add(command.runtimeId);
    assert.ok(!this.#released.has(command.taskArn), `${command.type} of something that was released`);
    this.#open.push(command);
  }

  #report(change: StateChange): void {
    if (change.status === undefined) return;
    assert.ok(!this.stopped.has(change.task), "a report after STOPPED");
    this.#forward(change.task, change.status);
    for (const { containerName, status } of change.containers ?? [])
      this.#forward(`${change.task} ${containerName}`, status);
    if (change.status === "STOPPED") this.stopped.add(change.task);
  }

  #forward(key: string, status: keyof typeof rank): void {
    assert.ok(rank[status] >= (this.#reported.get(key) ?? 0), `${key} goes back to ${status}`);
    this.#reported.set(key, rank[status]);
  }

  #checkBooks(): void {
    if (this.#options.resources === null) return;
    const taken = { cpuUnits: 0, memoryMiB: 0 };
    const keys: string[] = [];
    let isHeldUp = false;
    for (const { admitted, known, desired, needs } of this.#engine.snapshot().tasks) {
      if (known === "STOPPED" || needs === null) continue;
      if (desired === "RUNNING") {
        assert.ok(!(isHeldUp && admitted), "a task overtakes one that is waiting");
        isHeldUp ||= !admitted;
      }
      if (!admitted) continue;
      taken.cpuUnits += needs.cpuUnits;
      taken.memoryMiB += needs.memoryMiB;
      keys.push(...new Set([...needs.ports, ...needs.gpuIds]));
    }
    assert.ok(taken.cpuUnits <= host.cpuUnits && taken.memoryMiB <= host.memoryMiB, "the host is over-booked");
    assert.equal(new Set(keys).size, keys.length, `had twice: ${keys}`);
  }

  #checkPorts(): void {
    const seen = new Set<string>();
    for (const task of this.#engine.snapshot().tasks) {
      for (const { bindings } of task.containers) {
        for (const { protocol, hostPort } of bindings) {
          assert.ok(!seen.has(`${protocol} ${hostPort}`), `two containers have port ${hostPort}`);
          seen.add(`${protocol} ${hostPort}`);
        }
      }
    }
  }
}

const nameOf = ({ taskArn, container }: Name): Name => ({ taskArn, container });
const keyOf = ({ taskArn, container }: Name): string => `${taskArn}/${container}`;

function order({ task, containers, cpu, gpu, launchType }: Extract<Action, { do: "run" }>): PayloadTask {
  return {
    arn: arnOf(task),
    desiredStatus: "RUNNING",
    launchType,
    cpu,
    associations: gpu ? [{ name: "gpu-1", type: "gpu", containers: ["c0"] }] : [],
    containers: containers.map(({ essential, ports, needs, startTimeout, restartPolicy }, i) => ({
      name: `c${i}`,
      image: "busybox",
      essential,
      startTimeout,
      restartPolicy,
      cpu: 100,
      memory: 300,
      portMappings: ports.map((hostPort, j) => ({ containerPort: 80 + j, hostPort })),
      ...(needs === null || needs.on >= i
        ? {}
        : { dependsOn: [{ containerName: `c${needs.on}`, condition: needs.condition }] }),
    })),
  };
}

describe("task engine under random inputs", () => {
  for (const [what, resources] of [
    ["with accounts", host],
    ["without accounts", null],
  ] as const) {
    it(`keeps its promises ${what}`, () => {
      fc.assert(
        fc.property(fc.array(actionArbitrary, { maxLength: 60, size: "max" }), (actions) => {
          const world = new World(resources);
          for (const action of actions) world.act(action);
          world.finish();
        }),
        { numRuns: 1_000 },
      );
    });
  }
});
