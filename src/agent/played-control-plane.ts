import assert from "node:assert/strict";
import type { AgentChannel, AgentConnection, AgentHello, EcsApi } from "../agent-protocol/connection.ts";
import type { PayloadTask } from "../agent-protocol/to-agent/payload.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import type { AgentEnd } from "./agent.ts";
import { type AgentDisk, MemoryDisk } from "./agent-disk.ts";
import type { StateChange } from "./engine/engine-state.ts";
import { type SimulatedHost, type SimulatedHostWorld, simulatedHost } from "./simulated/simulated-host.ts";

export const instanceArn =
  "arn:aws:ecs:us-east-1:123456789012:container-instance/default/0123456789abcdef0123456789abcdef";
export const taskArn = "arn:aws:ecs:us-east-1:123456789012:task/default/0123456789abcdef0123456789abcdef";

export class CodedError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

type Opened = {
  readonly channel: AgentChannel;
  readonly hello: AgentHello;
  readonly connection: ControlEnd;
  readonly at: number;
};

/** A control plane that the test plays, and the simulated host that it serves. */
export class World {
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly calls: { readonly operation: string; readonly request: Record<string, unknown> }[] = [];
  readonly opened: Opened[] = [];
  readonly ends: AgentEnd[] = [];
  readonly disk = new MemoryDisk();
  /** Errors for the next calls of an operation. */
  readonly failures: { readonly operation: string; readonly error: Error }[] = [];
  answersHeartbeats = true;
  #lives = 0;

  readonly api: EcsApi = {
    call: (operation, request) => {
      this.calls.push({ operation, request: request as Record<string, unknown> });
      const failing = this.failures.findIndex((failure) => failure.operation === operation);
      if (failing !== -1) return Promise.reject(this.failures.splice(failing, 1)[0]?.error);
      if (operation === "RegisterContainerInstance") {
        return Promise.resolve({ containerInstance: { containerInstanceArn: instanceArn } });
      }
      return Promise.resolve({ endpoint: "http://acs", telemetryEndpoint: "http://tcs" });
    },
  };

  world(): SimulatedHostWorld {
    this.#lives += 1;
    return {
      clock: this.clock,
      random: seededRandom(`life ${this.#lives}`),
      log: () => {},
      api: this.api,
      transport: {
        connect: (channel, hello) => {
          const connection = new ControlEnd(this.clock);
          this.opened.push({ channel, hello, connection, at: this.clock.now() });
          return connection;
        },
      },
    };
  }

  options() {
    return { name: "host", cluster: "default", disk: this.disk, onEnded: (end: AgentEnd) => this.ends.push(end) };
  }

  async start(more: { readonly disk?: AgentDisk } = {}): Promise<SimulatedHost> {
    const host = simulatedHost(this.world(), {
      ...this.options(),
      ...more,
      account: "123456789012",
      region: "us-east-1",
      index: 1,
    });
    void host.start();
    await this.clock.settle();
    return host;
  }

  of(channel: AgentChannel): Opened[] {
    return this.opened.filter((opened) => opened.channel === channel);
  }

  /** The newest connection of a channel. */
  last(channel: AgentChannel): ControlEnd {
    const connection = this.of(channel).at(-1)?.connection;
    assert.ok(connection);
    return connection;
  }

  called(operation: string): Record<string, unknown>[] {
    return this.calls.filter((call) => call.operation === operation).map((call) => call.request);
  }

  reports(): StateChange[] {
    return this.called("SubmitTaskStateChange") as unknown as StateChange[];
  }

  async order(task: Partial<PayloadTask>): Promise<void> {
    await this.tell("PayloadMessage", { tasks: [{ arn: taskArn, desiredStatus: "RUNNING", ...task }], seqNum: 1 });
  }

  async run(image: string, container: object = {}, task: Partial<PayloadTask> = {}): Promise<void> {
    const containers = [{ name: "c", image, essential: true, ...container }];
    await this.order({ family: "f", version: "1", containers, ...task });
  }

  async heartbeat(): Promise<void> {
    for (const channel of ["acs", "tcs"] as const)
      this.last(channel).tell({ type: "HeartbeatMessage", message: { messageId: "h", healthy: true } });
    await this.clock.settle();
  }

  async tell(type: string, message: object): Promise<void> {
    this.last("acs").tell({
      type,
      message: { messageId: "m", clusterArn: "cluster", containerInstanceArn: instanceArn, ...message },
    });
    await this.clock.settle();
  }
}

/** A connection as the agent sees it. The test is the other end. */
export class ControlEnd implements AgentConnection {
  readonly sent: { readonly type: string; readonly message: Record<string, unknown> }[] = [];
  closedByAgent: number | null = null;
  reasonByAgent: string | null = null;
  closedAt: number | null = null;
  #message: (message: unknown) => void = () => {};
  #close: (code: number, reason: string) => void = () => {};
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  send(message: object): void {
    this.sent.push(message as (typeof this.sent)[number]);
  }
  close(code: number, reason: string): void {
    this.closedByAgent = code;
    this.reasonByAgent = reason;
    this.closedAt = this.#clock.now();
  }
  onMessage(listener: (message: unknown) => void): void {
    this.#message = listener;
  }
  onClose(listener: (code: number, reason: string) => void): void {
    this.#close = listener;
  }
  tell(message: object): void {
    this.#clock.defer(() => this.#message(message));
  }
  hangUp(code: number, reason = ""): void {
    this.#clock.defer(() => this.#close(code, reason));
  }
  types(): string[] {
    return this.sent.map((message) => message.type);
  }
  statuses(): unknown[] {
    return this.sent.flatMap(({ type, message }) =>
      type === "PublishInstanceStatusRequest" ? [(message.statuses as { status: string }[])[0]?.status] : [],
    );
  }
}
