import {
  type AgentChannel,
  type AgentConnection,
  type AgentHello,
  displacedWord,
  inactiveInstance,
} from "../agent-protocol/connection.ts";
import type { TaskCredentialsIssuer } from "../auth/task-credentials.ts";
import type { ClusterPlace } from "../cluster-runner/partitions/cluster-place.ts";
import { attachmentArn, clusterArn } from "../ecs/arn.ts";
import type { AgentReport } from "../ecs/state/cluster-input.ts";
import type { HostEffect } from "../ecs/state/effect.ts";
import { ecsTimeline, type Timeline } from "../ecs/timeline.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { Random, RandomStream } from "../lib/random.ts";
import { AgentSession } from "./agent-session.ts";
import { instanceOf } from "./sockets/hello-from-url.ts";
import { UnhurriedReports } from "./telemetry/unhurried-reports.ts";

/** The input by which a cluster gets a report. */
export type SubmittedReport = { readonly type: "agent-report"; readonly report: AgentReport };

/** What the sessions need from the control plane. */
export type SessionsControlPlane = {
  /** Resolves once the cluster has accepted the report. Reports of one cluster are processed in the order of these calls. */
  submit(place: ClusterPlace, input: SubmittedReport): Promise<unknown>;
  onEffect(listener: (place: ClusterPlace, effect: HostEffect) => void): void;
  /** Calls `listener` when a cluster was loaded and does not know which agents are connected. */
  onLoaded?(listener: (place: ClusterPlace) => void): void;
};

/** Where agents fetch a version of the official agent, and the archive's SHA-256 as 64 lower-case hex digits. */
export type AgentArchive = { readonly location: string; readonly signature: string };

export type AgentSessionsOptions = {
  readonly controlPlane: SessionsControlPlane;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where agents fetch a new version. Without it only simulated hosts can update. */
  readonly agentArchive?: AgentArchive | null;
  /** Mints credentials for task roles. Without it tasks get no credentials. */
  readonly credentials?: TaskCredentialsIssuer | null;
  /** The timeline of the clusters. Default: ECS's own. */
  readonly timeline?: Timeline;
};

export type ConnectionKind = {
  /** True for a simulated host, which a real agent may displace. */
  readonly simulated: boolean;
  /** The cluster has just accepted the agent. */
  readonly admitted?: boolean;
};

/** LIMIT: instances remembered as turned away; for older ones the cluster is asked again when they connect. */
const turnedAwayMax = 10_000;

/** The sessions of all agents with this control plane. */
export class AgentSessions {
  readonly #options: AgentSessionsOptions;
  readonly #ids: RandomStream;
  readonly #sessions = new Map<string, AgentSession>();
  readonly #turnedAway = new Set<string>();
  /** Instances that have had a real agent. No simulated host may act for them any more. */
  readonly #real = new Set<string>();
  readonly #unhurried: UnhurriedReports;
  #closed = false;

  constructor(options: AgentSessionsOptions) {
    this.#options = options;
    this.#unhurried = new UnhurriedReports(options.clock);
    this.#ids = options.random.stream("agent-messages");
    options.controlPlane.onEffect((place, effect) => this.#apply(place, effect));
    options.controlPlane.onLoaded?.((place) => {
      const prefix = keyOf(place, "");
      for (const [key, session] of this.#sessions) if (key.startsWith(prefix)) session.reintroduce();
    });
  }

  /**
   * Accepts a connection from an authorised caller. The newest connection of a channel wins, except that a simulated one never
   * displaces a real one. A refused connection is closed with the reason.
   */
  accept(
    channel: AgentChannel,
    hello: AgentHello,
    connection: AgentConnection,
    { simulated, admitted = false }: ConnectionKind,
  ): void {
    if (this.#closed) {
      connection.close(1001, "shutting down");
      return;
    }
    const found = instanceOf(hello);
    if (found === null) {
      connection.close(1008, "InvalidInstanceException: containerInstanceArn names no container instance.");
      return;
    }
    const { place, instanceId } = found;
    const key = keyOf(place, instanceId);
    // Only the cluster knows whether the instance is still INACTIVE, and only an ACS connection asks it.
    if (channel === "tcs" && !admitted && this.#turnedAway.has(key)) {
      connection.close(inactiveInstance.code, inactiveReason);
      return;
    }
    if (simulated && this.#real.has(key)) {
      connection.close(1008, displacedReason);
      return;
    }
    const session = this.#sessions.get(key) ?? this.#newSession(key, place, instanceId, hello.containerInstanceArn);
    if (!simulated && !this.#real.has(key)) {
      this.#real.add(key);
      // Both sockets of the simulated host close. An open ACS is replaced below, so the instance stays connected.
      if (session.simulated === true) session.displace(channel, displacedReason);
    }
    session.simulated = simulated;
    if (channel === "acs") this.#turnedAway.delete(key);
    session.open(channel, hello, connection);
  }

  /**
   * Closes every session: 1001 makes agents return at once. Further connections are refused the same way. The clusters are not
   * informed: whoever continues with the store assumes that the agents are connected until it learns otherwise.
   */
  closeAll(code: number, reason = "shutting down"): void {
    this.#closed = true;
    this.#unhurried.close();
    for (const session of this.#sessions.values()) session.handOff(code, reason);
    this.#sessions.clear();
  }

  /** Open sockets, for the metrics. */
  counts(): { readonly acs: number; readonly tcs: number; readonly simulated: number } {
    const counts = { acs: 0, tcs: 0, simulated: 0 };
    for (const session of this.#sessions.values()) {
      if (session.isOpen("acs")) counts.acs += 1;
      if (session.isOpen("tcs")) counts.tcs += 1;
      if (session.isOpen("acs") && session.simulated === true) counts.simulated += 1;
    }
    return counts;
  }

  #apply(place: ClusterPlace, effect: HostEffect): void {
    // Whoever runs the managed hosts handles these.
    if (effect.type === "start-host" || effect.type === "end-host") return;
    const key = keyOf(place, effect.instanceId);
    const session = this.#sessions.get(key);
    if (effect.type !== "turn-away") {
      session?.apply(effect);
      return;
    }
    this.#turnedAway.add(key);
    if (this.#turnedAway.size > turnedAwayMax) {
      for (const oldest of this.#turnedAway) {
        this.#turnedAway.delete(oldest);
        break;
      }
    }
    session?.close(inactiveInstance.code, inactiveReason);
    this.#sessions.delete(key);
    this.#real.delete(key);
  }

  #newSession(key: string, place: ClusterPlace, instanceId: string, containerInstanceArn: string): AgentSession {
    const { clock, log, controlPlane, agentArchive = null, timeline = ecsTimeline } = this.#options;
    const session = new AgentSession(
      {
        instanceId,
        containerInstanceArn,
        clusterArn: clusterArn(place, place.cluster),
        attachmentArn: (id) => attachmentArn(place, place.cluster, id),
      },
      {
        clock,
        log,
        ids: this.#ids,
        report: async (report) => void (await controlPlane.submit(place, { type: "agent-report", report })),
        unhurried: (tell) => this.#unhurried.add(tell),
        credentials: this.#options.credentials ?? null,
        attachmentTimeoutMs: timeline.attachmentTimeoutMs,
        archiveFor: (targetVersion, simulated) =>
          simulated ? { location: `simulated:/agent/${targetVersion}`, signature: "0".repeat(64) } : agentArchive,
      },
    );
    this.#sessions.set(key, session);
    return session;
  }
}

const inactiveReason = `${inactiveInstance.word}: The container instance is not active.`;

const displacedReason = `${displacedWord}: The container instance has an agent of its own.`;

const keyOf = (place: ClusterPlace, instanceId: string): string =>
  `${place.account}/${place.region}/${place.cluster}/${instanceId}`;
