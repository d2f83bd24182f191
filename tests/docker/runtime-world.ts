/** A DockerRuntime in a test, with its events. */
import type { ContainerEvent, RuntimeCommand, RuntimeEvent } from "../../src/agent/container-runtime.ts";
import { DockerRuntime, type DockerRuntimeOptions } from "../../src/agent/docker/docker-runtime.ts";
import { DockerEngine } from "../../src/agent/docker/engine/docker-engine.ts";
import type { TaskGroundwork } from "../../src/agent/docker/groundwork/task-groundwork.ts";
import { surroundingsOf } from "../../src/agent/engine/engine-task.ts";
import type { PayloadContainer } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { untilFound } from "../until.ts";

/** Nothing but Docker's defaults. */
export const noGroundwork: TaskGroundwork = {
  prepare: () => Promise.resolve(),
  placeOf: () => ({}),
  release: () => Promise.resolve(),
  clean: () => Promise.resolve(),
};

export const plainTask = surroundingsOf({
  arn: "arn:aws:ecs:us-east-1:123456789012:task/c/plain",
  desiredStatus: "RUNNING",
  family: "fam",
  version: "3",
  launchType: "EXTERNAL",
});

type EventOf<Type> = Extract<RuntimeEvent, { readonly type: Type }>;

export class RuntimeWorld {
  readonly docker: DockerEngine;
  readonly runtime: DockerRuntime;
  readonly events: RuntimeEvent[] = [];
  checkChanges = 0;

  constructor(dockerHost: string, cluster: string, options: Partial<DockerRuntimeOptions> = {}) {
    this.docker = new DockerEngine(dockerHost);
    this.runtime = new DockerRuntime({
      docker: this.docker,
      clock: systemClock,
      log: () => {},
      groundwork: noGroundwork,
      engineVersion: "1.2.3",
      cluster,
      pullBehaviour: "prefer-cached",
      ...options,
    });
    this.runtime.onEvent((event) => this.events.push(event));
    this.runtime.onCheckChanged(() => {
      this.checkChanges += 1;
    });
  }

  close(): void {
    this.runtime.close();
    this.docker.close();
  }

  /** The next event of this type about the container (or the task). Earlier ones are dropped. */
  async next<Type extends RuntimeEvent["type"]>(
    type: Type,
    container?: string,
    timeoutMs?: number,
  ): Promise<EventOf<Type>> {
    const isIt = (event: RuntimeEvent): event is EventOf<Type> =>
      event.type === type && (container === undefined || (event as ContainerEvent).container === container);
    const index = await untilFound(
      `event ${type} of ${container ?? "the task"}, among ${JSON.stringify(this.events)}`,
      () => {
        const at = this.events.findIndex(isIt);
        return at < 0 ? null : at + 1;
      },
      timeoutMs,
    );
    return this.events.splice(0, index).at(-1) as EventOf<Type>;
  }

  run(command: RuntimeCommand): void {
    this.runtime.run(command);
  }

  /** Creates the container and returns its id. */
  async create(taskArn: string, spec: PayloadContainer, more: Partial<Created> = {}): Promise<string> {
    const { bindings = [], task = plainTask } = more;
    this.run({ type: "create", taskArn, container: spec.name, spec, bindings, task });
    return (await this.next("created", spec.name)).runtimeId;
  }

  /** Creates and starts the container, and returns its id. */
  async launch(taskArn: string, spec: PayloadContainer, more: Partial<Created> = {}): Promise<string> {
    const runtimeId = await this.create(taskArn, spec, more);
    this.run({ type: "start", taskArn, container: spec.name, runtimeId, spec });
    await this.next("started", spec.name);
    return runtimeId;
  }
}

type Created = Pick<Extract<RuntimeCommand, { readonly type: "create" }>, "bindings" | "task">;
