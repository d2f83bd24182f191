import { hash } from "node:crypto";
import type { ContainerName, TaskSurroundings } from "../container-runtime.ts";

/** AWS: the labels that identify an agent's containers. */
export const containerLabels = {
  cluster: "com.amazonaws.ecs.cluster",
  containerName: "com.amazonaws.ecs.container-name",
  taskArn: "com.amazonaws.ecs.task-arn",
  family: "com.amazonaws.ecs.task-definition-family",
  version: "com.amazonaws.ecs.task-definition-version",
} as const;

/** The owner of a container, set by an agent that removes all of its containers when it ends. */
export const ownerLabel = "berth.owner";

/** Whether a label is reserved for Berth, which recognises its containers and volumes by such labels. */
export const isReservedLabel = (label: string): boolean => label.startsWith("berth.");

/** The owner of containers: an agent by name. With `process`, the containers belong to that process and go with it. */
export const ownerOf = (agent: string, process: string | null): string =>
  `${process ?? ""}/${hash("sha256", agent, "hex").slice(0, 20)}`;

/** The token of the process that the owner's containers go with, or null. */
export const ownerProcess = (owner: string): string | null => owner.split("/")[0] || null;

/** The agent of an owner, the same in all of its processes. */
export const agentOf = (owner: string): string => owner.split("/")[1] ?? "";

/**
 * AWS: `ecs-<family>-<version>-<container>-<20 hex digits>`. The digits follow from the task and the container, so a container
 * that is created twice (before and after a crash) is found by its name, and other containers of the task can refer to it.
 */
export function containerName(name: ContainerName, task: Pick<TaskSurroundings, "family" | "version">): string {
  return `ecs-${nameable(task.family)}-${nameable(task.version)}-${nameable(name.container)}-${digits(name.taskArn, name.container)}`;
}

/** AWS: `ecs-<family>-<version>-<volume>-<20 hex digits>`, for a volume that goes with its task. */
export function taskVolumeName(
  taskArn: string,
  volume: string,
  task: Pick<TaskSurroundings, "family" | "version">,
): string {
  return `ecs-${nameable(task.family)}-${nameable(task.version)}-${nameable(volume)}-${digits(taskArn, `volume ${volume}`)}`;
}

const digits = (taskArn: string, what: string): string => hash("sha256", `${taskArn}\n${what}`, "hex").slice(0, 20);

/** Docker's names allow only these characters. ECS's allow hardly any others. */
const nameable = (text: string): string => text.replaceAll(/[^a-zA-Z0-9_.-]/g, "-");
