import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import type { TaskNeeds } from "./engine-resources.ts";
import type { ContainerChange, EngineContainer, EngineTask, StateChange } from "./engine-state.ts";
import { reportedBindings } from "./host-ports.ts";

/** A task for which nothing has been done yet. */
export function newTask(
  order: PayloadTask,
  specs: readonly PayloadContainer[],
  needs: TaskNeeds | null,
  now: number,
): EngineTask {
  return {
    arn: order.arn,
    surroundings: surroundingsOf(order),
    needs,
    admitted: false,
    groundwork: "none",
    interfaces: (order.elasticNetworkInterfaces ?? []).flatMap(({ attachmentArn }) => attachmentArn ?? []),
    desired: order.desiredStatus,
    reason: "",
    digestsReported: false,
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

/** What surrounds the containers of the task, according to its order. */
export function surroundingsOf(order: PayloadTask): TaskSurroundings {
  return {
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
    createdAt: null,
    startedAt: null,
    exitedAt: null,
    exitCode: null,
    restartCount: 0,
    reason: null,
    stopOrdered: false,
    health: "UNKNOWN",
    healthSince: now,
    bindings: [],
  };
}

/** AWS: health is reported for containers whose check is Docker's. */
export const isChecked = (spec: PayloadContainer): boolean => spec.healthCheckType === "docker";

/** The container with the command of its overrides, or null if agents do not accept the overrides. */
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

/** Why the task cannot be loaded, or null. */
export function unloadable(order: PayloadTask, specs: readonly (PayloadContainer | null)[]): string | null {
  if (specs.length === 0) return "no containers";
  if (specs.includes(null)) return "invalid overrides";
  return (order.volumes ?? []).some(isEmptyHostVolume) ? "invalid volume: empty volume configuration" : null;
}

/** AWS: a host volume must have the member `host`, which may be empty. */
function isEmptyHostVolume(volume: unknown): boolean {
  if (typeof volume !== "object" || volume === null) return true;
  const { type, host } = volume as { readonly type?: unknown; readonly host?: unknown };
  return type === "host" && (typeof host !== "object" || host === null);
}

/** LIMIT: AWS: what the control plane keeps of a reason; an engine may answer with pages. */
const reasonCharacters = 1_024;

/** The container's state in the form of a report. */
export function containerChange(container: EngineContainer): ContainerChange {
  const { spec, phase, runtimeId, imageDigest, exitCode, reason, bindings } = container;
  return {
    containerName: spec.name,
    status: phase === "stopped" ? "STOPPED" : "RUNNING",
    ...(runtimeId === null ? {} : { runtimeId }),
    ...(imageDigest === null ? {} : { imageDigest }),
    ...(exitCode === null ? {} : { exitCode }),
    ...(reason === null ? {} : { reason: reason.slice(0, reasonCharacters) }),
    ...(bindings.length === 0 ? {} : { networkBindings: reportedBindings(bindings) }),
  };
}

/** The report on the task, with what happened to its containers since the last one. Removes these changes from the task. */
export function takeStateChange(task: EngineTask): StateChange {
  const { arn, known, reason, changes, pullStartedAt, pullStoppedAt, executionStoppedAt } = task;
  task.changes = [];
  task.changesDueAt = null;
  return {
    task: arn,
    status: known,
    reason: reason.slice(0, reasonCharacters),
    ...(changes.length === 0 ? {} : { containers: changes }),
    ...(pullStartedAt === null ? {} : { pullStartedAt }),
    ...(pullStoppedAt === null ? {} : { pullStoppedAt }),
    ...(executionStoppedAt === null || known !== "STOPPED" ? {} : { executionStoppedAt }),
  };
}

/**
 * AWS: once all images are there, the agent reports the known digests of containers that have not started. Null if there are
 * none.
 */
export function digestReport(task: EngineTask): StateChange | null {
  const containers = task.containers.flatMap(({ spec, phase, imageDigest }) =>
    imageDigest === null || !(phase === "pulled" || phase === "creating" || phase === "starting")
      ? []
      : [{ containerName: spec.name, imageDigest, status: "PENDING" as const }],
  );
  return containers.length === 0 ? null : { task: task.arn, status: "PENDING", reason: "", containers };
}

/** AWS: how long a container must have run before its restart policy restarts it, if the policy does not say. */
const restartAttemptPeriod = 300;

/** Whether the restart policy restarts an exited container. AWS: never if the exit code is unknown. */
export function isRestartDue({ spec, startedAt }: EngineContainer, exitCode: number | null, at: number): boolean {
  const policy = spec.restartPolicy;
  if (policy?.enabled !== true || exitCode === null || startedAt === null) return false;
  if (policy.ignoredExitCodes?.includes(exitCode) === true) return false;
  return at - startedAt >= (policy.restartAttemptPeriod ?? restartAttemptPeriod) * 1_000;
}
