import type { ContainerDefinition, NetworkMode } from "../documents/task-definition.ts";
import { limits } from "../limits.ts";
import { checkedText, checkOneOf, checkRange, refuseDefinition } from "./definition-checks.ts";
import { checkEnvironment } from "./environment-rules.ts";
import { checkImage } from "./image-reference.ts";
import { checkLogging } from "./log-rules.ts";
import { checkedPortMappings } from "./port-rules.ts";
import { deviceTypes, isAmount, isOwnResource } from "./resource-requirements.ts";
import type { RequestContainer } from "./task-definition-request.ts";

const wholeNumberMax = 2 ** 31 - 1;
// AWS: Docker up to 19.03 needs 4 MiB, later versions 6; registration refuses less than 4.
const containerMemoryLeastMiB = 4;

const ulimitNames = [
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

/**
 * One container of a registration as ECS describes it, with its defaults. Refuses what is wrong with the container alone. References to
 * other containers and volumes are checked once all are known.
 */
export function checkedContainer(container: RequestContainer, networkMode: NetworkMode | null): ContainerDefinition {
  const name = checkedText(container.name, "Container.name");
  if (!/^[A-Za-z0-9_-]+$/.test(name) || name.length > limits.nameCharacters) {
    refuseDefinition("Container.name contains invalid characters.");
  }
  const image = checkedText(container.image, "Container.image");
  checkImage(image);
  checkRange(container.cpu, 0, wholeNumberMax, "Container.cpu");
  checkNetworking(container, networkMode);
  checkEnvironment(container, refuseDefinition);
  checkLogging(container);
  checkRuntime(container);
  const healthCheck = container.healthCheck;
  if (healthCheck !== undefined) checkHealthCheck(name, healthCheck);
  return {
    ...(container as Readonly<Record<string, unknown>>),
    name,
    image,
    cpu: container.cpu ?? 0,
    portMappings: checkedPortMappings(container, networkMode),
    essential: container.essential ?? true,
    environment: container.environment ?? [],
    mountPoints: container.mountPoints ?? [],
    volumesFrom: container.volumesFrom ?? [],
    systemControls: container.systemControls ?? [],
    // AWS: a health check is shown with its defaults.
    ...(healthCheck === undefined
      ? {}
      : { healthCheck: { interval: 30, timeout: 5, retries: 3, ...healthCheck, command: healthCheck.command ?? [] } }),
  };
}

/** Calls `refuse` for a container whose memory is missing or exceeds the task's. */
export function checkContainerMemory(
  container: ContainerDefinition,
  taskMemoryMiB: number | null,
  refuse: (message: string) => never,
): void {
  const { name, memory, memoryReservation } = container;
  const invalid = (rest: string): never => refuse(`Invalid setting for container '${name}'. ${rest}`);
  if (memory === undefined && memoryReservation === undefined && taskMemoryMiB === null) {
    invalid("At least one of 'memory' or 'memoryReservation' must be specified.");
  }
  for (const [word, sizeMiB] of Object.entries({ memory, memoryReservation })) {
    if (sizeMiB === undefined) continue;
    if (!Number.isInteger(sizeMiB) || sizeMiB < containerMemoryLeastMiB) {
      invalid(`'${word}' must be at least ${containerMemoryLeastMiB} MiB.`);
    }
    if (sizeMiB > wholeNumberMax) invalid(`'${word}' must be at most ${wholeNumberMax} MiB.`);
    if (taskMemoryMiB !== null && sizeMiB > taskMemoryMiB) {
      refuse(`The '${word}' setting for container '${name}' is greater than for the task`);
    }
  }
  if (memory !== undefined && memoryReservation !== undefined && memoryReservation > memory) {
    refuse("'memory' must be greater than or equal to 'memoryReservation'");
  }
}

function checkNetworking(container: RequestContainer, networkMode: NetworkMode | null): void {
  const mode = networkMode ?? "bridge";
  if ((container.links ?? []).length > 0 && mode !== "bridge") {
    refuseDefinition(`Links are not supported when networkMode=${mode}.`);
  }
  if (mode !== "awsvpc") return;
  if (container.hostname !== undefined && container.hostname !== "") {
    refuseDefinition("hostname is not supported on container when networkMode=awsvpc.");
  }
  const notUnderAwsvpc: readonly (readonly [string, readonly unknown[] | undefined])[] = [
    ["Extra hosts", container.extraHosts],
    ["DNS servers", container.dnsServers],
    ["DNS search domains", container.dnsSearchDomains],
  ];
  for (const [what, given] of notUnderAwsvpc) {
    if ((given ?? []).length === 0) continue;
    refuseDefinition(`${what} are not supported on container when networkMode=awsvpc.`);
  }
  if (container.disableNetworking === true) {
    refuseDefinition("Disable Networking is not supported on container when networkMode=awsvpc.");
  }
}

function checkRuntime(container: RequestContainer): void {
  checkRange(container.startTimeout, 0, wholeNumberMax, "Container.startTimeout");
  checkRange(container.stopTimeout, 0, wholeNumberMax, "Container.stopTimeout");
  checkOneOf(container.versionConsistency, ["enabled", "disabled"], "Container.versionConsistency");
  for (const { name, softLimit, hardLimit } of container.ulimits ?? []) {
    checkOneOf(checkedText(name, "Container.ulimits.name"), ulimitNames, "Container.ulimits.name");
    if (softLimit === undefined || hardLimit === undefined) {
      refuseDefinition("Container.ulimits needs a softLimit and a hardLimit.");
    }
    // AWS: -1 is unlimited.
    if (hardLimit !== -1 && (softLimit > hardLimit || softLimit === -1)) {
      refuseDefinition(`Soft limit exceeds hard limit for ulimit ${name}`);
    }
  }
  const policy = container.restartPolicy;
  if (policy !== undefined) {
    if (policy.enabled === undefined) refuseDefinition("Container.restartPolicy.enabled should not be null or empty.");
    checkRange(
      policy.restartAttemptPeriod,
      60,
      1_800,
      `The 'restartAttemptPeriod' setting for container '${container.name}'`,
    );
    checkRange(policy.ignoredExitCodes?.length, 0, 50, "The number of Container.restartPolicy.ignoredExitCodes");
  }
  const linux = container.linuxParameters;
  checkRange(linux?.swappiness, 0, 100, "Container.linuxParameters.swappiness");
  checkRange(linux?.maxSwap, 0, wholeNumberMax, "Container.linuxParameters.maxSwap");
  checkRange(linux?.sharedMemorySize, 1, wholeNumberMax, "Container.linuxParameters.sharedMemorySize");
  for (const device of linux?.devices ?? []) checkedText(device.hostPath, "Container.linuxParameters.devices.hostPath");
  for (const { containerPath, size } of linux?.tmpfs ?? []) {
    checkedText(containerPath, "Container.linuxParameters.tmpfs.containerPath");
    checkRange(size ?? 0, 1, wholeNumberMax, "Container.linuxParameters.tmpfs.size");
  }
  checkDevices(container);
}

function checkDevices(container: RequestContainer): void {
  const types = new Set<string>();
  for (const { type, value } of container.resourceRequirements ?? []) {
    const wanted = checkedText(type, "Container.resourceRequirements.type");
    if (!isOwnResource(wanted)) checkOneOf(wanted, deviceTypes, "Container.resourceRequirements.type");
    const text = checkedText(value, "Container.resourceRequirements.value");
    if (wanted === "InferenceAccelerator") continue;
    if (types.has(wanted)) refuseDefinition(`The resource requirement ${wanted} is given more than once.`);
    types.add(wanted);
    if (!isAmount(wanted, text)) refuseDefinition(`The value of the resource requirement ${wanted} is invalid.`);
  }
}

/** AWS: the texts for values above the range; Berth's texts for values below it follow them. */
function checkHealthCheck(name: string, healthCheck: NonNullable<RequestContainer["healthCheck"]>): void {
  if ((healthCheck.command ?? []).length === 0) {
    refuseDefinition("Container.healthCheck.command should not be null or empty.");
  }
  const ranges = [
    ["interval", 5, 300],
    ["timeout", 2, 60],
    ["retries", 1, 10],
    ["startPeriod", 0, 300],
  ] as const;
  for (const [member, least, most] of ranges) {
    const value = healthCheck[member];
    if (value === undefined) continue;
    const refuseFor = (bound: string): never =>
      refuseDefinition(`Health check ${member} must be ${bound} for container '${name}'`);
    if (value > most) refuseFor(`less than or equal to the maximum allowed value ${most}`);
    if (value < least) refuseFor(`greater than or equal to the minimum allowed value ${least}`);
  }
}
