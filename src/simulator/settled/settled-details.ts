import { simulatedBehaviour } from "../../agent/simulated/simulated-images.ts";
import type { ContainerInstance, InstanceHealth } from "../../ecs/documents/container-instance.ts";
import type { Container, Task } from "../../ecs/documents/task.ts";
import type { DurablePartition } from "../durable-state.ts";
import type { Host } from "../host.ts";

const unfinishedUpdates = ["PENDING", "STAGING", "STAGED", "UPDATING"];
/** LIMIT: agents publish every 20 s, and an answer to a heartbeat brings news every 30 s; after a minute they are late. */
const healthAgeMs = 60_000;

/** The properties in which an instance still differs from its host, although the host is up and connected. */
export function unsettledInstance(
  partition: DurablePartition,
  instance: ContainerInstance,
  host: Host,
  now: number,
): string[] {
  const problems: string[] = [];
  const update = instance.agentUpdate?.status ?? "UPDATED";
  if (unfinishedUpdates.includes(update)) problems.push(`the agent update of ${instance.arn} is ${update}`);
  const check = (partition.get("instance-health", instance.id) as InstanceHealth | null)?.checks.find(
    ({ type }) => type === "CONTAINER_RUNTIME",
  );
  const expected = host.running().some((running) => impairs(partition, running)) ? "IMPAIRED" : "OK";
  if (check?.status !== expected) problems.push(`the health of ${instance.arn} is ${check?.status}, not ${expected}`);
  else if (now - check.receivedAt > healthAgeMs) problems.push(`the health of ${instance.arn} is old`);
  return problems;
}

function impairs(partition: DurablePartition, { taskArn, name }: { readonly taskArn: string; readonly name: string }) {
  const task = partition.task(taskArn.slice(taskArn.lastIndexOf("/") + 1));
  const container = task?.containers.find((candidate) => candidate.name === name);
  return container !== undefined && simulatedBehaviour({ image: container.image }).impairsRuntime;
}

/** Ports and exit codes that a task shows for its containers but that its host contradicts. */
export function unsettledContainers({ arn, containers, attachments }: Task, { memory }: Host): string[] {
  return containers.flatMap(({ name, runtimeId, lastStatus, exitCode, networkBindings }) => {
    if (runtimeId === null) return [];
    const problems: string[] = [];
    const ports = memory.ports.get(runtimeId);
    const said = networkBindings.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`);
    // A task with its own network interface has no host ports.
    if (lastStatus === "RUNNING" && attachments.length === 0 && !isSameSet(said, ports ?? [])) {
      problems.push(`${name} of ${arn} is said to be bound to ${said}, and is to ${ports}`);
    }
    const code = memory.exitCodes.get(runtimeId);
    if (lastStatus === "STOPPED" && code !== undefined && code !== exitCode) {
      problems.push(`${name} of ${arn} is said to have ended with ${exitCode}, and has with ${code}`);
    }
    return problems;
  });
}

const isSameSet = (some: readonly string[], others: readonly string[]): boolean =>
  some.toSorted().join() === others.toSorted().join();

/** What a RUNNING task does not yet show: its interfaces attached, the health of its containers. */
export function unsettledReports({ arn, attachments, containers }: Task): string[] {
  return [
    ...attachments
      .filter(({ status }) => status !== "ATTACHED")
      .map(({ id, status }) => `the interface ${id} of ${arn} is ${status}`),
    ...containers
      .filter((container) => container.healthStatus !== null && container.lastStatus === "RUNNING")
      .filter((container) => container.healthStatus !== healthOf(container))
      .map(({ name, healthStatus }) => `${name} of ${arn} is ${healthStatus}`),
  ];
}

const healthOf = ({ image }: Container) => simulatedBehaviour({ image }).health;
