import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type {
  ContainerCommand,
  ContainerEvent,
  ContainerName,
  ContainerRuntime,
  ContainerUsage,
  RuntimeCommand,
  RuntimeEvent,
  TaskCommand,
  TaskSurroundings,
} from "../container-runtime.ts";
import { AwslogsError } from "../logs/awslogs-options.ts";
import { LogStreamError } from "../logs/cloudwatch-logs.ts";
import { loggingProblem } from "../logs/logging-problem.ts";
import { Slots } from "../slots.ts";
import type { TaskServices } from "../task-services/task-services.ts";
import { type GpuAccess, UnusablePayload } from "./container-config.ts";
import { ContainerMaker } from "./container-maker.ts";
import { agentOf, containerLabels } from "./container-names.ts";
import { ContainerOutput } from "./container-output.ts";
import { ContainerWatch, timeOf } from "./container-watch.ts";
import type { EfsFolders } from "./efs-folders.ts";
import type { DockerInfo, DockerVersion } from "./engine/docker-answers.ts";
import type { DockerEngine } from "./engine/docker-engine.ts";
import { DockerError, DockerTimeout, failureText, isAway, isNotFound } from "./engine/docker-error.ts";
import type { TaskGroundwork } from "./groundwork/task-groundwork.ts";
import { hostPortUse } from "./host-port-use.ts";
import { ImageMap } from "./images/image-map.ts";
import { ImagePuller, type PullBehaviour } from "./images/image-puller.ts";
import type { RegistryAccess } from "./images/registry-access.ts";
import { HostGuard } from "./policy/host-guard.ts";
import { realPathOnDisk } from "./policy/host-paths.ts";
import { type HostPolicy, HostRefusal, strictPolicy } from "./policy/host-policy.ts";
import { makeTaskVolumes, removeTaskVolumes, type VolumePlace } from "./task-volumes.ts";
import { UsageSampler } from "./usage-sampler.ts";
import { Waiting } from "./waiting.ts";

export type DockerRuntimeOptions = {
  readonly docker: DockerEngine;
  readonly clock: Clock;
  readonly log: Log;
  readonly groundwork: TaskGroundwork;
  /** What tasks may do on the host. The default is {@link strictPolicy}. */
  readonly policy?: HostPolicy;
  /** The engine's version, such as `20.10.24`. */
  readonly engineVersion: string;
  /** Name or ARN of the cluster, as given to the agent. It becomes a label of its containers. */
  readonly cluster: string;
  /** The owner of the containers, also a label. */
  readonly owner?: string | null;
  readonly pullBehaviour?: PullBehaviour;
  /** The environment variables with the agent's own endpoints for a container. */
  readonly environmentOf?: (
    taskArn: string,
    container: string,
    task: TaskSurroundings,
  ) => Readonly<Record<string, string>>;
  /** How to log in to registries. Null: not at all. */
  readonly registries?: RegistryAccess | null;
  /** The folders of EFS file systems. Null: there are none. */
  readonly efs?: EfsFolders | null;
  /** Images in place of others. */
  readonly images?: ImageMap;
  /** The other services of AWS, for secrets, environment files and logs. Null: tasks that need them fail. */
  readonly services?: TaskServices | null;
  readonly gpu?: GpuAccess;
  /** How long Docker may take to create or start a container. */
  readonly timeouts?: { readonly createMs?: number; readonly startMs?: number };
  /** The interval between two usage readings. */
  readonly usageIntervalMs?: number;
  /** How often to ask a registry. */
  readonly pullAttempts?: { readonly manifest: number; readonly pull: number };
};

/** AWS: how long the agent waits for Docker to start a container. */
const startTimeoutMs = 180_000;
/** LIMIT: often enough for a figure every 20 s, rarely enough for a hundred containers. */
const usageIntervalMs = 5_000;
/** LIMIT: the kernel starts them one at a time anyway; more calls would only wait inside the engine. */
const startsMax = 8;
/** LIMIT: what Docker refuses for a moment (a removal under way, a volume still in use) succeeds within seconds. */
const removeRetry = { attempts: 8, firstMs: 250, factor: 2, lastMs: 5_000 };
/** LIMIT: how often to ask Docker again to stop a container that it cannot stop, for as long as the stop is wanted. */
const stopAgain = { firstMs: 500, factor: 2, lastMs: 30_000 };

/** Containers of a Docker Engine, or of a compatible one. */
export class DockerRuntime implements ContainerRuntime {
  readonly version: string;
  readonly #options: DockerRuntimeOptions;
  readonly #waiting: Waiting;
  readonly #puller: ImagePuller;
  readonly #volumes: VolumePlace;
  readonly #maker: ContainerMaker;
  readonly #watch: ContainerWatch;
  /** Null without services. */
  readonly #output: ContainerOutput | null;
  readonly #sampler: UsageSampler;
  readonly #starts = new Slots(startsMax);
  /** Removals under way, by task. What was made for the task is deleted after them. */
  readonly #removals = new Map<string, Set<Promise<void>>>();
  #impaired = false;
  #emit: (event: RuntimeEvent) => void = () => {};
  #checkChanged: () => void = () => {};

  constructor(options: DockerRuntimeOptions) {
    const { docker, clock, log, cluster, pullBehaviour = "default" } = options;
    this.version = `DockerVersion: ${options.engineVersion}`;
    this.#options = options;
    const waiting = new Waiting(clock);
    this.#waiting = waiting;
    this.#puller = new ImagePuller({
      docker,
      waiting,
      behaviour: pullBehaviour,
      registries: options.registries ?? null,
      images: options.images ?? new ImageMap([]),
      ...(options.pullAttempts === undefined ? {} : { attempts: options.pullAttempts }),
    });
    this.#watch = new ContainerWatch({
      docker,
      clock,
      log,
      waiting,
      cluster,
      emit: (event, runtimeId) => void this.#tellAfterOutput(event, runtimeId),
      onStream: (stands) => void this.#streamChanged(stands),
    });
    const { policy = strictPolicy, owner, services = null } = options;
    this.#output =
      services === null
        ? null
        : new ContainerOutput({
            docker,
            waiting,
            log,
            shipper: services.shipper,
            positionOf: (id) => services.positions.of(id),
          });
    const { efs = null } = options;
    this.#volumes = { docker, policy, agent: agentOf(owner ?? ""), signal: waiting.signal, efs };
    const guard = new HostGuard({
      ...this.#volumes,
      realPath: isLocal(docker.address) ? realPathOnDisk : null,
    });
    this.#maker = new ContainerMaker({ ...options, waiting, guard, inputs: services?.inputs ?? null });
    this.#sampler = new UsageSampler({
      docker,
      waiting,
      running: () => this.#watch.running(),
      intervalMs: options.usageIntervalMs ?? usageIntervalMs,
    });
    this.#watch.open();
    void this.#sampler.open();
  }

  onEvent(listener: (event: RuntimeEvent) => void): void {
    this.#emit = listener;
  }

  onCheckChanged(listener: () => void): void {
    this.#checkChanged = listener;
  }

  async check(): Promise<"OK" | "IMPAIRED"> {
    try {
      await this.#options.docker.ping({ signal: this.#waiting.signal });
      this.#impaired = false;
    } catch {
      this.#impaired = true;
    }
    return this.#impaired ? "IMPAIRED" : "OK";
  }

  usage(): readonly ContainerUsage[] {
    return this.#sampler.take();
  }

  run(command: RuntimeCommand): void {
    switch (command.type) {
      case "prepare":
      case "release":
      case "clean":
        this.#start(command, () => this.#runTask(command));
        return;
      default:
        this.#start(command, () => this.#runContainer(command));
    }
  }

  /** Containers keep running. The engine's client stays with whoever passed it in. */
  close(): void {
    this.#waiting.end();
    this.#emit = () => {};
    this.#checkChanged = () => {};
  }

  #start(command: RuntimeCommand, work: () => Promise<void>): void {
    void Promise.resolve()
      .then(work)
      .catch((error: unknown) => {
        if (this.#waiting.signal.aborted) return;
        const { taskArn, type } = command;
        this.#options.log("docker-order-failed", { err: error, task: taskArn, command: type });
      });
  }

  async #runTask(command: TaskCommand): Promise<void> {
    const { groundwork } = this.#options;
    const { taskArn, task } = command;
    switch (command.type) {
      case "prepare":
        await this.#prepare(command);
        return;
      case "release":
        await groundwork.release(taskArn, task);
        return;
      case "clean":
        await this.#clean(taskArn, task);
        return;
    }
  }

  async #runContainer(command: ContainerCommand): Promise<void> {
    const name = { taskArn: command.taskArn, container: command.container };
    switch (command.type) {
      case "pull": {
        const { image, spec, taskArn } = command;
        const outcome = await this.#puller.pull({ taskArn, image, spec });
        if (outcome !== null) this.#tell({ ...name, ...outcome });
        return;
      }
      case "create":
        await this.#create(command, name);
        return;
      case "start":
        await this.#startContainer(name, command.runtimeId, command.spec);
        return;
      case "watch":
        this.#adopt(name, command.runtimeId, command.spec);
        return;
      case "stop":
        await this.#stop(command.runtimeId, command.timeoutMs);
        return;
      case "remove":
        await this.#remove(command.taskArn, command.runtimeId);
        return;
    }
  }

  async #prepare({ taskArn, task, specs, toCreate }: Extract<TaskCommand, { type: "prepare" }>): Promise<void> {
    const { docker, groundwork, services } = this.#options;
    try {
      await this.#waiting.whileAway(async () => {
        for (const spec of specs)
          await this.#maker.check({ type: "create", taskArn, container: spec.name, spec, bindings: [], task });
      });
      const awaited = specs.filter(({ name }) => toCreate.includes(name));
      await Promise.all([
        this.#waiting.whileAway(() => groundwork.prepare(taskArn, task, specs)),
        services?.inputs.prepare({ taskArn, task, specs: awaited }),
      ]);
    } catch (error) {
      this.#waiting.signal.throwIfAborted();
      const reason = error instanceof HostRefusal ? createProblem(error) : textOf(error);
      this.#tell({ type: "prepare-failed", taskArn, reason });
      return;
    }
    try {
      await this.#waiting.whileAway(() => makeTaskVolumes(this.#volumes, taskArn, task));
    } catch (error) {
      this.#waiting.signal.throwIfAborted();
      const reason =
        error instanceof HostRefusal
          ? createProblem(error)
          : `resource cannot be initialized for task ${taskArn}: ${failureText(error)}`;
      this.#tell({ type: "prepare-failed", taskArn, reason });
      return;
    }
    const publishes = specs.some(({ portMappings }) => portMappings?.length);
    const hostPorts = publishes && isLocal(docker.address) ? await hostPortUse() : null;
    this.#tell({ type: "prepared", taskArn, ...(hostPorts && { hostPorts }) });
  }

  async #clean(taskArn: string, task: TaskSurroundings): Promise<void> {
    const { docker, groundwork, log, services } = this.#options;
    await Promise.all(this.#removals.get(taskArn) ?? []);
    try {
      // Anything left of the task, such as a container that Docker created after the agent had given up on it.
      const filters = { label: [`${containerLabels.taskArn}=${taskArn}`] };
      const left = await this.#waiting.untilAnswered(() => docker.listContainers(filters));
      for (const { Id } of left) await this.#remove(taskArn, Id);
    } catch (error) {
      log("task-containers-left", { err: error, task: taskArn });
    }
    services?.inputs.forget(taskArn);
    await groundwork.clean(taskArn, task);
    try {
      await this.#waiting.retry(removeRetry, () => removeTaskVolumes(docker, taskArn, task, this.#waiting.signal));
    } catch (error) {
      log("task-volumes-left", { err: error, task: taskArn });
    }
  }

  async #create(command: Extract<ContainerCommand, { type: "create" }>, name: ContainerName): Promise<void> {
    try {
      const runtimeId = await this.#starts.run(() => this.#maker.make(command));
      this.#watch.of(name, runtimeId, command.spec);
      this.#tell({ ...name, type: "created", runtimeId });
    } catch (error) {
      this.#waiting.signal.throwIfAborted();
      this.#tell({ ...name, type: "create-failed", reason: createProblem(error) });
    }
  }

  async #startContainer(name: ContainerName, runtimeId: string, spec: PayloadContainer): Promise<void> {
    const container = this.#watch.of(name, runtimeId, spec);
    if (container.phase === "starting" || container.phase === "running") return;
    const isRestart = container.phase === "exited";
    container.phase = "starting";
    const { timeouts } = this.#options;
    const timeoutMs = timeouts?.startMs ?? startTimeoutMs;
    let before = container.startedAt;
    try {
      if (!isRestart) await this.#options.services?.shipper.create({ taskArn: name.taskArn, runtimeId, spec });
      await this.#starts.run(async () => {
        await this.#maker.checkPaths(runtimeId);
        // Inspect a container that an earlier process may have started, so that it is not started twice.
        let mayRun = !isRestart && !this.#maker.madeHere(runtimeId);
        await this.#waiting.whileAway(async () => {
          if (mayRun) {
            const found = await this.#watch.inspect(runtimeId);
            const startedAt = found?.State?.StartedAt;
            if (timeOf(startedAt) !== null && startedAt !== before) return;
          }
          mayRun = true;
          before = container.startedAt;
          await this.#options.docker.startContainer(runtimeId, { signal: this.#waiting.signal, timeoutMs });
        }, timeoutMs);
      });
    } catch (error) {
      this.#waiting.signal.throwIfAborted();
      container.phase = isRestart ? "exited" : "idle";
      if (isAway(error)) this.#start({ ...name, type: "remove", runtimeId }, () => this.#killLate(runtimeId));
      this.#tell({ ...name, type: "start-failed", reason: startProblem(error) });
      return;
    }
    this.#output?.follow({ taskArn: name.taskArn, runtimeId, spec });
    this.#watch.started(container, await this.#watch.inspect(runtimeId));
  }

  /** The agent has given up on a start that Docker may still carry out. */
  async #killLate(runtimeId: string): Promise<void> {
    const { docker } = this.#options;
    try {
      await this.#waiting.untilAnswered(() =>
        docker.killContainer(runtimeId, "SIGKILL", { signal: this.#waiting.signal }),
      );
    } catch (error) {
      // It is not running, which is what we want.
      if (!(error instanceof DockerError)) throw error;
    }
  }

  /** A container that was running when the agent ended: it still runs, or its exit is reported. */
  #adopt(name: ContainerName, runtimeId: string, spec: PayloadContainer): void {
    const container = this.#watch.of(name, runtimeId, spec);
    if (container.phase === "idle") container.phase = "running";
    this.#output?.follow({ taskArn: name.taskArn, runtimeId, spec });
    this.#watch.look(container);
  }

  async #stop(runtimeId: string, timeoutMs: number): Promise<void> {
    const { docker, clock, log } = this.#options;
    const killAt = clock.now() + timeoutMs;
    let delayMs: number = stopAgain.firstMs;
    for (;;) {
      const seconds = Math.ceil(Math.max(0, killAt - clock.now()) / 1_000);
      try {
        await docker.stopContainer(runtimeId, seconds, { signal: this.#waiting.signal });
        break;
      } catch (error) {
        this.#waiting.signal.throwIfAborted();
        if (isNotFound(error)) break;
        log("container-stop-failed", { err: error, container: runtimeId });
      }
      await this.#waiting.pause(delayMs);
      delayMs = Math.min(delayMs * stopAgain.factor, stopAgain.lastMs);
      if (!this.#watch.running().some((container) => container.runtimeId === runtimeId)) return;
    }
    this.#watch.lookAt(runtimeId);
  }

  async #remove(taskArn: string, runtimeId: string): Promise<void> {
    this.#watch.forget(runtimeId);
    this.#output?.forget(runtimeId);
    this.#maker.forget(runtimeId);
    const { docker, log } = this.#options;
    const removal = this.#waiting
      .untilAnswered(() =>
        this.#waiting.retry(removeRetry, async () => {
          try {
            await docker.removeContainer(runtimeId, { signal: this.#waiting.signal });
          } catch (error) {
            if (!isNotFound(error)) throw error;
          }
        }),
      )
      .then(() => {})
      .catch((error: unknown) => {
        if (this.#waiting.signal.aborted) return;
        log("container-left", { err: error, container: runtimeId, task: taskArn });
      });
    const ofTask = this.#removals.get(taskArn) ?? new Set();
    this.#removals.set(taskArn, ofTask.add(removal));
    await removal;
    ofTask.delete(removal);
    if (ofTask.size === 0) this.#removals.delete(taskArn);
  }

  #tell(event: RuntimeEvent): void {
    this.#emit(event);
  }

  /** An exit is reported when the container's output has left the host, so that whoever sees the end finds the last lines. */
  async #tellAfterOutput(event: ContainerEvent, runtimeId: string): Promise<void> {
    if (event.type === "exited" && this.#output !== null) await this.#output.end(runtimeId);
    if (this.#waiting.signal.aborted) return;
    this.#tell(event);
  }

  async #streamChanged(stands: boolean): Promise<void> {
    const before = this.#impaired;
    if (stands) this.#impaired = false;
    else await this.check();
    if (before !== this.#impaired && !this.#waiting.signal.aborted) this.#checkChanged();
  }
}

/** The ports of another machine are not visible. */
const isLocal = (address: string): boolean => address.startsWith("unix://");

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function createProblem(error: unknown): string {
  if (error instanceof UnusablePayload) return error.message;
  if (error instanceof DockerTimeout) return timedOut("created", error);
  return `CannotCreateContainerError: ${failureText(error)}`;
}

function startProblem(error: unknown): string {
  if (error instanceof LogStreamError || error instanceof AwslogsError) {
    return loggingProblem(error);
  }
  if (error instanceof DockerTimeout) return timedOut("started", error);
  return `CannotStartContainerError: ${failureText(error)}`;
}

/** AWS: with the duration as Go formats it. */
function timedOut(state: string, { timeoutMs }: DockerTimeout): string {
  const minutes = Math.floor(timeoutMs / 60_000);
  const waited = `${minutes > 0 ? `${minutes}m` : ""}${(timeoutMs - minutes * 60_000) / 1_000}s`;
  return `DockerTimeoutError: Could not transition to ${state}; timed out after waiting ${waited}`;
}

/** What an engine says about itself and its host. */
export type DockerHostInfo = { readonly info: DockerInfo; readonly version: DockerVersion };

/** Asks an engine for its facts. Rejects with an Error for the operator if none answers or it is too old. */
export async function dockerHostInfo(docker: DockerEngine): Promise<DockerHostInfo> {
  const [info, version] = await Promise.all([
    docker.info({ timeoutMs: 10_000 }),
    docker.version({ timeoutMs: 10_000 }),
  ]);
  return { info, version };
}
