import { tasksPerPublishHealth } from "../agent-protocol/from-agent/publish-health.ts";
import type { FromAgent } from "../agent-protocol/from-agent.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { RandomStream } from "../lib/random.ts";
import type { AgentLog } from "./agent-log.ts";
import type { ContainerRuntime } from "./container-runtime.ts";
import type { TaskHealth } from "./engine-step.ts";

/** AWS: the official agent looks for something to publish each 20 s. */
export const publishIntervalMs = 20_000;

export type TelemetryOptions = {
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly runtime: ContainerRuntime;
  readonly publisher: () => Publisher;
  readonly health: () => readonly TaskHealth[];
  readonly send: (message: FromAgent) => void;
};

/** What a host publishes about its runtime and its containers: when it connects, on each change, and each 20 s. */
export class Telemetry {
  readonly #options: TelemetryOptions;
  #status: RuntimeStatus | null = null;
  /** AWS: what was published goes out again only after another check. */
  #statusPublished = true;
  #tick: Timer | null = null;
  #closed = false;

  constructor(options: TelemetryOptions) {
    this.#options = options;
    options.runtime.onCheckChanged(() => this.check(true));
  }

  start(): void {
    this.#tick = this.#options.clock.setTimer(publishIntervalMs, () => {
      this.#publishStatus();
      this.publishHealth();
      this.start();
    });
  }

  close(): void {
    this.#closed = true;
    this.#tick?.cancel();
  }

  /** Looks at the runtime; publishes at once when asked to or when it has changed, else at the next tick. */
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
      (error: unknown) => log("warn", { err: error }, "the container runtime could not be checked"),
    );
  }

  publishHealth(): void {
    const { publisher, health, clock, send } = this.#options;
    for (const message of healthMessages(publisher(), health(), clock.now())) send(message);
  }

  #publishStatus(): void {
    if (this.#statusPublished || this.#closed) return;
    this.#statusPublished = true;
    const { publisher, clock, send } = this.#options;
    send(instanceStatusMessage(publisher(), this.#status, clock.now()));
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

/** The health of all checked containers, in as many messages as it takes. */
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
