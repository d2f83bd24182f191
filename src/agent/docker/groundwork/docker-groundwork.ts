import { setTimeout as pause } from "node:timers/promises";
import type { PayloadContainer } from "../../../agent-protocol/to-agent/payload-container.ts";
import type { Log } from "../../../lib/log-events.ts";
import type { TaskSurroundings } from "../../container-runtime.ts";
import type { DockerContainer } from "../engine/docker-answers.ts";
import type { DockerEngine } from "../engine/docker-engine.ts";
import { DockerError, DockerUnreachable, failureText, isNotFound } from "../engine/docker-error.ts";
import { pauseLabels, removeLeftovers } from "./leftovers.ts";
import { PauseImage, pauseImage } from "./pause-image.ts";
import { ownToken } from "./process-token.ts";
import { openTaskCgroups, type TaskCgroups } from "./task-cgroup.ts";
import type { GroundworkPlace, TaskGroundwork } from "./task-groundwork.ts";
import { type TaskAddress, TaskNetworks, taskAddress } from "./task-network.ts";

export type DockerGroundworkOptions = {
  readonly docker: DockerEngine;
  readonly log: Log;
};

/**
 * LIMIT: an address that another task has just released is free within a second; a task waits this long for its own. The same
 * goes for a network that another agent is removing and recreating.
 */
const starts = { attempts: 8, pauseMs: 500 };

/**
 * Inspects the host, returns what prepares it for tasks, and begins to remove leftovers of other processes. Rejects if Docker
 * does not answer.
 */
export async function openDockerGroundwork(options: DockerGroundworkOptions): Promise<DockerGroundwork> {
  const { docker, log } = options;
  const cgroups = await openTaskCgroups(await docker.info(), docker.address.startsWith("unix://"));
  if (typeof cgroups === "string") log("task-limits-unavailable", { why: cgroups });
  const groundwork = new DockerGroundwork(options, typeof cgroups === "string" ? null : cgroups);
  // Nobody waits for it. On another machine we cannot see which processes are alive.
  if (docker.address.startsWith("unix://")) void groundwork.removeLeftovers();
  return groundwork;
}

/**
 * What a task has on a Docker host besides its containers: a control group for its limits and, for its network interface or
 * shared namespaces, a pause container on its subnet's network. Any later process finds all of it by name.
 */
export class DockerGroundwork implements TaskGroundwork {
  readonly #docker: DockerEngine;
  readonly #log: Log;
  readonly #cgroups: TaskCgroups | null;
  readonly #networks: TaskNetworks;
  readonly #pauseImage: PauseImage;
  /** The work of each task runs in order. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: DockerGroundworkOptions, cgroups: TaskCgroups | null) {
    this.#docker = options.docker;
    this.#log = options.log;
    this.#cgroups = cgroups;
    this.#networks = new TaskNetworks(options.docker);
    this.#pauseImage = new PauseImage(options.docker);
  }

  /** Whether this host enforces the limits of tasks (attribute `ecs.capability.task-cpu-mem-limit`). */
  canLimitTasks(): boolean {
    return this.#cgroups !== null;
  }

  prepare(taskArn: string, task: TaskSurroundings, specs: readonly PayloadContainer[]): Promise<void> {
    return this.#inTurn(taskArn, async () => {
      try {
        await this.#limit(taskArn, task, specs);
        if (needsPause(task)) await this.#pauseRuns(taskArn, task, specs);
      } catch (error) {
        const text = error instanceof DockerError ? failureText(error) : error instanceof Error ? error.message : error;
        const reason = `resource cannot be initialized for task ${taskArn}: ${text}`;
        // An engine that is away differs from one that refuses: the caller may want to retry.
        throw error instanceof DockerUnreachable
          ? new DockerUnreachable(reason, { cause: error })
          : new Error(reason, { cause: error });
      }
    });
  }

  placeOf(taskArn: string, task: TaskSurroundings): GroundworkPlace {
    const paused = `container:${pauseName(taskArn)}`;
    const ofTask = (mode: string | null): string | null => (mode === "task" ? paused : mode);
    const pidMode = ofTask(task.pidMode);
    const ipcMode = ofTask(task.ipcMode);
    return {
      ...(this.#cgroups === null ? {} : { cgroupParent: this.#cgroups.parentOf(idOf(taskArn)) }),
      ...(hasInterface(task) ? { networkMode: paused } : {}),
      ...(pidMode === null ? {} : { pidMode }),
      ...(ipcMode === null ? {} : { ipcMode }),
    };
  }

  /** Removes what these tasks of this process have left. Their containers are already gone. Never rejects. */
  async discard(taskArns: Iterable<string>): Promise<void> {
    const ofTask = (taskArn: string): Promise<void> =>
      this.#quietly(taskArn, async () => {
        await this.#docker.removeContainer(pauseName(taskArn)).catch(unlessNotFound);
        await this.#cgroups?.remove(idOf(taskArn));
      });
    await Promise.all([...taskArns].map(ofTask));
    await this.removeLeftovers();
  }

  /** Removes what dead processes have left on this host. Never rejects. */
  removeLeftovers(): Promise<void> {
    const [docker, cgroups, networks, log] = [this.#docker, this.#cgroups, this.#networks, this.#log];
    return removeLeftovers({ docker, cgroups, networks, log, idOf: lastPartOf });
  }

  /** Removes everything: nothing of a finished task starts again, and its agent may die before it cleans up. */
  release(taskArn: string, task: TaskSurroundings): Promise<void> {
    return this.clean(taskArn, task);
  }

  clean(taskArn: string, task: TaskSurroundings): Promise<void> {
    return this.#quietly(taskArn, async () => {
      await this.#removePause(taskArn, task);
      if (hasInterface(task)) await this.#networks.removeIfEmpty(addressOf(task).subnet);
      await this.#cgroups?.remove(idOf(taskArn));
    });
  }

  /** The process id of the task's pause container on this host, or null. Used to look into its namespaces. */
  async pausePidOf(taskArn: string): Promise<number | null> {
    try {
      const { State } = await this.#docker.inspectContainer(pauseName(taskArn));
      return State?.Running === true ? (State.Pid ?? null) : null;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async #limit(taskArn: string, task: TaskSurroundings, specs: readonly PayloadContainer[]): Promise<void> {
    const { memoryMiB, cpuUnits } = task;
    for (const { name, memory } of specs) {
      // AWS: such a task would only be killed by its own limit.
      if (memoryMiB !== null && (memory ?? 0) > memoryMiB) {
        throw new Error(
          `container memory greater than task memory, task memory: ${memoryMiB}, container memory: ${memory} (${name})`,
        );
      }
    }
    const cpuShares = specs.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0);
    await this.#cgroups?.limit(idOf(taskArn), { cpuUnits, memoryMiB, cpuShares }, ownToken());
  }

  async #pauseRuns(taskArn: string, task: TaskSurroundings, specs: readonly PayloadContainer[]): Promise<void> {
    const address = hasInterface(task) ? addressOf(task) : null;
    const found = await this.#findPause(taskArn);
    if (found?.State?.Running === true) return;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#startPause(taskArn, task, address, nameSettings(specs));
        return;
      } catch (error) {
        if (attempt >= starts.attempts || !isPassing(error)) {
          throw address === null ? error : await this.#namingHolder(error, address);
        }
        if (isNotFound(error)) this.#pauseImage.forget();
        this.#log("task-namespaces-delayed", { err: error, task: taskArn });
        await pause(starts.pauseMs);
      }
    }
  }

  /** Creates and starts the pause container. A stopped container with its name is from an earlier attempt. */
  async #startPause(
    taskArn: string,
    task: TaskSurroundings,
    address: TaskAddress | null,
    names: NameSettings,
  ): Promise<void> {
    const name = pauseName(taskArn);
    await this.#docker.removeContainer(name).catch(unlessNotFound);
    await this.#pauseImage.ensure();
    const network = address === null ? null : await this.#networks.ensure(address);
    const cgroupParent = this.#cgroups?.parentOf(idOf(taskArn));
    const { Id } = await this.#docker.createContainer(
      name,
      pauseConfig(taskArn, task, address, { network, names, cgroupParent }),
    );
    await this.#docker.startContainer(Id);
  }

  async #namingHolder(error: unknown, address: TaskAddress): Promise<unknown> {
    if (!isAddressTaken(error)) return error;
    const holder = await this.#networks.holderOf(address).catch(() => null);
    if (holder === null) return error;
    return new Error(`the address ${address.address} is in use by the container ${holder}`, { cause: error });
  }

  async #findPause(taskArn: string): Promise<DockerContainer | null> {
    try {
      return await this.#docker.inspectContainer(pauseName(taskArn));
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async #removePause(taskArn: string, task: TaskSurroundings): Promise<void> {
    if (needsPause(task)) await this.#docker.removeContainer(pauseName(taskArn)).catch(unlessNotFound);
  }

  #quietly(taskArn: string, work: () => Promise<void>): Promise<void> {
    return this.#inTurn(taskArn, work).catch((error: unknown) => {
      this.#log("task-groundwork-left", { err: error, task: taskArn });
    });
  }

  #inTurn(taskArn: string, work: () => Promise<void>): Promise<void> {
    const before = this.#underWay.get(taskArn) ?? Promise.resolve();
    const after = before.catch(() => {}).then(work);
    this.#underWay.set(taskArn, after);
    const forget = (): void => {
      if (this.#underWay.get(taskArn) === after) this.#underWay.delete(taskArn);
    };
    after.then(forget, forget);
    return after;
  }
}

const lastPartOf = (taskArn: string): string => taskArn.slice(taskArn.lastIndexOf("/") + 1);

/** The last part of the ARN. It becomes part of container and control group names, so it must be a plain name and not `..`. */
function idOf(taskArn: string): string {
  const id = lastPartOf(taskArn);
  if (/^[\w-]{1,64}$/.test(id)) return id;
  throw new Error(`the task ARN ${JSON.stringify(taskArn)} does not end in an id`);
}

/** The name of the container that holds the task's namespaces. The others join them with `container:<name>`. */
export const pauseName = (taskArn: string): string => `berth-pause-${idOf(taskArn)}`;

const hasInterface = (task: TaskSurroundings): boolean =>
  task.networkMode === "awsvpc" && task.networkInterface !== null;

const needsPause = (task: TaskSurroundings): boolean =>
  hasInterface(task) || task.pidMode === "task" || task.ipcMode === "task";

function addressOf(task: TaskSurroundings): TaskAddress {
  if (task.networkInterface === null) throw new Error("the task has no network interface");
  return taskAddress(task.networkInterface);
}

function pauseConfig(
  taskArn: string,
  task: TaskSurroundings,
  address: TaskAddress | null,
  place: { readonly network: string | null; readonly names: NameSettings; readonly cgroupParent: string | undefined },
): object {
  const { network, names, cgroupParent } = place;
  const mac = address?.macAddress ?? null;
  return {
    Image: pauseImage,
    Labels: { [pauseLabels.taskArn]: taskArn, [pauseLabels.process]: ownToken() },
    ...(address?.hostname ? { Hostname: address.hostname } : {}),
    // Engines before 25 read the container's address, later ones that of its endpoint.
    ...(mac === null ? {} : { MacAddress: mac }),
    HostConfig: {
      NetworkMode: network ?? "none",
      IpcMode: task.ipcMode === "task" ? "shareable" : "private",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      LogConfig: { Type: "none" },
      ...(cgroupParent === undefined ? {} : { CgroupParent: cgroupParent }),
      ...(address === null
        ? {}
        : {
            Dns: [...names.Dns, ...address.nameServers],
            DnsSearch: [...names.DnsSearch, ...address.searchDomains],
            ExtraHosts: names.ExtraHosts,
          }),
    },
    ...(address === null || network === null
      ? {}
      : {
          NetworkingConfig: {
            EndpointsConfig: {
              [network]: {
                IPAMConfig: { IPv4Address: address.address },
                ...(mac === null ? {} : { MacAddress: mac }),
              },
            },
          },
        }),
  };
}

type NameSettings = { readonly [Name in "Dns" | "DnsSearch" | "ExtraHosts"]: readonly string[] };

/** The containers' DNS settings. Containers in one network share the pause container's files. */
function nameSettings(specs: readonly PayloadContainer[]): NameSettings {
  const all = { Dns: new Set<string>(), DnsSearch: new Set<string>(), ExtraHosts: new Set<string>() };
  for (const { dockerConfig } of specs) {
    const wanted = hostConfigOf(dockerConfig?.hostConfig ?? "{}");
    for (const name of ["Dns", "DnsSearch", "ExtraHosts"] as const) {
      const values = wanted[name];
      if (Array.isArray(values)) for (const value of values) all[name].add(String(value));
    }
  }
  return { Dns: [...all.Dns], DnsSearch: [...all.DnsSearch], ExtraHosts: [...all.ExtraHosts] };
}

/** Errors in the text are reported when the container is created. */
function hostConfigOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

const isAddressTaken = (error: unknown): boolean =>
  error instanceof DockerError && /address already in use/i.test(error.message);

/**
 * Errors that a retry may resolve: an address that is being released, something that another agent has just removed, and a
 * network that another agent is creating, whose addresses are taken before it becomes visible.
 */
const isPassing = (error: unknown): boolean =>
  isAddressTaken(error) ||
  isNotFound(error) ||
  (error instanceof DockerError && (error.status === 409 || /pool overlaps/i.test(error.message)));

function unlessNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
