import type { Clock } from "../../lib/clock.ts";
import type { ContainerCommand, TaskSurroundings } from "../container-runtime.ts";
import { containerConfig, type GpuAccess } from "./container-config.ts";
import { containerLabels } from "./container-names.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { DockerError } from "./docker-error.ts";
import type { TaskGroundwork } from "./task-groundwork.ts";
import type { Waiting } from "./waiting.ts";

export type ContainerMakerOptions = {
  readonly docker: DockerEngine;
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly groundwork: TaskGroundwork;
  readonly cluster: string;
  readonly owner?: string | null;
  readonly environmentOf?: (
    taskArn: string,
    container: string,
    task: TaskSurroundings,
  ) => Readonly<Record<string, string>>;
  readonly gpu?: GpuAccess;
  readonly timeouts?: { readonly createMs?: number };
};

/** AWS: so long the agent waits for Docker to make a container. */
const createTimeoutMs = 240_000;

/** Makes containers, each once: the name of a container follows from its task, so Docker refuses the second. */
export class ContainerMaker {
  readonly #options: ContainerMakerOptions;
  /** Nobody but this process can have started them. */
  readonly #made = new Set<string>();

  constructor(options: ContainerMakerOptions) {
    this.#options = options;
  }

  madeHere(runtimeId: string): boolean {
    return this.#made.has(runtimeId);
  }

  forget(runtimeId: string): void {
    this.#made.delete(runtimeId);
  }

  /**
   * The id of the container, which may be there from an earlier attempt. Rejects with UnusablePayload, DockerError,
   * DockerUnreachable or DockerTimeout.
   */
  make(command: Extract<ContainerCommand, { type: "create" }>): Promise<string> {
    const { docker, waiting, groundwork, cluster, owner = null, environmentOf, gpu, timeouts } = this.#options;
    const { taskArn, container, spec, bindings, task } = command;
    const { name, body } = containerConfig({
      name: { taskArn, container },
      spec,
      bindings,
      task,
      place: groundwork.placeOf(taskArn, task),
      cluster,
      owner,
      environment: environmentOf?.(taskArn, container, task) ?? {},
      gpu: gpu ?? { by: "device-requests" },
    });
    const timeoutMs = timeouts?.createMs ?? createTimeoutMs;
    return waiting.whileAway(async () => {
      try {
        const { Id } = await docker.createContainer(name, body, { signal: waiting.signal, timeoutMs });
        this.#made.add(Id);
        return Id;
      } catch (error) {
        if (!(error instanceof DockerError) || error.status !== 409) throw error;
        return await this.#earlier(name, taskArn, error);
      }
    }, timeoutMs);
  }

  /** The container that has the name already, if it is of this task; else the refusal stands. */
  async #earlier(name: string, taskArn: string, refusal: DockerError): Promise<string> {
    const { docker, waiting } = this.#options;
    const found = await docker.inspectContainer(name, { signal: waiting.signal });
    if (found.Config?.Labels?.[containerLabels.taskArn] !== taskArn) throw refusal;
    return found.Id;
  }
}
