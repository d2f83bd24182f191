import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { ContainerEvent, RuntimeCommand } from "../container-runtime.ts";
import type { EngineSnapshot, StateChange } from "./engine-state.ts";
import { type EngineInput, type EngineOptions, engineDefaults } from "./engine-step.ts";
import { TaskEngine } from "./task-engine.ts";

export const arn = "arn:aws:ecs:us-east-1:123456789012:task/default/0123456789abcdef0123456789abcdef";

/**
 * An engine that is driven by hand and keeps its outputs. Commands for a task as a whole are answered unless the test says
 * otherwise.
 */
export class Bench {
  readonly #options: EngineOptions;
  engine: TaskEngine;
  answersPrepare = true;
  now = 1_000;
  commands: RuntimeCommand[] = [];
  reports: StateChange[] = [];
  acknowledged = 0;

  constructor(options: Partial<EngineOptions> = {}) {
    this.#options = { ...engineDefaults, ...options };
    this.engine = new TaskEngine(this.#options);
  }

  step(input: EngineInput): void {
    const outputs = this.engine.step(input, this.now);
    for (const output of outputs) {
      if (output.type === "run") this.commands.push(output.command);
      if (output.type === "submit") this.reports.push(output.change);
      if (output.type === "acknowledge") this.acknowledged += 1;
    }
    if (!this.answersPrepare) return;
    for (const output of outputs)
      if (output.type === "run" && output.command.type === "prepare") this.prepared(output.command.taskArn);
  }

  prepared(taskArn = arn): void {
    this.step({ type: "runtime", event: { type: "prepared", taskArn } });
  }

  run(containers: readonly Partial<PayloadContainer>[], more: Partial<PayloadTask> = {}): void {
    const specs = containers.map((container, i) => ({
      name: `c${i}`,
      image: "busybox",
      essential: true,
      ...container,
    }));
    this.step({
      type: "payload",
      sequence: 1,
      tasks: [{ arn, desiredStatus: "RUNNING", family: "f", version: "1", containers: specs, ...more }],
    });
  }

  stop(taskArn = arn): void {
    this.step({ type: "payload", sequence: 2, tasks: [{ arn: taskArn, desiredStatus: "STOPPED" }] });
  }

  event(container: string, event: DistributiveOmit<ContainerEvent, "taskArn" | "container">): void {
    this.step({ type: "runtime", event: { taskArn: arn, container, ...event } as ContainerEvent });
  }

  /** Takes a container all the way to running. */
  start(container: string): void {
    this.event(container, { type: "pulled", imageDigest: null });
    this.event(container, { type: "created", runtimeId: `id-${container}` });
    this.event(container, { type: "started", at: this.now });
  }

  exit(container: string, exitCode: number): void {
    this.event(container, { type: "exited", exitCode, reason: null, at: this.now });
  }

  pass(ms: number): void {
    this.now += ms;
    this.step({ type: "timer" });
  }

  /** The containers that got this command. */
  did(type: RuntimeCommand["type"]): string[] {
    return this.commands.flatMap((command) =>
      command.type === type && "container" in command ? [command.container] : [],
    );
  }

  /** The tasks that got this command for the task as a whole. */
  didWithTask(type: RuntimeCommand["type"]): string[] {
    return this.commands.flatMap((command) =>
      command.type === type && !("container" in command) ? [command.taskArn] : [],
    );
  }

  statuses(): (string | undefined)[] {
    return this.reports.map((report) => report.status);
  }

  restart(): void {
    this.engine = new TaskEngine(this.#options, JSON.parse(JSON.stringify(this.engine.snapshot())) as EngineSnapshot);
    this.commands = [];
    this.step({ type: "recovered" });
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
