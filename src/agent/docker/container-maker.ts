import type { Clock } from "../../lib/clock.ts";
import type { ContainerCommand, TaskSurroundings } from "../container-runtime.ts";
import type { TaskInputs } from "../task-services/task-inputs.ts";
import { containerConfig, type GpuAccess, UnusablePayload } from "./container-config.ts";
import { containerLabels } from "./container-names.ts";
import type { CallLimits, DockerEngine } from "./engine/docker-engine.ts";
import { DockerError, isNotFound } from "./engine/docker-error.ts";
import type { TaskGroundwork } from "./groundwork/task-groundwork.ts";
import type { ImageMap } from "./images/image-map.ts";
import { digestName } from "./images/image-puller.ts";
import type { HostGuard } from "./policy/host-guard.ts";
import { HostRefusal } from "./policy/host-policy.ts";
import type { Waiting } from "./waiting.ts";

export type ContainerMakerOptions = {
  readonly docker: DockerEngine;
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly groundwork: TaskGroundwork;
  readonly guard: HostGuard;
  readonly cluster: string;
  readonly owner?: string | null;
  readonly environmentOf?: (
    taskArn: string,
    container: string,
    task: TaskSurroundings,
  ) => Readonly<Record<string, string>>;
  /** Where containers' secrets and files come from. Null: nowhere. */
  readonly inputs?: TaskInputs | null;
  /** Images in place of others. */
  readonly images?: ImageMap;
  readonly gpu?: GpuAccess;
  readonly timeouts?: { readonly createMs?: number };
};

/** AWS: how long the agent waits for Docker to create a container. */
const createTimeoutMs = 240_000;

type Body = { readonly Image: string; readonly [member: string]: unknown };
type CreateCommand = Extract<ContainerCommand, { type: "create" }>;

/** Creates containers, each once: a container's name follows from its task, so Docker refuses the second. */
export class ContainerMaker {
  readonly #options: ContainerMakerOptions;
  /** Containers that only this process can have started, with the host paths that they mount. */
  readonly #made = new Map<string, readonly string[]>();

  constructor(options: ContainerMakerOptions) {
    this.#options = options;
  }

  madeHere(runtimeId: string): boolean {
    return this.#made.has(runtimeId);
  }

  forget(runtimeId: string): void {
    this.#made.delete(runtimeId);
  }

  /** Rejects with HostRefusal if the host's policy forbids the container. Ignores unusable payloads, which `make` reports. */
  async check(command: CreateCommand): Promise<void> {
    try {
      await this.#planned(command);
    } catch (error) {
      if (!(error instanceof UnusablePayload)) throw error;
    }
  }

  /** Rejects with HostRefusal if a host path of the container has become a symbolic link since the container was created. */
  async checkPaths(runtimeId: string): Promise<void> {
    if (await this.#options.guard.areStillReal(this.#made.get(runtimeId) ?? [])) return;
    throw new HostRefusal("a host path of the container has become a symbolic link since the container was created");
  }

  /**
   * Creates the container, or finds it from an earlier attempt, and returns its id. Rejects with UnusablePayload, HostRefusal,
   * DockerError, DockerUnreachable or DockerTimeout.
   */
  async make(command: CreateCommand): Promise<string> {
    const { waiting, timeouts } = this.#options;
    const { name, body, paths } = await this.#planned(command);
    const timeoutMs = timeouts?.createMs ?? createTimeoutMs;
    return waiting.whileAway(async () => {
      try {
        const { Id } = await this.#created(name, body, { signal: waiting.signal, timeoutMs });
        this.#made.set(Id, paths);
        this.#options.inputs?.created(command.taskArn, command.container);
        return Id;
      } catch (error) {
        if (!(error instanceof DockerError) || error.status !== 409) throw error;
        return await this.#earlier(name, command.taskArn, error);
      }
    }, timeoutMs);
  }

  async #created(name: string, body: Body, limits: CallLimits): Promise<{ readonly Id: string }> {
    const { docker } = this.#options;
    try {
      return await docker.createContainer(name, body, limits);
    } catch (error) {
      const other = digestName(body.Image);
      if (other === null || !isNotFound(error)) throw error;
      return await docker.createContainer(name, { ...body, Image: other }, limits);
    }
  }

  async #planned({ taskArn, container, spec, bindings, task }: CreateCommand) {
    const { groundwork, guard, cluster, owner = null, environmentOf, gpu, inputs } = this.#options;
    const place = groundwork.placeOf(taskArn, task);
    const realPaths = await guard.realPathsOf(spec, taskArn, task);
    const { name, body } = containerConfig({
      name: { taskArn, container },
      spec,
      bindings,
      task,
      place,
      cluster,
      owner,
      environment: environmentOf?.(taskArn, container, task) ?? {},
      gpu: gpu ?? { by: "device-requests" },
      realPaths,
      inputs: inputs?.of(taskArn, container) ?? null,
    });
    const Image = this.#options.images?.imageFor(spec.image) ?? spec.image;
    const allowed = await guard.allowed({ ...body, Image }, place);
    return { name, body: { ...allowed, Image }, paths: [...realPaths.values()] };
  }

  /** The container that already has the name, if it belongs to this task. Otherwise rejects with the refusal. */
  async #earlier(name: string, taskArn: string, refusal: DockerError): Promise<string> {
    const { docker, waiting } = this.#options;
    const found = await docker.inspectContainer(name, { signal: waiting.signal });
    if (found.Config?.Labels?.[containerLabels.taskArn] !== taskArn) throw refusal;
    return found.Id;
  }
}
