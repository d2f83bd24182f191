import { hash } from "node:crypto";
import type { ContainerName, TaskSurroundings } from "../container-runtime.ts";

/** AWS: the labels by which the containers of an agent are known. */
export const containerLabels = {
  cluster: "com.amazonaws.ecs.cluster",
  containerName: "com.amazonaws.ecs.container-name",
  taskArn: "com.amazonaws.ecs.task-arn",
  family: "com.amazonaws.ecs.task-definition-family",
  version: "com.amazonaws.ecs.task-definition-version",
} as const;

/** Whose containers they are, where an agent takes them all away at its end. */
export const ownerLabel = "berth.owner";

/** Whether a label is reserved for Berth, which recognises its containers and volumes by such labels. */
export const isReservedLabel = (label: string): boolean => label.startsWith("berth.");

/** The owner of containers: an agent by its name, which with `process` is one of that process and goes with it. */
export const ownerOf = (agent: string, process: string | null): string =>
  `${process ?? ""}/${hash("sha256", agent, "hex").slice(0, 20)}`;

/** The token of the process that the owner's containers go with, or null. */
export const ownerProcess = (owner: string): string | null => owner.split("/")[0] || null;

/** The agent of an owner, the same in every process of it. */
export const agentOf = (owner: string): string => owner.split("/")[1] ?? "";

/**
 * AWS: `ecs-<family>-<version>-<container>-<20 hex digits>`. The digits follow from the task and the container, so that a container
 * which is made twice (before and after a crash) is found by its name, and another one of its task can refer to it.
 */
export function containerName(name: ContainerName, task: Pick<TaskSurroundings, "family" | "version">): string {
  return `ecs-${nameable(task.family)}-${nameable(task.version)}-${nameable(name.container)}-${digits(name.taskArn, name.container)}`;
}

/** AWS: `ecs-<family>-<version>-<volume>-<20 hex digits>`, of a volume that goes with its task. */
export function taskVolumeName(
  taskArn: string,
  volume: string,
  task: Pick<TaskSurroundings, "family" | "version">,
): string {
  return `ecs-${nameable(task.family)}-${nameable(task.version)}-${nameable(volume)}-${digits(taskArn, `volume ${volume}`)}`;
}

const digits = (taskArn: string, what: string): string => hash("sha256", `${taskArn}\n${what}`, "hex").slice(0, 20);

/** Docker's names have these characters only, and ECS's hardly others. */
const nameable = (text: string): string => text.replaceAll(/[^a-zA-Z0-9_.-]/g, "-");
