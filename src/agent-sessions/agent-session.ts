/**
 * The control plane's state for one container instance that has an agent. The command socket (ACS) makes the
 * instance connected; the telemetry socket (TCS) only brings reports. Both come and go independently.
 *
 *   no ACS --accept--> open (agent-connected) --replaced by a newer ACS--> open (agent-connected again, no disconnect)
 *   open --closed by the agent, by the network, or two heartbeats unanswered--> no ACS (agent-disconnected)
 */
import {
  type AgentChannel,
  type AgentConnection,
  type AgentHello,
  takenOverReason,
} from "../agent-protocol/connection.ts";
import {
  type CommandFromAgent,
  parseCommandFromAgent,
  parseTelemetryFromAgent,
  type TelemetryFromAgent,
} from "../agent-protocol/from-agent.ts";
import type { ToAgent } from "../agent-protocol/to-agent.ts";
import { type TaskCredentialsIssuer, taskCredentialsMs } from "../auth/task-credentials.ts";
import type { AgentReport } from "../ecs/state/cluster-input.ts";
import type { HostEffect } from "../ecs/state/effect.ts";
import { never } from "../lib/assert.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { RandomStream } from "../lib/random.ts";
import { AcknowledgedOrders } from "./acknowledged-orders.ts";
import {
  addressed,
  attachmentsFrom,
  credentialsFrom,
  manifestFrom,
  ordersNow,
  type Postmark,
  payloadFrom,
  type SessionIdentity,
  stopConfirmationFrom,
} from "./messages-from-effects.ts";
import { taskCredentialsOf, withoutCredentials } from "./payload/task-roles.ts";
import { reportFromTelemetry } from "./telemetry/telemetry-report.ts";
import { UnacknowledgedPayloads } from "./unacknowledged-payloads.ts";

/**
 * LIMIT: agents drop a socket on which nothing arrived for 60 to 120 s; 20 s allows for a lost one, and each makes them check
 * their container runtime.
 */
export const heartbeatIntervalMs = 20_000;
/** LIMIT: the protocol says to close if acks are missing for about two heartbeats. */
export const unansweredHeartbeatsMax = 2;
/** LIMIT: half of the lifetime of task credentials, so that one refresh may fail. */
const credentialsIntervalMs = taskCredentialsMs / 2;
/**
 * LIMIT: reports of one agent that the cluster has not accepted yet; more are dropped, because later ones say the same or more.
 */
const waitingReportsMax = 1_000;
export type SessionEnvironment = {
  readonly clock: Clock;
  readonly ids: RandomStream;
  readonly log: Log;
  readonly report: (report: AgentReport) => Promise<void>;
  /** Calls `tell` after a short delay, for a report without news. */
  readonly unhurried: (tell: () => void) => void;
  /** Mints credentials for task roles. Without it tasks get no credentials. */
  readonly credentials: TaskCredentialsIssuer | null;
  /** How long an agent may take to confirm a network interface. */
  readonly attachmentTimeoutMs: number;
  /** The archive that UpdateContainerAgent makes the agent fetch. */
  readonly archiveFor: (
    targetVersion: string,
    simulated: boolean,
  ) => { readonly location: string; readonly signature: string } | null;
};

export class AgentSession {
  readonly identity: SessionIdentity;
  readonly #environment: SessionEnvironment;
  #acs: AgentConnection | null = null;
  #tcs: AgentConnection | null = null;
  #heartbeat: Timer | null = null;
  #unanswered = 0;
  /**
   * When the agent's tasks need fresh credentials: after a time or when the wall clock nears their expiry, whichever is earlier.
   */
  #credentialsDue = { at: 0, wall: 0 };
  readonly #unacknowledged = new UnacknowledgedPayloads();
  readonly #acknowledged = new AcknowledgedOrders();
  /** The next agent to connect replaces the previous one, whatever it says about itself. */
  #isSucceeded = false;
  #hello: AgentHello | null = null;
  readonly #updates = new Map<string, "stage" | "perform">();
  readonly #complained = new Set<string>();
  #waitingReports = 0;
  /** The agent's last report on its host since its telemetry connected. */
  #hostChecks: HostChecks | null = null;
  /** The kind of agent that holds the session. Null while there is none. */
  simulated: boolean | null = null;

  constructor(identity: SessionIdentity, environment: SessionEnvironment) {
    this.identity = identity;
    this.#environment = environment;
  }

  isOpen(channel: AgentChannel): boolean {
    return (channel === "acs" ? this.#acs : this.#tcs) !== null;
  }

  /** Accepts a connection. An older one of the same channel is closed without the instance appearing disconnected. */
  open(channel: AgentChannel, hello: AgentHello, connection: AgentConnection): void {
    const older = channel === "acs" ? this.#acs : this.#tcs;
    // Not 1000, after which the agent would return at once: two agents with one state would displace each other without a pause.
    older?.close(1008, takenOverReason);
    if (channel === "acs") this.#openCommands(hello, connection);
    else this.#openTelemetry(connection);
    connection.onClose((code) => this.#lost(channel, connection, code));
  }

  /** A real agent replaces the simulated host: the host's sockets close, and the instance stays connected if ACS is next. */
  displace(next: AgentChannel, reason: string): void {
    this.#isSucceeded = true;
    this.#tcs?.close(1008, reason);
    this.#tcs = null;
    this.#acs?.close(1008, reason);
    if (this.#acs !== null && next !== "acs") this.#dropCommands();
    this.#acs = null;
  }

  /** Closes both channels. A connected instance becomes disconnected. */
  close(code: number, reason: string): void {
    this.#tcs?.close(code, reason);
    this.#tcs = null;
    if (this.#acs === null) return;
    this.#acs.close(code, reason);
    this.#dropCommands();
  }

  /** Closes both channels without informing the cluster, because another agent is about to take over the instance. */
  handOff(code: number, reason: string): void {
    this.#tcs?.close(code, reason);
    this.#acs?.close(code, reason);
    this.#tcs = null;
    this.#acs = null;
    this.#dropState();
  }

  /** Sends what a step of the cluster orders. Without a connection the order is lost, and derived again at the next one. */
  apply(effect: Exclude<HostEffect, { type: "turn-away" | "start-host" | "end-host" }>): void {
    if (this.#acs === null) return;
    const { identity } = this;
    switch (effect.type) {
      case "deliver-tasks":
        this.#deliver(effect);
        return;
      case "deliver-credentials":
        this.#deliverCredentials(effect);
        return;
      case "deliver-manifest":
        this.#acknowledged.keepOnly(new Set(effect.tasks.map(({ arn }) => arn)));
        this.#send(manifestFrom(effect, identity, this.#postmark()));
        return;
      case "confirm-stops":
        this.#send(stopConfirmationFrom(effect, identity, this.#environment.clock.now()));
        return;
      case "update-agent":
        this.#update(effect.stage, effect.targetVersion);
        return;
      default:
        never(effect, "effect");
    }
  }

  /** The cluster has forgotten which agents are connected: introduce this one again. */
  reintroduce(): void {
    if (this.#acs !== null) this.#introduce(false);
  }

  #openCommands(hello: AgentHello, connection: AgentConnection): void {
    this.#dropState();
    this.#acs = connection;
    connection.onMessage((message) => {
      if (this.#acs === connection) this.#command(message);
    });
    this.#hello = hello;
    this.#armHeartbeat();
    // An agent asks for credentials once in its life, because it keeps none on its disk.
    const isNewProcess = hello.sendCredentials || this.#isSucceeded;
    this.#isSucceeded = false;
    if (isNewProcess) this.#acknowledged.clear();
    this.#introduce(isNewProcess);
    // A returning agent keeps its credentials until they are due. If this process has issued none, they are due now.
    if (isNewProcess || this.#areCredentialsDue()) this.#askForCredentials();
  }

  #introduce(isNewProcess: boolean): void {
    this.#report({
      type: "agent-connected",
      instanceId: this.identity.instanceId,
      agentVersion: this.#hello?.agentVersion || null,
      agentHash: this.#hello?.agentHash || null,
      dockerVersion: this.#hello?.dockerVersion || null,
      isNewProcess,
    });
  }

  #openTelemetry(connection: AgentConnection): void {
    this.#tcs = connection;
    this.#hostChecks = null;
    connection.onMessage((message) => {
      if (this.#tcs === connection) this.#telemetry(message);
    });
  }

  #lost(channel: AgentChannel, connection: AgentConnection, code: number): void {
    if (channel === "tcs") {
      if (this.#tcs === connection) this.#tcs = null;
      return;
    }
    if (this.#acs !== connection) return;
    this.#environment.log("agent-disconnected", { ...this.#who(), code });
    this.#dropCommands();
  }

  #dropCommands(): void {
    this.#acs = null;
    this.#dropState();
    this.#report({ type: "agent-disconnected", instanceId: this.identity.instanceId });
  }

  /** The state of one command connection. At the next one the cluster delivers again what was not acknowledged. */
  #dropState(): void {
    this.#heartbeat?.cancel();
    this.#heartbeat = null;
    this.#unanswered = 0;
    this.#unacknowledged.clear();
    this.#updates.clear();
    this.#complained.clear();
  }

  #armHeartbeat(): void {
    this.#heartbeat = this.#environment.clock.setTimer(heartbeatIntervalMs, () => this.#beat());
  }

  #beat(): void {
    if (this.#acs === null) return;
    if (this.#unanswered >= unansweredHeartbeatsMax) {
      this.#environment.log("agent-heartbeat-missed", this.#who());
      this.#acs.close(1011, "heartbeats were not answered");
      this.#dropCommands();
      return;
    }
    this.#unanswered += 1;
    this.#send({ type: "HeartbeatMessage", message: { messageId: this.#environment.ids.uuid(), healthy: true } });
    this.#resend();
    if (this.#areCredentialsDue()) this.#askForCredentials();
    this.#armHeartbeat();
  }

  /** Only the cluster knows which of the agent's tasks have roles. */
  #askForCredentials(): void {
    if (this.#environment.credentials === null) return;
    this.#scheduleCredentials();
    this.#report({ type: "credentials-due", instanceId: this.identity.instanceId });
  }

  #areCredentialsDue(): boolean {
    const { at, wall } = this.#credentialsDue;
    return this.#environment.clock.now() >= at || this.#environment.clock.wall() >= wall;
  }

  #scheduleCredentials(): void {
    const { clock } = this.#environment;
    this.#credentialsDue = { at: clock.now() + credentialsIntervalMs, wall: clock.wall() + credentialsIntervalMs };
  }

  #deliverCredentials(effect: Extract<HostEffect, { type: "deliver-credentials" }>): void {
    const { clock, credentials, ids } = this.#environment;
    if (credentials === null) return;
    const mint = taskCredentialsOf(credentials, clock.wall());
    for (const message of credentialsFrom(effect, this.identity, mint, () => ids.uuid())) this.#send(message);
  }

  #resend(): void {
    const { payloads, givenUp } = this.#unacknowledged.again();
    for (const payload of payloads) this.#send(payload);
    if (givenUp.length > 0) {
      this.#environment.log("agent-payload-unacknowledged", { ...this.#who(), messageIds: givenUp });
    }
  }

  #deliver(effect: Extract<HostEffect, { type: "deliver-tasks" }>): void {
    const { clock, ids, log, attachmentTimeoutMs } = this.#environment;
    const wait = { now: clock.now(), waitTimeoutMs: attachmentTimeoutMs };
    for (const message of attachmentsFrom(effect, this.identity, wait, () => ids.uuid())) this.#send(message);
    const { credentials } = this.#environment;
    const mint = credentials === null ? withoutCredentials : taskCredentialsOf(credentials, clock.wall());
    const orders = ordersNow(effect.orders).filter(
      ({ task }) => !effect.isReturn || !this.#acknowledged.has(task.arn, task.desiredStatus),
    );
    if (orders.length === 0) return;
    const payload = payloadFrom({ ...effect, orders }, this.identity, this.#postmark(), mint);
    if (this.#unacknowledged.add(payload)) {
      this.#send(payload);
      return;
    }
    log("agent-payload-backlog", this.#who());
    this.#acs?.close(1011, "payloads were not acknowledged");
    this.#dropCommands();
  }

  #update(stage: "stage" | "perform", targetVersion: string): void {
    const updateInfo = this.#environment.archiveFor(targetVersion, this.simulated === true);
    if (updateInfo === null) {
      const reason = "The control plane has no agent archive to offer.";
      this.#tellOfUpdate(stage, false, reason);
      return;
    }
    const address = addressed(this.identity, this.#environment.ids.uuid());
    // A resent update is answered again. Only the newest answer of each stage counts.
    for (const [messageId, pending] of this.#updates) if (pending === stage) this.#updates.delete(messageId);
    this.#updates.set(address.messageId, stage);
    this.#send({
      type: stage === "stage" ? "StageUpdateMessage" : "PerformUpdateMessage",
      message: { ...address, updateInfo },
    });
  }

  #command(value: unknown): void {
    const parsed = parseCommandFromAgent(value);
    if (!parsed.ok) {
      this.#complain("acs", parsed.type, parsed.problem);
      return;
    }
    // Anything that arrives shows that the agent is alive.
    this.#unanswered = 0;
    this.#commandMessage(parsed.message);
  }

  #commandMessage(message: CommandFromAgent): void {
    switch (message.type) {
      case "HeartbeatAckRequest":
      case "IAMRoleCredentialsAckRequest":
        return;
      case "AckRequest":
        this.#acknowledged.note(this.#unacknowledged.acknowledged(message.message.messageId));
        this.#updateAnswered(message.message.messageId, true, null);
        return;
      case "NackRequest":
        this.#updateAnswered(message.message.messageId, false, message.message.reason ?? null);
        return;
      case "TaskStopVerificationMessage":
        this.#report({
          type: "stop-candidates",
          instanceId: this.identity.instanceId,
          messageId: message.message.messageId,
          taskArns: message.message.stopCandidates.map((candidate) => candidate.taskArn),
        });
        return;
      default:
        never(message, "message");
    }
  }

  #updateAnswered(messageId: string, accepted: boolean, reason: string | null): void {
    const stage = this.#updates.get(messageId);
    if (stage === undefined) return;
    this.#updates.delete(messageId);
    this.#tellOfUpdate(stage, accepted, reason);
  }

  #tellOfUpdate(stage: "stage" | "perform", accepted: boolean, reason: string | null): void {
    if (!accepted) this.#environment.log("agent-update-failed", { ...this.#who(), stage, reason });
    this.#report({ type: "update-answered", instanceId: this.identity.instanceId, stage, accepted, reason });
  }

  #telemetry(value: unknown): void {
    const parsed = parseTelemetryFromAgent(value);
    if (!parsed.ok) {
      this.#complain("tcs", parsed.type, parsed.problem);
      return;
    }
    this.#tcs?.send({ type: telemetryAcks[parsed.message.type], message: {} } satisfies ToAgent);
    const report = reportFromTelemetry(this.identity.instanceId, parsed.message, this.#environment.clock.now());
    if (report === null) return;
    const before = this.#hostChecks;
    if (report.type === "instance-status") this.#hostChecks = report.checks;
    if (report.type === "instance-status" && before !== null && saysTheSame(before, report.checks)) {
      this.#environment.unhurried(() => this.#report(report));
    } else this.#report(report);
  }

  /** Drops a malformed message and logs each kind once per connection. */
  #complain(channel: AgentChannel, type: string, problem: string): void {
    const key = `${channel} ${type}`;
    // LIMIT: a sender of many made-up types must not fill memory.
    if (this.#complained.has(key) || this.#complained.size >= 32) return;
    this.#complained.add(key);
    this.#environment.log("agent-message-malformed", { ...this.#who(), channel, type, problem });
  }

  #report(report: AgentReport): void {
    const vital = report.type === "agent-connected" || report.type === "agent-disconnected";
    if (!vital && this.#waitingReports >= waitingReportsMax) {
      this.#complain("tcs", report.type, "too many reports wait");
      return;
    }
    this.#waitingReports += 1;
    // Nobody waits for a report: the cluster's mailbox keeps them in order.
    this.#environment.report(report).then(
      () => {
        this.#waitingReports -= 1;
      },
      (error: unknown) => {
        this.#waitingReports -= 1;
        this.#environment.log("agent-report-failed", { ...this.#who(), report: report.type, err: error });
        // An agent that the cluster does not know would wait for tasks in vain, so it should retry after a pause.
        if (report.type === "agent-connected")
          this.close(1008, "ServerException: The container instance could not be connected.");
      },
    );
  }

  #send(message: ToAgent): void {
    this.#acs?.send(message);
  }

  #postmark(): Postmark {
    return { messageId: this.#environment.ids.uuid(), now: this.#environment.clock.now() };
  }

  #who(): { readonly containerInstance: string } {
    return { containerInstance: this.identity.containerInstanceArn };
  }
}

type HostChecks = Extract<AgentReport, { readonly type: "instance-status" }>["checks"];

function saysTheSame(before: HostChecks, now: HostChecks): boolean {
  return (
    before.length === now.length &&
    now.every(({ type, status, statusReason }, at) => {
      const check = before[at];
      return check?.type === type && check.status === status && check.statusReason === statusReason;
    })
  );
}

const telemetryAcks = {
  PublishMetricsRequest: "AckPublishMetric",
  PublishHealthRequest: "AckPublishHealth",
  PublishInstanceStatusRequest: "AckPublishInstanceStatus",
} as const satisfies Record<TelemetryFromAgent["type"], ToAgent["type"]>;
