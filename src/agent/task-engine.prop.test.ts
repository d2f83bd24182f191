/**
 * Random orders, random answers of a runtime that may fail anywhere, restarts in between. Whatever comes: reports of a task
 * and of each container never go back, no task is reported STOPPED twice, host ports are had by one container at a time,
 * and once everything is ordered to stop and the runtime answers, every task has been reported STOPPED.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { PayloadTask } from "../agent-protocol/to-agent/payload.ts";
import type { RuntimeCommand, RuntimeEvent } from "./container-runtime.ts";
import type { EngineSnapshot, StateChange } from "./engine-state.ts";
import { type EngineInput, engineDefaults } from "./engine-step.ts";
import { TaskEngine } from "./task-engine.ts";

const rank = { PENDING: 0, RUNNING: 1, STOPPED: 2 };
const conditions = ["CREATE", "START", "COMPLETE", "SUCCESS", "HEALTHY"] as const;

const containerArbitrary = fc.record({
  essential: fc.boolean(),
  ports: fc.array(fc.constantFrom(0, 0, 8080), { maxLength: 2 }),
  needs: fc.option(fc.record({ on: fc.nat(2), condition: fc.constantFrom(...conditions) }), { nil: null }),
  startTimeout: fc.option(fc.constantFrom(1, 5), { nil: null }),
});

const actionArbitrary = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("run" as const),
      task: fc.nat(3),
      containers: fc.array(containerArbitrary, { minLength: 1, maxLength: 3 }),
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
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("settle" as const), task: fc.nat(3) }) },
);
type Action = typeof actionArbitrary extends fc.Arbitrary<infer T> ? T : never;

const arnOf = (task: number): string => `arn:aws:ecs:us-east-1:123456789012:task/default/${task}`;

class World {
  #engine = new TaskEngine(engineDefaults);
  #now = 0;
  #open: RuntimeCommand[] = [];
  #running = new Map<string, { readonly taskArn: string; readonly container: string }>();
  readonly #reported = new Map<string, number>();
  readonly stopped = new Set<string>();
  readonly known = new Set<string>();

  act(action: Action): void {
    switch (action.do) {
      case "run":
        // An ARN is used once; an engine that forgot it would take it for another task.
        if (this.known.has(arnOf(action.task)) && this.stopped.has(arnOf(action.task))) return;
        this.known.add(arnOf(action.task));
        this.step({ type: "payload", sequence: null, tasks: [order(action.task, action.containers)] });
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
      case "restart":
        this.#engine = new TaskEngine(
          engineDefaults,
          JSON.parse(JSON.stringify(this.#engine.snapshot())) as EngineSnapshot,
        );
        this.#open = [];
        this.step({ type: "recovered" });
        return;
    }
  }

  answer(command: RuntimeCommand, how: number): void {
    if (!("container" in command)) return;
    const name = { taskArn: command.taskArn, container: command.container };
    const event = (more: object): void => this.step({ type: "runtime", event: { ...name, ...more } as RuntimeEvent });
    switch (command.type) {
      case "pull":
        event(
          how === 0
            ? { type: "pull-failed", reason: "CannotPullContainerError: x" }
            : { type: "pulled", imageDigest: null },
        );
        return;
      case "create":
        event(
          how === 0
            ? { type: "create-failed", reason: "CannotCreateContainerError: x" }
            : { type: "created", runtimeId: `${command.taskArn}/${command.container}` },
        );
        return;
      case "start":
        if (how === 0) {
          event({ type: "start-failed", reason: "CannotStartContainerError: x" });
          return;
        }
        this.#running.set(command.runtimeId, name);
        event({ type: "started", at: this.#now });
        if (how > 6) event({ type: "health", status: how > 7 ? "HEALTHY" : "UNHEALTHY" });
        return;
      case "stop":
        if (this.#running.has(command.runtimeId)) this.exit(name, how > 4 ? 143 : 137);
        return;
      case "watch":
        if (how === 0 || !this.#running.has(command.runtimeId)) this.exit(name, null);
        return;
      case "remove":
        return;
    }
  }

  exit(name: { readonly taskArn: string; readonly container: string }, exitCode: number | null): void {
    this.#running.delete(`${name.taskArn}/${name.container}`);
    this.step({ type: "runtime", event: { ...name, type: "exited", exitCode, reason: null, at: this.#now } });
  }

  /** Everything is to stop, and the runtime answers all it is asked. */
  finish(): void {
    for (const arn of this.known)
      if (!this.stopped.has(arn))
        this.step({ type: "payload", sequence: null, tasks: [{ arn, desiredStatus: "STOPPED" }] });
    for (let i = 0; i < 500 && this.#open.length > 0; i++) this.answer(this.#open.shift() as RuntimeCommand, 5);
  }

  step(input: EngineInput): void {
    for (const output of this.#engine.step(input, this.#now)) {
      if (output.type === "run" && output.command.type !== "remove") this.#open.push(output.command);
      if (output.type === "submit") this.#report(output.change);
    }
    this.#checkPorts();
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

  #checkPorts(): void {
    const seen = new Set<string>();
    for (const task of this.#engine.snapshot().tasks) {
      for (const { bindings } of task.containers) {
        for (const { protocol, hostPort } of bindings) {
          assert.ok(!seen.has(`${protocol} ${hostPort}`), `port ${hostPort} is had twice`);
          seen.add(`${protocol} ${hostPort}`);
        }
      }
    }
  }
}

function order(task: number, containers: Extract<Action, { do: "run" }>["containers"]): PayloadTask {
  return {
    arn: arnOf(task),
    desiredStatus: "RUNNING",
    containers: containers.map(({ essential, ports, needs, startTimeout }, i) => ({
      name: `c${i}`,
      image: "busybox",
      essential,
      startTimeout,
      portMappings: ports.map((hostPort, j) => ({ containerPort: 80 + j, hostPort })),
      ...(needs === null || needs.on >= i
        ? {}
        : { dependsOn: [{ containerName: `c${needs.on}`, condition: needs.condition }] }),
    })),
  };
}

describe("task engine under random inputs", () => {
  it("never goes back, stops each task once, and gives a host port once", () => {
    fc.assert(
      fc.property(fc.array(actionArbitrary, { maxLength: 60, size: "max" }), (actions) => {
        const world = new World();
        for (const action of actions) world.act(action);
        world.finish();
        assert.deepEqual([...world.stopped].sort(), [...world.known].sort());
      }),
      { numRuns: 1_000 },
    );
  });
});
