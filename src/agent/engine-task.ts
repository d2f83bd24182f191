import type { PayloadTask } from "../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../agent-protocol/to-agent/payload-container.ts";
import type { ContainerChange, EngineContainer, EngineTask, StateChange } from "./engine-state.ts";
import { reportedBindings } from "./host-ports.ts";

/** A task of which nothing was done yet. */
export function newTask(order: PayloadTask, specs: readonly PayloadContainer[], now: number): EngineTask {
  return {
    arn: order.arn,
    surroundings: {
      family: order.family ?? "",
      version: order.version ?? "",
      serviceName: order.serviceName ?? null,
      launchType: order.launchType ?? null,
      networkMode: order.networkMode ?? "bridge",
      volumes: order.volumes ?? [],
      cpuUnits: order.cpu ? Math.round(order.cpu * 1_024) : null,
      memoryMiB: order.memory ?? null,
      pidMode: order.pidMode ?? null,
      ipcMode: order.ipcMode ?? null,
      networkInterface: order.elasticNetworkInterfaces?.[0] ?? null,
      gpuIds: gpuIdsOf(order),
      credentialsId: order.roleCredentials?.credentialsId ?? null,
      executionCredentialsId: order.executionRoleCredentials?.credentialsId ?? null,
    },
    desired: order.desiredStatus,
    known: "PENDING",
    containers: specs.map((spec) => newContainer(spec, now)),
    changes: [],
    changesDueAt: null,
    pullStartedAt: null,
    pullStoppedAt: null,
    executionStoppedAt: null,
    leftovers: [],
  };
}

/** AWS: each association of type gpu gives one device to its containers. */
function gpuIdsOf(order: PayloadTask): Readonly<Record<string, readonly string[]>> {
  const ids: Record<string, readonly string[]> = {};
  for (const { name, type, containers } of order.associations ?? []) {
    if (type !== "gpu") continue;
    for (const container of containers) ids[container] = [...(ids[container] ?? []), name];
  }
  return ids;
}

function newContainer(spec: PayloadContainer, now: number): EngineContainer {
  return {
    spec,
    phase: "waiting",
    runtimeId: null,
    imageDigest: null,
    launchedAt: null,
    startedAt: null,
    exitCode: null,
    reason: null,
    stopOrdered: false,
    health: "UNKNOWN",
    healthSince: now,
    bindings: [],
  };
}

/** AWS: health is reported of containers whose check is Docker's. */
export const isChecked = (spec: PayloadContainer): boolean => spec.healthCheckType === "docker";

/** The container with the command of its overrides, or null when the overrides are none that agents take. */
export function withOverriddenCommand(spec: PayloadContainer): PayloadContainer | null {
  if (spec.overrides === undefined || spec.overrides === null || spec.overrides === "") return spec;
  let overrides: unknown;
  try {
    overrides = JSON.parse(spec.overrides);
  } catch {
    return null;
  }
  if (typeof overrides !== "object" || overrides === null) return null;
  // AWS: any other key makes the agent refuse the task.
  if (Object.keys(overrides).some((key) => key !== "command")) return null;
  const command = "command" in overrides ? overrides.command : undefined;
  return Array.isArray(command) ? { ...spec, command: command.map(String) } : spec;
}

/** How the container is, as a report says it. */
export function containerChange(container: EngineContainer): ContainerChange {
  const { spec, phase, runtimeId, imageDigest, exitCode, reason, bindings } = container;
  return {
    containerName: spec.name,
    status: phase === "stopped" ? "STOPPED" : "RUNNING",
    ...(runtimeId === null ? {} : { runtimeId }),
    ...(imageDigest === null ? {} : { imageDigest }),
    ...(exitCode === null ? {} : { exitCode }),
    ...(reason === null ? {} : { reason }),
    ...(bindings.length === 0 ? {} : { networkBindings: reportedBindings(bindings) }),
  };
}

/** The report of how the task is, with what happened to its containers since the last one; these are taken out of it. */
export function takeStateChange(task: EngineTask): StateChange {
  const { arn, known, changes, pullStartedAt, pullStoppedAt, executionStoppedAt } = task;
  task.changes = [];
  task.changesDueAt = null;
  return {
    task: arn,
    status: known,
    reason: "",
    ...(changes.length === 0 ? {} : { containers: changes }),
    ...(pullStartedAt === null ? {} : { pullStartedAt }),
    ...(pullStoppedAt === null ? {} : { pullStoppedAt }),
    ...(executionStoppedAt === null || known !== "STOPPED" ? {} : { executionStoppedAt }),
  };
}
