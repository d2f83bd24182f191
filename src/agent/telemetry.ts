import { tasksPerPublishHealth } from "../agent-protocol/from-agent/publish-health.ts";
import type { FromAgent } from "../agent-protocol/from-agent.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { RandomStream } from "../lib/random.ts";
import type { ContainerRuntime } from "./container-runtime.ts";
import type { EngineTask } from "./engine/engine-state.ts";
import type { TaskHealth } from "./engine/engine-step.ts";
import { type TaskMetric, TaskMetrics } from "./task-metrics.ts";

/** AWS: the official agent looks for something to publish every 20 s. */
export const publishIntervalMs = 20_000;
/** AWS: how many messages of each kind wait while the socket is down: five minutes of them. Then the oldest are dropped. */
const heldBackMax = 15;
/** AWS: the most tasks that the official agent puts into one message. */
const tasksPerPublishMetrics = 10;

export type TelemetryOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: ContainerRuntime;
  readonly publisher: () => Publisher;
  readonly tasks: () => Iterable<Readonly<EngineTask>>;
  /** Of all tasks, or of the task with that ARN. */
  readonly health: (taskArn: string | null) => readonly TaskHealth[];
  /** False: container usage is not reported. */
  readonly metrics: boolean;
  /** False if there is no socket. */
  readonly send: (message: FromAgent) => boolean;
};

/**
 * What a host publishes about its runtime and its containers: when it connects, on each change, and every 20 s. What cannot be
 * sent waits for the next connection.
 */
export class Telemetry {
  readonly #options: TelemetryOptions;
  #status: RuntimeStatus | null = null;
  /** AWS: what was published goes out again only after another check. */
  #statusPublished = true;
  readonly #metrics = new TaskMetrics();
  #heldBack: FromAgent[] = [];
  #tick: Timer | null = null;
  #closed = false;

  constructor(options: TelemetryOptions) {
    this.#options = options;
    options.runtime.onCheckChanged(() => this.check(true));
  }

  start(): void {
    this.#publishMetrics();
    this.#armTick();
  }

  /** There is a socket again: held-back messages go first. */
  connected(): void {
    const heldBack = this.#heldBack;
    this.#heldBack = [];
    for (const message of heldBack) this.#send(message);
    this.check(true);
  }

  #armTick(): void {
    this.#tick = this.#options.clock.setTimer(publishIntervalMs, () => {
      this.#publishMetrics();
      this.#publishStatus();
      this.publishHealth();
      this.#armTick();
    });
  }

  close(): void {
    this.#closed = true;
    this.#tick?.cancel();
  }

  /** Checks the runtime. Publishes at once if asked to or if the result has changed, otherwise at the next tick. */
  check(publish: boolean): void {
    const { runtime, clock, log } = this.#options;
    runtime.check().then(
      (status) => {
        const changed = this.#status?.status !== status;
        const checkedAt = clock.now();
        this.#status = { status, checkedAt, since: changed ? checkedAt : (this.#status?.since ?? checkedAt) };
        this.#statusPublished = false;
        if (publish || changed) this.#publishStatus();
      },
      (error: unknown) => log("runtime-check-failed", { err: error }),
    );
  }

  /** Publishes the health of the task whose health has changed, or of all. */
  publishHealth(taskArn: string | null = null): void {
    const { publisher, health, clock } = this.#options;
    for (const message of healthMessages(publisher(), health(taskArn), clock.now())) this.#send(message);
  }

  #publishMetrics(): void {
    const { publisher, tasks, runtime, clock, metrics } = this.#options;
    const isIdle = !metrics || !hasRunningContainer(tasks());
    const now = clock.now();
    const taken = isIdle ? [] : this.#metrics.take(tasks(), runtime.usage(), now);
    for (const message of metricsMessages(publisher(), isIdle, taken, now)) this.#send(message);
  }

  #send(message: FromAgent): void {
    if (this.#closed || this.#options.send(message)) return;
    const sameKind = this.#heldBack.filter(({ type }) => type === message.type);
    if (sameKind.length >= heldBackMax) this.#heldBack.splice(this.#heldBack.indexOf(sameKind[0] ?? message), 1);
    this.#heldBack.push(message);
  }

  #publishStatus(): void {
    if (this.#statusPublished || this.#closed) return;
    this.#statusPublished = true;
    const { publisher, clock } = this.#options;
    this.#send(instanceStatusMessage(publisher(), this.#status, clock.now()));
  }
}

type RuntimeStatus = { readonly status: "OK" | "IMPAIRED"; readonly checkedAt: number; readonly since: number };

export type Publisher = { readonly cluster: string; readonly containerInstance: string; readonly ids: RandomStream };

const seconds = (ms: number): number => ms / 1_000;

function instanceStatusMessage(from: Publisher, runtime: RuntimeStatus | null, now: number): FromAgent {
  const { cluster, containerInstance, ids } = from;
  return {
    type: "PublishInstanceStatusRequest",
    message: {
      metadata: { cluster, containerInstance, requestId: ids.uuid() },
      statuses: [
        {
          type: "ContainerRuntime",
          status: runtime?.status ?? "INITIALIZING",
          lastUpdated: seconds(runtime?.checkedAt ?? now),
          lastStatusChange: seconds(runtime?.since ?? now),
        },
      ],
      timestamp: seconds(now),
    },
  };
}

/** The health of all checked containers, in as many messages as needed. */
function healthMessages(from: Publisher, tasks: readonly TaskHealth[], now: number): readonly FromAgent[] {
  const { cluster, containerInstance, ids } = from;
  const messages: FromAgent[] = [];
  for (let start = 0; start < tasks.length; start += tasksPerPublishHealth) {
    messages.push({
      type: "PublishHealthRequest",
      message: {
        metadata: {
          cluster,
          containerInstance,
          messageId: ids.uuid(),
          fin: start + tasksPerPublishHealth >= tasks.length,
        },
        tasks: tasks.slice(start, start + tasksPerPublishHealth).map((task) => ({
          taskArn: task.taskArn,
          taskDefinitionFamily: task.family,
          taskDefinitionVersion: task.version,
          containers: task.containers.map(({ name, status, since }) => ({
            containerName: name,
            healthStatus: status,
            statusSince: seconds(since),
          })),
        })),
        timestamp: seconds(now),
      },
    });
  }
  return messages;
}

function hasRunningContainer(tasks: Iterable<Readonly<EngineTask>>): boolean {
  for (const { containers } of tasks) if (containers.some(({ phase }) => phase === "running")) return true;
  return false;
}

/** The usage of containers, in as many messages as needed. If none runs, one message that says so. */
function metricsMessages(
  from: Publisher,
  isIdle: boolean,
  metrics: readonly TaskMetric[],
  now: number,
): readonly FromAgent[] {
  const { cluster, containerInstance, ids } = from;
  const message = (fin: boolean, more: { readonly taskMetrics?: readonly TaskMetric[] }): FromAgent => ({
    type: "PublishMetricsRequest",
    message: {
      metadata: { cluster, containerInstance, messageId: ids.uuid(), idle: isIdle, fin },
      ...more,
      timestamp: seconds(now),
    },
  });
  if (isIdle) return [message(true, {})];
  const messages: FromAgent[] = [];
  for (let start = 0; start < metrics.length; start += tasksPerPublishMetrics) {
    const taskMetrics = metrics.slice(start, start + tasksPerPublishMetrics);
    messages.push(message(start + tasksPerPublishMetrics >= metrics.length, { taskMetrics }));
  }
  return messages;
}
