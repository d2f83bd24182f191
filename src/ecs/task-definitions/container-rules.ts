import { limits } from "../limits.ts";
import { checkedText, checkOneOf, checkRange, refuseDefinition } from "./definition-checks.ts";
import { checkedPortMappings } from "./port-rules.ts";
import { deviceTypes, isAmount, isOwnResource } from "./resource-requirements.ts";
import type { ContainerDefinition, NetworkMode } from "./task-definition.ts";
import type { RequestContainer } from "./task-definition-request.ts";

const wholeNumberMax = 2 ** 31 - 1;
// AWS: Docker of 19.03 and older needs 4 MiB, later ones 6; a registration is refused below the smaller one.
const containerMemoryLeastMiB = 4;

const logDrivers = ["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"];
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
 * One container of a registration with its defaults filled in, as ECS describes it. Refuses what is wrong with the
 * container by itself; what it says of other containers and of volumes is looked at with all of them.
 */
export function checkedContainer(container: RequestContainer, networkMode: NetworkMode | null): ContainerDefinition {
  const name = checkedText(container.name, "Container.name");
  if (!/^[A-Za-z0-9_-]+$/.test(name) || name.length > limits.nameCharacters) {
    refuseDefinition("Container.name contains invalid characters.");
  }
  const image = checkedText(container.image, "Container.image");
  if (!/^[A-Za-z0-9_\-:./#@]+$/.test(image) || image.length > limits.nameCharacters) {
    refuseDefinition("Container.image contains invalid characters.");
  }
  checkRange(container.cpu, 0, wholeNumberMax, "Container.cpu");
  checkNetworking(container, networkMode);
  checkEnvironment(container);
  checkLogging(container);
  checkRuntime(container);
  const healthCheck = container.healthCheck;
  if (healthCheck !== undefined) checkHealthCheck(healthCheck);
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
    // AWS: the defaults of a health check are shown with it.
    ...(healthCheck === undefined
      ? {}
      : { healthCheck: { interval: 30, timeout: 5, retries: 3, ...healthCheck, command: healthCheck.command ?? [] } }),
  };
}

/** Refuses a container whose memory is missing or does not fit the task's. */
export function checkContainerMemory(container: ContainerDefinition, taskMemoryMiB: number | null): void {
  const { name, memory, memoryReservation } = container;
  const invalid = (rest: string): never => refuseDefinition(`Invalid setting for container '${name}'. ${rest}`);
  if (memory === undefined && memoryReservation === undefined && taskMemoryMiB === null) {
    invalid("At least one of 'memory' or 'memoryReservation' must be specified.");
  }
  for (const [word, sizeMiB] of Object.entries({ memory, memoryReservation })) {
    if (sizeMiB === undefined) continue;
    if (!Number.isInteger(sizeMiB) || sizeMiB < containerMemoryLeastMiB) {
      invalid(`'${word}' must be at least ${containerMemoryLeastMiB} MiB.`);
    }
    if (sizeMiB > wholeNumberMax) invalid(`'${word}' must be at most ${wholeNumberMax} MiB.`);
    if (taskMemoryMiB !== null && sizeMiB > taskMemoryMiB) invalid(`'${word}' is more than the task's memory.`);
  }
  if (memory !== undefined && memoryReservation !== undefined && memoryReservation > memory) {
    invalid("'memoryReservation' must not be more than 'memory'.");
  }
}

function checkNetworking(container: RequestContainer, networkMode: NetworkMode | null): void {
  const mode = networkMode ?? "bridge";
  if ((container.links ?? []).length > 0 && mode !== "bridge") {
    refuseDefinition(`Links are not supported when networkMode=${mode}.`);
  }
  if (mode !== "awsvpc") return;
  if (container.hostname !== undefined && container.hostname !== "") {
    refuseDefinition("Hostname is not supported on container when networkMode=awsvpc.");
  }
  if ((container.extraHosts ?? []).length > 0) {
    refuseDefinition("Extra hosts are not supported when networkMode=awsvpc.");
  }
  if (container.disableNetworking === true) {
    refuseDefinition("Networking cannot be disabled on container when networkMode=awsvpc.");
  }
}

function checkEnvironment(container: RequestContainer): void {
  const variables = new Set((container.environment ?? []).map((variable) => variable.name));
  for (const secret of container.secrets ?? []) {
    const name = checkedText(secret.name, "Container.secrets.name");
    checkedText(secret.valueFrom, "Container.secrets.valueFrom");
    if (variables.has(name)) {
      refuseDefinition(
        `The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '${name}'.`,
      );
    }
    variables.add(name);
  }
  for (const file of container.environmentFiles ?? []) {
    checkedText(file.value, "Container.environmentFiles.value");
    checkOneOf(checkedText(file.type, "Container.environmentFiles.type"), ["s3"], "Container.environmentFiles.type");
  }
}

function checkLogging(container: RequestContainer): void {
  const { logConfiguration, firelensConfiguration } = container;
  if (firelensConfiguration !== undefined) {
    const type = checkedText(firelensConfiguration.type, "Container.firelensConfiguration.type");
    checkOneOf(type, ["fluentd", "fluentbit"], "Container.firelensConfiguration.type");
  }
  if (logConfiguration === undefined) return;
  const driver = checkedText(logConfiguration.logDriver, "Container.logConfiguration.logDriver");
  checkOneOf(driver, logDrivers, "Container.logConfiguration.logDriver");
  for (const secret of logConfiguration.secretOptions ?? []) {
    checkedText(secret.name, "Container.logConfiguration.secretOptions.name");
    checkedText(secret.valueFrom, "Container.logConfiguration.secretOptions.valueFrom");
  }
  if (driver === "awslogs") {
    const missing = ["awslogs-group", "awslogs-region"].filter(
      (option) => logConfiguration.options?.[option] === undefined,
    );
    if (missing.length > 0) refuseDefinition(`Log driver awslogs requires options: ${missing.join(", ")}`);
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
      refuseDefinition(`The softLimit of the ulimit '${name}' must not be more than its hardLimit.`);
    }
  }
  const policy = container.restartPolicy;
  if (policy !== undefined) {
    if (policy.enabled === undefined) refuseDefinition("Container.restartPolicy.enabled should not be null or empty.");
    checkRange(policy.restartAttemptPeriod, 60, 1_800, "Container.restartPolicy.restartAttemptPeriod");
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

function checkHealthCheck(healthCheck: NonNullable<RequestContainer["healthCheck"]>): void {
  if ((healthCheck.command ?? []).length === 0) {
    refuseDefinition("Container.healthCheck.command should not be null or empty.");
  }
  checkRange(healthCheck.interval, 5, 300, "Container.healthCheck.interval");
  checkRange(healthCheck.timeout, 2, 60, "Container.healthCheck.timeout");
  checkRange(healthCheck.retries, 1, 10, "Container.healthCheck.retries");
  checkRange(healthCheck.startPeriod, 0, 300, "Container.healthCheck.startPeriod");
}
