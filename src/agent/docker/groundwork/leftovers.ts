import type { Log } from "../../../lib/log-events.ts";
import { containerLabels, ownerLabel, ownerProcess } from "../container-names.ts";
import type { DockerListedContainer } from "../engine/docker-answers.ts";
import type { DockerEngine } from "../engine/docker-engine.ts";
import { mayLive } from "./process-token.ts";
import type { TaskCgroups } from "./task-cgroup.ts";
import { networkLabels, type TaskNetworks } from "./task-network.ts";

export type LeftoversOptions = {
  readonly docker: DockerEngine;
  readonly cgroups: TaskCgroups | null;
  readonly networks: TaskNetworks;
  readonly log: Log;
  readonly idOf: (taskArn: string) => string;
};

/** What identifies a pause container: its task, and the process that made it. */
export const pauseLabels = { taskArn: "berth.pause-of", process: "berth.process" } as const;

/**
 * Removes what dead processes have left on this machine: containers of control planes that kept nothing, and pause containers,
 * control groups and networks of tasks without a running container. It leaves alone what a living process made, with or without
 * containers; an agent that comes back prepares its tasks again. Never rejects.
 */
export async function removeLeftovers({ docker, cgroups, networks, log, idOf }: LeftoversOptions): Promise<void> {
  const removed: string[] = [];
  try {
    const running = new Set<string>();
    const pauses: DockerListedContainer[] = [];
    for (const container of await docker.listContainers({})) {
      const { Id, State = "", Labels } = container;
      const process = ownerProcess(Labels?.[ownerLabel] ?? "");
      const taskArn = Labels?.[containerLabels.taskArn];
      if (Labels?.[pauseLabels.taskArn] !== undefined) pauses.push(container);
      else if (process !== null && !mayLive(process, State === "running")) removed.push(await remove(docker, Id));
      else if (taskArn !== undefined && State !== "exited" && State !== "dead") running.add(idOf(taskArn));
    }
    for (const { Id, State, Labels } of pauses) {
      if (running.has(idOf(Labels?.[pauseLabels.taskArn] ?? ""))) continue;
      if (!mayLive(Labels?.[pauseLabels.process] ?? null, State === "running")) removed.push(await remove(docker, Id));
    }
    for (const taskId of (await cgroups?.left(mayLive)) ?? []) {
      if (running.has(taskId)) continue;
      await cgroups?.remove(taskId);
      removed.push(`control group ${taskId}`);
    }
    for (const { Labels } of await docker.listNetworks({ label: [`${networkLabels.managed}=true`] })) {
      const subnet = Labels?.[networkLabels.subnet] ?? "";
      if (await networks.removeIfEmpty(subnet)) removed.push(`network of ${subnet}`);
    }
  } catch (error) {
    log("leftovers-kept", { err: error });
  }
  if (removed.length > 0) log("leftovers-removed", { removed });
}

async function remove(docker: DockerEngine, id: string): Promise<string> {
  // Another agent that starts now may be faster.
  await docker.removeContainer(id).catch(() => {});
  return `container ${id.slice(0, 12)}`;
}
