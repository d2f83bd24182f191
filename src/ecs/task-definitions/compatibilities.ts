import type { ContainerDefinition, NetworkMode } from "./task-definition.ts";
import type { RequestContainer, RequestVolume } from "./task-definition-request.ts";
import { isFargateSize } from "./task-size.ts";

/** What decides where a definition can run. */
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
  readonly hasAccelerators: boolean;
  readonly isWindows: boolean;
  readonly hasEphemeralStorage: boolean;
};

type Verdict = (facts: CompatibilityFacts) => string | null;

/** For each launch type, in ECS's order, why a definition cannot run there, or null when it can. */
export const whyIncompatible: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ["EXTERNAL", whyNotExternal],
  ["EC2", whyNotEc2],
  ["MANAGED_INSTANCES", whyNotManagedInstances],
  ["FARGATE", whyNotFargate],
]);

/** An image of an ECR repository, which is pulled with the execution role or that of the instance. */
export function isEcrImage(image: string): boolean {
  return /^[0-9]{12}\.dkr[.-]ecr[.-]/.test(image);
}

function whyNotEc2(facts: CompatibilityFacts): string | null {
  return facts.hasEphemeralStorage ? "Ephemeral storage is only supported by Fargate." : null;
}

// AWS: the developer guide on external instances and on what they cannot do.
function whyNotExternal(facts: CompatibilityFacts): string | null {
  const not = (what: string): string => `External compatible task definitions do not support ${what}`;
  if (facts.networkMode === "awsvpc") return not("network mode awsvpc");
  if (facts.hasEphemeralStorage) return not("ephemeral storage");
  if (facts.hasProxy) return not("proxy configurations");
  if (facts.hasAccelerators) return not("inference accelerators");
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

/** The texts that AWS is known to use come first; the rest follows their pattern. */
function whyNotFargate(facts: CompatibilityFacts): string | null {
  if (facts.cpuUnits === null) return "Fargate requires that 'cpu' be defined at the task level.";
  if (facts.memoryMiB === null) return "Fargate requires that 'memory' be defined at the task level.";
  if (facts.networkMode !== "awsvpc") return "Fargate only supports network mode ‘awsvpc’.";
  if (!isFargateSize(facts.cpuUnits, facts.memoryMiB)) return "No Fargate configuration exists for given values.";
  const not = (what: string): string => `Fargate compatible task definitions do not support ${what}`;
  if (facts.pidMode === "host") return not("pidMode host");
  if (facts.ipcMode !== undefined) return not("ipcMode");
  if (facts.placementConstraints.length > 0) return not("placement constraints");
  if (facts.hasAccelerators) return not("inference accelerators");
  for (const volume of facts.volumes) {
    if (volume.host?.sourcePath !== undefined) return not("host.sourcePath volumes");
    if (volume.dockerVolumeConfiguration !== undefined) return not("Docker volumes");
    if (volume.fsxWindowsFileServerVolumeConfiguration !== undefined) return not("FSx for Windows File Server volumes");
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
  const {
    privileged,
    linuxParameters: linux,
    logConfiguration,
    dockerSecurityOptions,
    resourceRequirements,
  } = container as RequestContainer;
  const needsRole = "Fargate requires task definition to have execution role ARN to support";
  if (executionRoleArn === null && isEcrImage(container.image)) return `${needsRole} ECR images.`;
  const driver = logConfiguration?.logDriver;
  if (executionRoleArn === null && driver === "awslogs") return `${needsRole} log driver awslogs.`;
  if (driver !== undefined && !["awslogs", "splunk", "awsfirelens"].includes(driver))
    return not(`log driver ${driver}`);
  if (privileged === true) return not("privileged containers");
  if ((linux?.devices ?? []).length > 0) return not("devices");
  if (linux?.sharedMemorySize !== undefined) return not("sharedMemorySize");
  if ((linux?.tmpfs ?? []).length > 0) return not("tmpfs");
  if (linux?.maxSwap !== undefined || linux?.swappiness !== undefined) return not("swap settings");
  if ((linux?.capabilities?.add ?? []).some((capability) => capability !== "SYS_PTRACE")) {
    return not("added capabilities but SYS_PTRACE");
  }
  if ((dockerSecurityOptions ?? []).length > 0) return not("dockerSecurityOptions");
  if ((resourceRequirements ?? []).length > 0) return not("resource requirements");
  if ((container.stopTimeout ?? 2) < 2 || (container.stopTimeout ?? 2) > 120)
    return not("a stopTimeout outside 2 to 120");
  return null;
}
