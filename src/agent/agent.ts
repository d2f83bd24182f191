/**
 * The agent of one host. Its life:
 *
 *   start -> [load the disk] -> [register or re-register, unless adopted] -> DiscoverPollEndpoint
 *         -> connected (both sockets, each reopened whenever it closes) -> ended (stop, turned away, displaced, refused)
 */
import type { AgentHello, AgentTransport, EcsApi } from "../agent-protocol/connection.ts";
import type { FromAgent } from "../agent-protocol/from-agent.ts";
import { parseToAgent, type ToAgent } from "../agent-protocol/to-agent.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { Random, RandomStream } from "../lib/random.ts";
import { acknowledgement } from "./acknowledgement.ts";
import type { AgentDisk } from "./agent-disk.ts";
import { type AgentUpdater, SelfUpdate } from "./agent-updater.ts";
import { ChannelLink, type ConnectionLifetime, commandBackoff, telemetryBackoff } from "./channel-link.ts";
import type { ContainerRuntime } from "./container-runtime.ts";
import { DurableEngine } from "./durable-engine.ts";
import type { EngineTask } from "./engine/engine-state.ts";
import { type EngineOptions, engineDefaults } from "./engine/engine-step.ts";
import { type Endpoints, HostRegistration } from "./host-registration.ts";
import { registeredResources } from "./registered-resources.ts";
import { type HostAttribute, type HostFacts, registrationRequest } from "./registration.ts";
import { type CredentialsLookup, TaskCredentials } from "./task-credentials.ts";
import { Telemetry } from "./telemetry.ts";

export type AgentOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly api: EcsApi;
  readonly transport: AgentTransport;
  readonly runtime: ContainerRuntime;
  /** Null: nothing survives a restart of the process. */
  readonly disk: AgentDisk | null;
  /** Names the agent's random streams. Different for each host in a process. */
  readonly name: string;
  readonly cluster: string;
  /** Register this host, or act for an instance that is already registered. */
  readonly instance: { readonly register: HostFacts } | { readonly adopt: string };
  readonly agentVersion: string;
  readonly agentHash: string;
  /** Null: updates are disabled. */
  readonly updater: AgentUpdater | null;
  /** If the host registers itself, `resources` are those it registers. */
  readonly engine?: EngineOptions;
  /** Where task credentials are kept, for whoever serves them. By default the agent creates its own store. */
  readonly credentials?: TaskCredentials;
  /** False: the agent reports that metrics are disabled, and no container usage. */
  readonly metrics?: boolean;
  /** How long a healthy connection is kept. The default is the official agent's. */
  readonly connectionLifetime?: ConnectionLifetime;
  readonly onEnded?: (why: AgentEnd) => void;
};

/** Why an agent ended. */
export type AgentEnd =
  | { readonly why: "stopped" | "inactive" | "displaced" }
  /** The registration was refused with an error that retrying cannot fix. */
  | { readonly why: "refused"; readonly error: unknown };

/** LIMIT: how long an update takes to bring the agent back: long enough for UPDATING to be seen. */
const updateRestartMs = 200;

function engineOptions({ engine = engineDefaults, instance, cluster }: AgentOptions): EngineOptions {
  if ("adopt" in instance) return engine;
  return { ...engine, resources: registeredResources(registrationRequest(instance.register, cluster, "", null)) };
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #random: RandomStream;
  readonly #engine: DurableEngine;
  readonly #registration: HostRegistration;
  readonly #telemetry: Telemetry;
  readonly #update: SelfUpdate;
  readonly #credentials: TaskCredentials;
  #containerInstanceArn: string | null = null;
  #agentVersion: string;
  #acs: ChannelLink | null = null;
  #tcs: ChannelLink | null = null;
  #sendCredentials = true;
  #ended = false;

  constructor(options: AgentOptions) {
    const { clock, log, runtime, updater, cluster } = options;
    const random = options.random.stream(`agent/${options.name}`);
    this.#options = options;
    this.#random = random;
    this.#agentVersion = options.agentVersion;
    this.#credentials = options.credentials ?? new TaskCredentials();
    this.#engine = new DurableEngine({
      ...options,
      engine: engineOptions(options),
      random,
      identity: () => {
        const containerInstanceArn = this.#containerInstanceArn;
        return containerInstanceArn === null ? null : { containerInstanceArn, agentVersion: this.#agentVersion };
      },
      onStopCandidates: (messageId, taskArns) => this.#askAboutStops(messageId, taskArns),
      onHealthChanged: (taskArn) => this.#telemetry.publishHealth(taskArn),
      onStopped: (taskArn) => this.#credentials.forget(taskArn),
    });
    this.#registration = new HostRegistration({ ...options, random });
    this.#telemetry = new Telemetry({
      clock,
      log,
      runtime,
      publisher: () => ({ cluster, containerInstance: this.#containerInstanceArn ?? "", ids: random }),
      tasks: () => this.#engine.tasks(),
      health: (taskArn) => this.#engine.health(taskArn),
      metrics: options.metrics ?? true,
      send: (message) => this.#tcs?.send(message) ?? false,
    });
    this.#update = new SelfUpdate(
      updater,
      (message) => this.#reply(message),
      (version) => this.#changeVersion(version),
    );
  }

  /** Null before the registration. */
  get containerInstanceArn(): string | null {
    return this.#containerInstanceArn;
  }

  /** The host attributes in every registration. Empty for an adopted instance. */
  get attributes(): readonly HostAttribute[] {
    const { instance } = this.#options;
    return "adopt" in instance ? [] : instance.register.attributes;
  }

  /** How many tasks are not STOPPED. */
  get liveTasks(): number {
    return this.#engine.liveTasks;
  }

  /** The role credentials of its tasks. */
  get credentials(): CredentialsLookup {
    return this.#credentials;
  }

  /** The engine's tasks, each until its last report is accepted. Read only. */
  tasks(): Iterable<Readonly<EngineTask>> {
    return this.#engine.tasks();
  }

  /** Resolves when the agent has begun to connect or has ended. Rejects only if its disk cannot be read. */
  async start(): Promise<void> {
    await this.#restore();
    if (!(await this.#register())) return;
    const containerInstanceArn = this.#containerInstanceArn ?? "";
    // Saved before anything is placed on the instance, so an agent killed now comes back as the same instance.
    this.#engine.save();
    const endpoints = await this.#registration.discover(this.#options.cluster, containerInstanceArn);
    await this.#engine.rest();
    if (endpoints === null || this.#ended) return;
    this.#connect(endpoints, containerInstanceArn);
  }

  /** Ends the agent but leaves its containers to the runtime. Resolves when the disk is idle. */
  async stop(): Promise<void> {
    this.#end({ why: "stopped" });
    await this.#engine.rest();
  }

  async #restore(): Promise<void> {
    const { disk, instance } = this.#options;
    const saved = disk === null ? null : await disk.load();
    // Ignore a disk that was written for another instance.
    if (saved === null || this.#ended || ("adopt" in instance && saved.containerInstanceArn !== instance.adopt)) return;
    this.#containerInstanceArn = saved.containerInstanceArn;
    this.#agentVersion = saved.agentVersion;
    this.#engine.restore(saved);
  }

  async #register(): Promise<boolean> {
    const { instance, cluster, log, name, onEnded } = this.#options;
    if ("adopt" in instance) {
      this.#containerInstanceArn = instance.adopt;
      return true;
    }
    const request = registrationRequest(instance.register, cluster, this.#random.uuid(), this.#containerInstanceArn);
    try {
      const arn = await this.#registration.register(request);
      this.#containerInstanceArn ??= arn;
      return arn !== null;
    } catch (error) {
      // `onEnded` receives the error itself.
      log(onEnded === undefined ? "registration-refused" : "registration-refused-reported", { err: error, host: name });
      this.#end({ why: "refused", error });
      return false;
    }
  }

  #connect(endpoints: Endpoints, containerInstanceArn: string): void {
    const { clock, transport, cluster, agentHash, runtime } = this.#options;
    const hello = (sendCredentials: boolean): AgentHello => ({
      cluster,
      containerInstanceArn,
      agentVersion: this.#agentVersion,
      agentHash,
      dockerVersion: runtime.version,
      sendCredentials,
    });
    const onSentAway = (why: "inactive" | "displaced"): void => this.#end({ why });
    const common = { clock, random: this.#random, onSentAway, lifetime: this.#options.connectionLifetime };
    this.#acs = new ChannelLink({
      ...common,
      backoff: commandBackoff,
      connect: () => transport.connect("acs", hello(this.#sendCredentials), endpoints.acs),
      onOpen: () => {
        // AWS: only the first connection of a process asks for credentials.
        this.#sendCredentials = false;
      },
      onMessage: (message) => this.#command(message),
    });
    this.#tcs = new ChannelLink({
      ...common,
      backoff: telemetryBackoff,
      connect: () => transport.connect("tcs", hello(false), endpoints.tcs),
      // AWS: after silence, telemetry reconnects without a pause; commands do not.
      returnsFromSilence: true,
      onOpen: () => this.#telemetry.connected(),
      // Acknowledgements carry no information.
      onMessage: () => {},
    });
    this.#acs.open();
    this.#tcs.open();
    this.#telemetry.start();
  }

  #command(value: unknown): void {
    const parsed = parseToAgent(value);
    if (parsed.ok) {
      this.#commandMessage(parsed.message);
      return;
    }
    // AWS: the agent drops a message of the wrong shape without answering.
    this.#options.log("agent-order-malformed", { type: parsed.type, problem: parsed.problem });
  }

  #commandMessage(envelope: ToAgent): void {
    switch (envelope.type) {
      case "HeartbeatMessage":
        this.#reply({ type: "HeartbeatAckRequest", message: { messageId: envelope.message.messageId } });
        this.#telemetry.check(false);
        return;
      case "PayloadMessage":
        this.#payload(envelope);
        return;
      case "TaskManifestMessage": {
        const { messageId, timeline, tasks } = envelope.message;
        this.#engine.step({ type: "manifest", messageId, timeline, tasks: tasks ?? [] }, () =>
          this.#reply(acknowledgement(envelope.message)),
        );
        return;
      }
      case "TaskStopVerificationAck": {
        const taskArns = (envelope.message.stopTasks ?? []).map((task) => task.taskArn);
        this.#engine.step({ type: "stop-confirmed", messageId: envelope.message.messageId, taskArns });
        return;
      }
      case "AttachTaskNetworkInterfacesMessage": {
        const { taskArn, elasticNetworkInterfaces } = envelope.message;
        const attachmentArns = elasticNetworkInterfaces.flatMap(({ attachmentArn }) => attachmentArn ?? []);
        this.#engine.step({ type: "attach", taskArn, attachmentArns }, () =>
          this.#reply(acknowledgement(envelope.message)),
        );
        return;
      }
      case "AttachInstanceNetworkInterfacesMessage":
        this.#reply(acknowledgement(envelope.message));
        void this.#confirmTrunk(envelope.message.elasticNetworkInterfaces.flatMap((eni) => eni.attachmentArn ?? []));
        return;
      case "ConfirmAttachmentMessage":
        this.#reply(acknowledgement(envelope.message));
        return;
      case "IAMRoleCredentialsMessage": {
        const { messageId, taskArn, roleType, roleCredentials } = envelope.message;
        // AWS: an agent does not answer for a task that it does not have.
        if (!this.#engine.has(taskArn)) return;
        this.#credentials.keep(taskArn, roleType, roleCredentials);
        this.#acknowledgeCredentials(messageId, roleCredentials);
        return;
      }
      case "StageUpdateMessage":
        void this.#update.stage(envelope);
        return;
      case "PerformUpdateMessage":
        this.#update.perform(envelope);
        return;
      default:
        return;
    }
  }

  #payload({ message }: Extract<ToAgent, { type: "PayloadMessage" }>): void {
    const tasks = message.tasks ?? [];
    // Before the step, because its orders may need them.
    for (const { arn, roleCredentials, executionRoleCredentials } of tasks) {
      if (roleCredentials) this.#credentials.keep(arn, "TaskApplication", roleCredentials);
      if (executionRoleCredentials) this.#credentials.keep(arn, "TaskExecution", executionRoleCredentials);
    }
    this.#engine.step({ type: "payload", tasks, sequence: message.seqNum ?? null }, () => {
      this.#reply(acknowledgement(message));
      for (const { roleCredentials, executionRoleCredentials } of tasks) {
        if (roleCredentials) this.#acknowledgeCredentials(message.messageId, roleCredentials);
        if (executionRoleCredentials) this.#acknowledgeCredentials(message.messageId, executionRoleCredentials);
      }
    });
    for (const { arn } of tasks) if (!this.#engine.has(arn)) this.#credentials.forget(arn);
  }

  #acknowledgeCredentials(
    messageId: string,
    credentials: { readonly credentialsId: string; readonly expiration?: string | null | undefined },
  ): void {
    const { credentialsId, expiration } = credentials;
    this.#reply({ type: "IAMRoleCredentialsAckRequest", message: { messageId, credentialsId, expiration } });
  }

  #askAboutStops(messageId: string, taskArns: readonly string[]): void {
    const stopCandidates = taskArns.map((taskArn) => ({ taskArn, desiredStatus: "STOPPED" }));
    this.#reply({ type: "TaskStopVerificationMessage", message: { messageId, stopCandidates } });
  }

  #reply(message: FromAgent): void {
    this.#acs?.send(message);
  }

  async #confirmTrunk(attachmentArns: readonly string[]): Promise<void> {
    const { api, cluster, log } = this.#options;
    const attachments = attachmentArns.map((attachmentArn) => ({ attachmentArn, status: "ATTACHED" }));
    try {
      await api.call("SubmitAttachmentStateChanges", { cluster, attachments });
    } catch (error) {
      log("attachment-unconfirmed", { err: error, attachmentArns });
    }
  }

  /** AWS: the only sign of a finished update is that the sockets come back with the new version. */
  #changeVersion(version: string): void {
    this.#agentVersion = version;
    this.#engine.save();
    this.#acs?.restart(updateRestartMs);
    this.#tcs?.restart(updateRestartMs);
  }

  #end(end: AgentEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#registration.close();
    this.#telemetry.close();
    this.#engine.close();
    this.#acs?.close(1001, "the agent stops");
    this.#tcs?.close(1001, "the agent stops");
    this.#options.runtime.close();
    const { why } = end;
    this.#options.log(why === "stopped" ? "agent-stopped" : "agent-ended", {
      instance: this.#containerInstanceArn,
      why,
    });
    this.#options.onEnded?.(end);
  }
}
