import type { ContainerDefinition, NetworkMode } from "../documents/task-definition.ts";
import type { RequestContainer, RequestVolume } from "./task-definition-request.ts";
import { whyNoFargateSize } from "./task-size.ts";

/** The properties that decide where a definition can run. */
export type CompatibilityFacts = {
  readonly networkMode: NetworkMode | null;
  readonly cpuUnits: number | null;
  readonly memoryMiB: number | null;
  readonly containers: readonly ContainerDefinition[];
  readonly volumes: readonly RequestVolume[];
  readonly executionRoleArn: string | null;
  readonly pidMode: string | undefined;
  readonly ipcMode: string | undefined;
  readonly placementConstraints: readonly object[];
  readonly hasProxy: boolean;
  readonly isWindows: boolean;
  readonly hasEphemeralStorage: boolean;
};

type Verdict = (facts: CompatibilityFacts) => string | null;

/** For each launch type, in ECS's order, why a definition can't run there, or null if it can. */
export const whyIncompatible: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ["EXTERNAL", whyNotExternal],
  ["EC2", whyNotEc2],
  ["MANAGED_INSTANCES", whyNotManagedInstances],
  ["FARGATE", whyNotFargate],
]);

/** True for an image in ECR, which is pulled with the execution role or the instance's role. */
export function isEcrImage(image: string): boolean {
  return /^[0-9]{12}\.dkr[.-]ecr[.-]/.test(image);
}

function whyNotEc2(facts: CompatibilityFacts): string | null {
  return facts.hasEphemeralStorage ? "Tasks using the EC2 launch type do not support EphemeralStorage." : null;
}

// AWS: the developer guide on external instances and their restrictions.
function whyNotExternal(facts: CompatibilityFacts): string | null {
  const not = (what: string): string => `External compatible task definitions do not support ${what}`;
  if (facts.networkMode === "awsvpc") return not("network mode awsvpc");
  if (facts.hasEphemeralStorage) return not("ephemeral storage");
  if (facts.hasProxy) return not("proxy configurations");
  const foreign = facts.volumes.some(
    (volume) =>
      volume.efsVolumeConfiguration !== undefined ||
      volume.s3filesVolumeConfiguration !== undefined ||
      volume.fsxWindowsFileServerVolumeConfiguration !== undefined ||
      volume.configuredAtLaunch === true,
  );
  return foreign ? not("volumes of AWS file systems") : null;
}

function whyNotManagedInstances(facts: CompatibilityFacts): string | null {
  const not = (what: string): string => `Managed Instances compatible task definitions do not support ${what}`;
  if (facts.networkMode !== "awsvpc" && facts.networkMode !== "host") return not("network modes but awsvpc and host");
  if (facts.cpuUnits === null) return "Managed Instances require that 'cpu' be defined at the task level.";
  if (facts.memoryMiB === null) return "Managed Instances require that 'memory' be defined at the task level.";
  if (facts.isWindows) return not("Windows");
  return facts.hasEphemeralStorage ? not("ephemeral storage") : null;
}

/** The texts known from AWS come first; the rest follow their pattern. */
function whyNotFargate(facts: CompatibilityFacts): string | null {
  if (facts.cpuUnits === null) return "Fargate requires that 'cpu' be defined at the task level.";
  if (facts.memoryMiB === null) return "Fargate requires that 'memory' be defined at the task level.";
  if (facts.networkMode !== "awsvpc") return "Fargate only supports network mode 'awsvpc'.";
  const noSize = whyNoFargateSize(facts.cpuUnits, facts.memoryMiB, facts.isWindows);
  if (noSize !== null) return noSize;
  const not = (what: string): string => `Fargate compatible task definitions do not support ${what}`;
  if (facts.pidMode === "host") {
    return "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.";
  }
  if (facts.ipcMode !== undefined) return not("ipcMode");
  if (facts.placementConstraints.length > 0) return not("constraints");
  for (const volume of facts.volumes) {
    if (volume.host?.sourcePath !== undefined) return not("sourcePath");
    if (volume.dockerVolumeConfiguration !== undefined) return not("dockerVolumeConfiguration");
    if (volume.fsxWindowsFileServerVolumeConfiguration !== undefined) {
      return not("fsxWindowsFileServerVolumeConfiguration");
    }
  }
  for (const container of facts.containers) {
    const why = whyNotOnFargate(container, facts.executionRoleArn, not);
    if (why !== null) return why;
  }
  return null;
}

function whyNotOnFargate(
  container: ContainerDefinition,
  executionRoleArn: string | null,
  not: (what: string) => string,
): string | null {
  const { privileged, dockerSecurityOptions, resourceRequirements } = container as RequestContainer;
  if (executionRoleArn === null && isEcrImage(container.image)) return `${needsRole} ECR images.`;
  const noLogs = whyNotLogging(container, executionRoleArn, not);
  if (noLogs !== null) return noLogs;
  if (privileged === true) {
    return "Fargate requires that the 'privileged' setting be 'false' at the container level.";
  }
  const noLinux = whyNotLinux(container, not);
  if (noLinux !== null) return noLinux;
  if ((dockerSecurityOptions ?? []).length > 0) return not("dockerSecurityOptions");
  const [device] = resourceRequirements ?? [];
  if (device !== undefined)
    return `Tasks using the Fargate launch type do not support ${device.type} resource requirements`;
  return whyNotTimeouts(container);
}

const needsRole = "Fargate requires task definition to have execution role ARN to support";

function whyNotLogging(
  { logConfiguration, firelensConfiguration }: RequestContainer,
  executionRoleArn: string | null,
  not: (what: string) => string,
): string | null {
  const driver = logConfiguration?.logDriver;
  const drivers = ["awslogs", "splunk", "awsfirelens"];
  if (driver !== undefined && !drivers.includes(driver)) {
    return `${driver} is not a valid log driver. Must be one of [${drivers.join(",")}]`;
  }
  if (driver === "awslogs" && executionRoleArn === null) return `${needsRole} log driver awslogs.`;
  if (driver === "awslogs" && !logConfiguration?.options?.["awslogs-stream-prefix"]) {
    return "Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.";
  }
  return firelensConfiguration?.options?.["config-file-type"] === "s3" ? not("config-file-type s3") : null;
}

/** AWS: tmpfs, initProcessEnabled and dropped capabilities are supported since platform version 1.4.0. */
function whyNotLinux(container: RequestContainer, not: (what: string) => string): string | null {
  const { devices, sharedMemorySize, maxSwap, swappiness, capabilities } = container.linuxParameters ?? {};
  if ((devices ?? []).length > 0) return not("devices");
  if (sharedMemorySize !== undefined) return not("sharedMemorySize");
  if (maxSwap !== undefined) return not("maxSwap");
  if (swappiness !== undefined) return not("swappiness");
  const added = (capabilities?.add ?? []).find((capability) => capability !== "SYS_PTRACE");
  return added === undefined ? null : `${added} is not allowed on Fargate.`;
}

/** AWS: 2 to 120 seconds. Users report the text for longer stop timeouts, and that 120 itself is accepted. */
function whyNotTimeouts({ name, startTimeout, stopTimeout }: RequestContainer): string | null {
  for (const [word, seconds] of Object.entries({ start: startTimeout, stop: stopTimeout })) {
    if (seconds === undefined) continue;
    if (seconds < 2) return `Granular ${word} timeout on container '${name}' must be at least 2 seconds.`;
    if (seconds > 120) {
      return `Tasks using the Fargate launch type must have a container ${word} timeout of less than 120 seconds.`;
    }
  }
  return null;
}
