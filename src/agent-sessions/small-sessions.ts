/** The sessions of a control plane that a test plays, and the ends of its agents. */
import assert from "node:assert/strict";
import type { AgentChannel, AgentConnection, AgentHello } from "../agent-protocol/connection.ts";
import { parseToAgent, type ToAgent } from "../agent-protocol/to-agent.ts";
import type { ClusterPlace } from "../cluster-runner/partitions/cluster-place.ts";
import type { AgentReport } from "../ecs/state/cluster-input.ts";
import type { HostEffect, TaskOrder } from "../ecs/state/effect.ts";
import { scaledTimeline } from "../ecs/timeline.ts";
import type { LogEvent } from "../lib/log-events.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { AgentSessions } from "./agent-sessions.ts";
import { InProcessTransport } from "./in-process-transport.ts";

export const place: ClusterPlace = { account: "123456789012", region: "us-east-1", cluster: "default" };
export const instanceId = "0123456789abcdef0123456789abcdef";
export const hello: AgentHello = {
  cluster: "default",
  containerInstanceArn: `arn:aws:ecs:us-east-1:123456789012:container-instance/default/${instanceId}`,
  agentVersion: "1.96.0",
  agentHash: "c6d67916",
  dockerVersion: "DockerVersion: 25.0.8",
  sendCredentials: true,
};

export class SmallSessions {
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly reports: AgentReport[] = [];
  readonly logged: LogEvent[] = [];
  refuse = false;
  effect: (place: ClusterPlace, effect: HostEffect) => void = () => {};
  loaded: (place: ClusterPlace) => void = () => {};
  readonly sessions = new AgentSessions({
    clock: this.clock,
    random: seededRandom("test"),
    timeline: scaledTimeline(10),
    agentArchive: { location: "http://archive.example/1.97.0.tar", signature: "ab".repeat(32) },
    log: (event) => void this.logged.push(event),
    controlPlane: {
      submit: (at, { report }) => {
        assert.deepEqual({ ...at }, place);
        this.reports.push(report);
        return this.refuse ? Promise.reject(new Error("no such cluster")) : Promise.resolve();
      },
      onEffect: (listener) => {
        this.effect = listener;
      },
      onLoaded: (listener) => {
        this.loaded = listener;
      },
    },
  });

  async connect(
    channel: AgentChannel = "acs",
    { simulated = false, ...said }: { readonly simulated?: boolean; readonly sendCredentials?: boolean } = {},
  ): Promise<AgentEnd> {
    const transport = new InProcessTransport({
      clock: this.clock,
      simulated,
      accept: (...connection) => this.sessions.accept(...connection),
    });
    const end = new AgentEnd(transport.connect(channel, { ...hello, ...said }));
    await this.clock.settle();
    return end;
  }

  types(): string[] {
    return this.reports.map((report) => report.type);
  }

  async send(effect: HostEffect): Promise<void> {
    this.effect(place, effect);
    await this.clock.settle();
  }
}

/** The agent's end of a connection. */
export class AgentEnd {
  readonly connection: AgentConnection;
  readonly messages: ToAgent[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;

  constructor(connection: AgentConnection) {
    this.connection = connection;
    connection.onMessage((value) => {
      const parsed = parseToAgent(value);
      assert.ok(parsed.ok, "the control plane sends messages of the right shape");
      this.messages.push(parsed.message);
    });
    connection.onClose((code, reason) => {
      this.closed = { code, reason };
    });
  }

  closedWith(): number | null {
    return this.closed?.code ?? null;
  }

  of<Type extends ToAgent["type"]>(type: Type): Extract<ToAgent, { type: Type }>[] {
    return this.messages.filter((message): message is Extract<ToAgent, { type: Type }> => message.type === type);
  }
}

/** The parts of a task that a payload is made of. */
export const orderOf = (n: number, desiredStatus: "RUNNING" | "STOPPED" = "RUNNING"): TaskOrder =>
  ({
    task: {
      arn: `arn:aws:ecs:us-east-1:123456789012:task/default/${n}`,
      desiredStatus,
      overrides: { containerOverrides: [{ name: "c", environment: [{ name: "A", value: "2" }], command: ["run"] }] },
      attachments: [],
      containers: [],
      cpu: "512",
      memory: "1024",
      group: "family:f",
      launchType: "EC2",
    },
    definition: {
      family: "f",
      revision: 3,
      networkMode: null,
      more: { volumes: [{ name: "v" }] },
      containerDefinitions: [
        {
          name: "c",
          image: "busybox",
          essential: true,
          cpu: 10,
          memory: 64,
          environment: [
            { name: "A", value: "1" },
            { name: "B", value: "1" },
          ],
          portMappings: [{ containerPort: 80, protocol: "tcp" }],
          healthCheck: { command: ["CMD", "true"], interval: 5 },
          stopTimeout: 2,
        },
      ],
    },
  }) as unknown as TaskOrder;
