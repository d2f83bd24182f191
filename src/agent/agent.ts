/**
 * The agent of one host. Its life:
 *
 *   start -> [load the disk] -> [register, or register anew, unless adopted] -> DiscoverPollEndpoint
 *         -> connected (both sockets, each opened again whenever it closes) -> ended (stop, turned away, displaced, refused)
 *
 * What the task engine puts out is carried out only after the engine's state is on the disk: whatever happens later, the
 * agent knows its containers.
 */
import { type AgentHello, type AgentTransport, type EcsApi, inactiveInstance } from "../agent-protocol/connection.ts";
import type { FromAgent } from "../agent-protocol/from-agent.ts";
import { parseToAgent, type ToAgent } from "../agent-protocol/to-agent.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Random, RandomStream } from "../lib/random.ts";
import type { AgentDisk, AgentState } from "./agent-disk.ts";
import type { AgentLog } from "./agent-log.ts";
import type { AgentUpdater } from "./agent-updater.ts";
import { Backoff } from "./backoff.ts";
import { ChannelLink, commandBackoff, telemetryBackoff } from "./channel-link.ts";
import type { ContainerRuntime } from "./container-runtime.ts";
import type { StateChange } from "./engine-state.ts";
import { type EngineInput, type EngineOptions, type EngineOutput, engineDefaults } from "./engine-step.ts";
import { type HostFacts, registrationRequest } from "./registration.ts";
import { codeOf, Submissions } from "./submissions.ts";
import { TaskEngine } from "./task-engine.ts";
import {
  healthMessages,
  instanceStatusMessage,
  type Publisher,
  publishIntervalMs,
  type RuntimeStatus,
} from "./telemetry.ts";

export type AgentOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: AgentLog;
  readonly api: EcsApi;
  readonly transport: AgentTransport;
  readonly runtime: ContainerRuntime;
  /** Null: nothing survives a restart of the process. */
  readonly disk: AgentDisk | null;
  /** Names the agent's streams of chance; different for each host of a process. */
  readonly name: string;
  readonly cluster: string;
  /** Register this host, or speak for an instance that is registered already. */
  readonly instance: { readonly register: HostFacts } | { readonly adopt: string };
  readonly agentVersion: string;
  readonly agentHash: string;
  /** Null: updates are disabled. */
  readonly updater: AgentUpdater | null;
  readonly engine?: EngineOptions;
  readonly onEnded?: (why: AgentEnd) => void;
};

/** Why an agent does not go on. */
export type AgentEnd =
  | { readonly why: "stopped" | "inactive" | "displaced" }
  /** The registration was refused with an error that no repetition mends. */
  | { readonly why: "refused"; readonly error: unknown };

/** AWS: errors at registration that are worth another attempt; others end the agent. */
const registrationRetryCodes: readonly string[] = ["ServerException", "LimitExceededException", "ThrottlingException"];
const registrationBackoff = { firstMs: 3_000, factor: 2, lastMs: 192_000 };
const discoveryBackoff = { firstMs: 250, factor: 1.5, lastMs: 120_000 };
/** LIMIT: how long a simulated update takes to bring the agent back: long enough for UPDATING to be seen. */
const updateRestartMs = 200;

/** What the engine put out, and how to acknowledge the message that it came of. */
type Outgoing = { readonly output: EngineOutput; readonly acknowledge: () => void };

export class Agent {
  readonly #options: AgentOptions;
  readonly #random: RandomStream;
  readonly #submissions: Submissions;
  #engine: TaskEngine;
  #containerInstanceArn: string | null = null;
  #agentVersion: string;
  #stagedVersion: string | null = null;
  #acs: ChannelLink | null = null;
  #tcs: ChannelLink | null = null;
  #sendCredentials = true;
  #status: RuntimeStatus | null = null;
  #statusPublished = false;
  #outbox: Outgoing[] = [];
  #saving: Promise<void> | null = null;
  #unsaved = false;
  #timer: Timer | null = null;
  #timerAt: number | null = null;
  #tick: Timer | null = null;
  #wait: Timer | null = null;
  #wake: () => void = () => {};
  #ended = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#random = options.random.stream(`agent/${options.name}`);
    this.#agentVersion = options.agentVersion;
    this.#engine = new TaskEngine(options.engine ?? engineDefaults);
    const { api, clock, log, cluster } = options;
    this.#submissions = new Submissions({
      api,
      clock,
      log,
      cluster,
      random: this.#random,
      onSettled: (change) => this.#settled(change),
    });
    options.runtime.onEvent((event) => this.#step({ type: "runtime", event }));
    options.runtime.onCheckChanged(() => this.#check(true));
  }

  get containerInstanceArn(): string | null {
    return this.#containerInstanceArn;
  }

  /** Tasks that are not STOPPED. */
  get liveTasks(): number {
    return this.#engine.liveTasks;
  }

  /** Resolves when the agent has begun to connect, or has ended. Rejects only when its disk cannot be read. */
  async start(): Promise<void> {
    const { disk, instance } = this.#options;
    const saved = disk === null ? null : await disk.load();
    if (saved !== null) this.#restore(saved);
    if ("adopt" in instance) this.#containerInstanceArn = instance.adopt;
    else if (!(await this.#register(instance.register))) return;
    const endpoints = await this.#discover();
    if (endpoints === null) return;
    this.#unsaved = true;
    this.#flush();
    this.#connect(endpoints);
  }

  /** Ends the agent. Its containers are left to the runtime. Resolves when the disk is at rest. */
  async stop(): Promise<void> {
    this.#end({ why: "stopped" });
    while (this.#saving !== null) await this.#saving;
  }

  #restore(saved: AgentState): void {
    const { instance, engine } = this.#options;
    // A disk that was written for another instance says nothing about this one.
    if ("adopt" in instance && saved.containerInstanceArn !== instance.adopt) return;
    this.#containerInstanceArn = saved.containerInstanceArn;
    this.#agentVersion = saved.agentVersion;
    this.#engine = new TaskEngine(engine ?? engineDefaults, saved.engine);
    for (const change of saved.submissions) this.#submissions.add(change);
    this.#step({ type: "recovered" });
  }

  async #register(facts: HostFacts): Promise<boolean> {
    const { api, cluster } = this.#options;
    const request = registrationRequest(facts, cluster, this.#random.uuid(), this.#containerInstanceArn);
    const backoff = new Backoff(registrationBackoff, this.#random);
    for (;;) {
      if (this.#ended) return false;
      try {
        const arn = registeredArn(await api.call("RegisterContainerInstance", request));
        if (this.#ended) return false;
        this.#containerInstanceArn ??= arn;
        return true;
      } catch (error) {
        const code = codeOf(error);
        if (code !== null && code.endsWith("Exception") && !registrationRetryCodes.includes(code)) {
          this.#options.log("error", { err: error, host: this.#options.name }, "the host was refused");
          this.#end({ why: "refused", error });
          return false;
        }
        await this.#pause(backoff.next());
      }
    }
  }

  async #discover(): Promise<{ readonly acs: string; readonly tcs: string } | null> {
    const { api, cluster } = this.#options;
    const backoff = new Backoff(discoveryBackoff, this.#random);
    for (;;) {
      if (this.#ended) return null;
      try {
        const request = { cluster, containerInstance: this.#arn(), zoneId: "" };
        const reply: { endpoint?: unknown; telemetryEndpoint?: unknown } = await api.call(
          "DiscoverPollEndpoint",
          request,
        );
        return { acs: String(reply.endpoint ?? ""), tcs: String(reply.telemetryEndpoint ?? "") };
      } catch (error) {
        this.#options.log("debug", { err: error, host: this.#options.name }, "no endpoint yet");
        await this.#pause(backoff.next());
      }
    }
  }

  #connect(endpoints: { readonly acs: string; readonly tcs: string }): void {
    if (this.#ended) return;
    const { clock, transport } = this.#options;
    const common = {
      clock,
      random: this.#random,
      onSentAway: (why: "inactive" | "displaced") => this.#end({ why }),
    };
    this.#acs = new ChannelLink({
      ...common,
      backoff: commandBackoff,
      connect: () => transport.connect("acs", this.#hello(true), endpoints.acs),
      onOpen: () => {
        this.#sendCredentials = false;
      },
      onMessage: (message) => this.#command(message),
    });
    this.#tcs = new ChannelLink({
      ...common,
      backoff: telemetryBackoff,
      connect: () => transport.connect("tcs", this.#hello(false), endpoints.tcs),
      onOpen: () => this.#check(true),
      // Acknowledgements: that they came is all there is to know.
      onMessage: () => {},
    });
    this.#acs.open();
    this.#tcs.open();
    this.#armTick();
  }

  #hello(commands: boolean): AgentHello {
    const { cluster, agentHash, runtime } = this.#options;
    return {
      cluster,
      containerInstanceArn: this.#arn(),
      agentVersion: this.#agentVersion,
      agentHash,
      dockerVersion: runtime.version,
      sendCredentials: commands && this.#sendCredentials,
    };
  }

  #command(value: unknown): void {
    const parsed = parseToAgent(value);
    if (!parsed.ok) {
      // AWS: a message of the wrong shape is dropped without an answer.
      this.#options.log("debug", { type: parsed.type, problem: parsed.problem }, "a message of the wrong shape");
      return;
    }
    this.#commandMessage(parsed.message);
  }

  #commandMessage(message: ToAgent): void {
    switch (message.type) {
      case "HeartbeatMessage":
        this.#reply({ type: "HeartbeatAckRequest", message: { messageId: message.message.messageId } });
        this.#check(false);
        return;
      case "PayloadMessage":
        this.#payload(message);
        return;
      case "TaskManifestMessage": {
        const { messageId, timeline, tasks } = message.message;
        this.#step({ type: "manifest", messageId, timeline, tasks: tasks ?? [] }, () =>
          this.#acknowledge(message.message),
        );
        return;
      }
      case "TaskStopVerificationAck": {
        const taskArns = (message.message.stopTasks ?? []).map((task) => task.taskArn);
        this.#step({ type: "stop-confirmed", messageId: message.message.messageId, taskArns });
        return;
      }
      case "AttachTaskNetworkInterfacesMessage": {
        const { taskArn, elasticNetworkInterfaces } = message.message;
        const attachmentArns = elasticNetworkInterfaces.flatMap(({ attachmentArn }) => attachmentArn ?? []);
        this.#step({ type: "attach", taskArn, attachmentArns }, () => this.#acknowledge(message.message));
        return;
      }
      case "AttachInstanceNetworkInterfacesMessage":
        this.#acknowledge(message.message);
        void this.#confirmTrunk(message.message.elasticNetworkInterfaces.flatMap((eni) => eni.attachmentArn ?? []));
        return;
      case "ConfirmAttachmentMessage":
        this.#acknowledge(message.message);
        return;
      case "IAMRoleCredentialsMessage":
        this.#acknowledgeCredentials(message.message.messageId, message.message.roleCredentials);
        return;
      case "StageUpdateMessage":
        void this.#stageUpdate(message.message);
        return;
      case "PerformUpdateMessage":
        this.#performUpdate(message.message);
        return;
      default:
        return;
    }
  }

  #payload({ message }: Extract<ToAgent, { type: "PayloadMessage" }>): void {
    const tasks = message.tasks ?? [];
    this.#step({ type: "payload", tasks, sequence: message.seqNum ?? null }, () => {
      this.#acknowledge(message);
      for (const task of tasks) {
        if (task.roleCredentials) this.#acknowledgeCredentials(message.messageId, task.roleCredentials);
        if (task.executionRoleCredentials)
          this.#acknowledgeCredentials(message.messageId, task.executionRoleCredentials);
      }
    });
  }

  #acknowledge(to: Addressed): void {
    this.#reply({ type: "AckRequest", message: echo(to) });
  }

  #acknowledgeCredentials(
    messageId: string,
    credentials: { readonly credentialsId: string; readonly expiration?: string | null | undefined },
  ): void {
    const { credentialsId, expiration } = credentials;
    this.#reply({ type: "IAMRoleCredentialsAckRequest", message: { messageId, credentialsId, expiration } });
  }

  #refuse(to: Addressed, reason: string): void {
    this.#reply({ type: "NackRequest", message: { ...echo(to), reason } });
  }

  #reply(message: FromAgent): void {
    this.#acs?.send(message);
  }

  async #confirmTrunk(attachmentArns: readonly string[]): Promise<void> {
    const attachments = attachmentArns.map((attachmentArn) => ({ attachmentArn, status: "ATTACHED" }));
    const { api, cluster, log } = this.#options;
    try {
      await api.call("SubmitAttachmentStateChanges", { cluster, attachments });
    } catch (error) {
      log("warn", { err: error, attachmentArns }, "an attachment was not confirmed");
    }
  }

  async #stageUpdate(
    message: Addressed & {
      readonly updateInfo?:
        | { location?: string | null | undefined; signature?: string | null | undefined }
        | null
        | undefined;
    },
  ): Promise<void> {
    const { updater } = this.#options;
    if (updater === null) {
      this.#refuse(message, "Updates are disabled");
      return;
    }
    const { location, signature } = message.updateInfo ?? {};
    if (!location || !signature) {
      this.#refuse(message, "Invalid update: no location or no signature");
      return;
    }
    const staged = await updater.stage(location, signature);
    if (this.#ended) return;
    if (!staged.ok) {
      this.#refuse(message, staged.reason);
      return;
    }
    this.#stagedVersion = staged.version;
    this.#acknowledge(message);
  }

  #performUpdate(message: Addressed): void {
    if (this.#options.updater === null || this.#stagedVersion === null) {
      this.#refuse(
        message,
        this.#options.updater === null ? "Updates are disabled" : "Cannot perform update; update not downloaded",
      );
      return;
    }
    this.#acknowledge(message);
    this.#agentVersion = this.#stagedVersion;
    this.#stagedVersion = null;
    this.#unsaved = true;
    this.#flush();
    // AWS: the only sign of an update that is done is that the sockets come back with the new version.
    this.#acs?.restart(updateRestartMs);
    this.#tcs?.restart(updateRestartMs);
  }

  /** Looks at the runtime; publishes at once when asked to or when it has changed, else at the next tick. */
  #check(publish: boolean): void {
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

  #publishStatus(): void {
    if (this.#statusPublished || this.#ended || this.#tcs === null) return;
    this.#statusPublished = true;
    this.#tcs.send(instanceStatusMessage(this.#publisher(), this.#status, this.#options.clock.now()));
  }

  #publishHealth(): void {
    if (this.#tcs === null) return;
    for (const message of healthMessages(this.#publisher(), this.#engine.health(), this.#options.clock.now())) {
      this.#tcs.send(message);
    }
  }

  #publisher(): Publisher {
    return { cluster: this.#options.cluster, containerInstance: this.#arn(), ids: this.#random };
  }

  #armTick(): void {
    this.#tick = this.#options.clock.setTimer(publishIntervalMs, () => {
      this.#publishStatus();
      this.#publishHealth();
      this.#armTick();
    });
  }

  #settled(change: StateChange): void {
    this.#unsaved = true;
    if (change.status === "STOPPED") this.#step({ type: "settled", taskArn: change.task });
    else this.#flush();
  }

  #step(input: EngineInput, acknowledge: () => void = () => {}): void {
    if (this.#ended) return;
    for (const output of this.#engine.step(input, this.#options.clock.now()))
      this.#outbox.push({ output, acknowledge });
    this.#unsaved = true;
    this.#flush();
    this.#armTimer();
  }

  /** Saves, then carries out what the saved state stands behind. Steps that come meanwhile go into the next round. */
  #flush(): void {
    const { disk, log } = this.#options;
    if (disk === null || this.#containerInstanceArn === null) {
      this.#release(this.#takeOutbox());
      return;
    }
    if (this.#saving !== null || !this.#unsaved) return;
    const batch = this.#takeOutbox();
    this.#unsaved = false;
    this.#saving = disk
      .save(this.#state(batch))
      .catch((error: unknown) => {
        // A host with a full disk goes on; after a restart it may know less than it did.
        log("error", { err: error, host: this.#options.name }, "the state of the agent could not be saved");
      })
      .then(() => {
        this.#saving = null;
        this.#release(batch);
        if (this.#unsaved && !this.#ended) this.#flush();
      });
  }

  #takeOutbox(): readonly Outgoing[] {
    const batch = this.#outbox;
    this.#outbox = [];
    return batch;
  }

  #state(batch: readonly Outgoing[]): AgentState {
    const unsent = batch.flatMap(({ output }) => (output.type === "submit" ? [output.change] : []));
    return {
      format: 1,
      containerInstanceArn: this.#arn(),
      agentVersion: this.#agentVersion,
      engine: this.#engine.snapshot(),
      submissions: [...this.#submissions.pending(), ...unsent],
    };
  }

  #release(batch: readonly Outgoing[]): void {
    if (this.#ended) return;
    for (const { output, acknowledge } of batch) {
      switch (output.type) {
        case "run":
          this.#options.runtime.run(output.command);
          break;
        case "submit":
          this.#submissions.add(output.change);
          break;
        case "acknowledge":
          acknowledge();
          break;
        case "stop-candidates":
          this.#reply({
            type: "TaskStopVerificationMessage",
            message: {
              messageId: output.messageId,
              stopCandidates: output.taskArns.map((taskArn) => ({ taskArn, desiredStatus: "STOPPED" })),
            },
          });
          break;
        case "health-changed":
          this.#publishHealth();
          break;
      }
    }
  }

  #armTimer(): void {
    const dueAt = this.#engine.nextDueAt();
    if (dueAt === this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = dueAt;
    if (dueAt === null) return;
    const { clock } = this.#options;
    this.#timer = clock.setTimer(dueAt - clock.now(), () => {
      this.#timerAt = null;
      this.#step({ type: "timer" });
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#wait = this.#options.clock.setTimer(ms, resolve);
    });
  }

  #end(end: AgentEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of [this.#timer, this.#tick, this.#wait]) timer?.cancel();
    this.#wake();
    this.#acs?.close(1001, "the agent stops");
    this.#tcs?.close(1001, "the agent stops");
    this.#submissions.close();
    this.#options.runtime.close();
    if (end.why === "inactive")
      this.#options.log("info", { instance: this.#containerInstanceArn }, inactiveInstance.word);
    this.#options.onEnded?.(end);
  }

  #arn(): string {
    return this.#containerInstanceArn ?? "";
  }
}

type Addressed = {
  readonly messageId: string;
  readonly clusterArn?: string | null | undefined;
  readonly containerInstanceArn?: string | null | undefined;
};

/** AWS: an acknowledgement repeats what the message was addressed to. */
const echo = ({ messageId, clusterArn, containerInstanceArn }: Addressed) => ({
  messageId,
  cluster: clusterArn,
  containerInstance: containerInstanceArn,
});

function registeredArn(reply: { readonly containerInstance?: unknown }): string {
  const instance = reply.containerInstance as { readonly containerInstanceArn?: unknown } | null | undefined;
  const arn = instance?.containerInstanceArn;
  if (typeof arn !== "string") throw new Error("RegisterContainerInstance gave no containerInstanceArn");
  return arn;
}
