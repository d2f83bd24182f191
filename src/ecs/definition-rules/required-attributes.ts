import type { TaskOverride } from "../documents/task.ts";
import type { ContainerDefinition, NetworkMode, TaskDefinition } from "../documents/task-definition.ts";
import { isEcrImage } from "./compatibilities.ts";
import type {
  RegisterTaskDefinitionRequest,
  RequestContainer,
  RequestSecret,
  RequestVolume,
} from "./task-definition-request.ts";

export type AttributeFacts = {
  readonly networkMode: NetworkMode | null;
  readonly cpuUnits: number | null;
  readonly containers: readonly ContainerDefinition[];
  readonly volumes: readonly RequestVolume[];
  readonly taskRoleArn: string | null;
  readonly executionRoleArn: string | null;
  readonly sharesNamespaces: boolean;
  readonly hasProxy: boolean;
  readonly injectsFaults: boolean;
};

/** AWS: more CPU than ten cores needs a capability. */
const cpuUnitsOfOldAgents = 10_240;

const old = "com.amazonaws.ecs.capability.";
const now = "ecs.capability.";

/**
 * The Docker API version that introduced each feature. Today's agents don't send 1.26, 1.27, 1.31 or anything above 1.32, so these must not
 * occur here.
 */
const dockerVersions = {
  "task role": "1.17",
  "read-only root": "1.17",
  capabilities: "1.17",
  labels: "1.18",
  ulimits: "1.18",
  awsvpc: "1.18",
  awslogs: "1.19",
  journald: "1.19",
  gelf: "1.20",
  fluentd: "1.20",
  "memory reservation": "1.21",
  splunk: "1.22",
  "health check": "1.24",
  "init process": "1.25",
  "docker volume": "1.25",
} as const;

/**
 * The names of the attributes that a container instance needs for this definition, each once, sorted.
 * AWS: computed at registration from the features in use; the agent sends the names that it supports.
 */
export function requiredAttributes(facts: AttributeFacts): { readonly name: string }[] {
  const names = new Set<string>();
  const docker = (feature: keyof typeof dockerVersions): unknown =>
    names.add(`${old}docker-remote-api.${dockerVersions[feature]}`);
  addTaskAttributes(facts, names, docker);
  for (const volume of facts.volumes) addVolumeAttributes(volume, names, docker);
  for (const container of facts.containers) addContainerAttributes(container, facts, names, docker);
  return [...names].sort((a, b) => (a < b ? -1 : 1)).map((name) => ({ name }));
}

/**
 * The attributes that a task of `definition` needs with its overrides: `containers` are the overridden ones. Features added by overrides
 * count like those of the definition.
 */
export function attributesOfTask(
  definition: TaskDefinition,
  containers: readonly ContainerDefinition[],
  overrides: TaskOverride,
): TaskDefinition["requiresAttributes"] {
  const { cpu, taskRoleArn, executionRoleArn, containerOverrides } = overrides;
  const asksForMore =
    cpu !== undefined ||
    taskRoleArn !== undefined ||
    executionRoleArn !== undefined ||
    containerOverrides.some(({ environmentFiles }) => environmentFiles !== undefined);
  const added = asksForMore ? addedAttributes(definition, containers, overrides) : [];
  return [...definition.requiresAttributes, ...added, ...platformAttributes(definition)];
}

/** The attributes that the overridden definition needs and the registered one doesn't. */
function addedAttributes(
  definition: TaskDefinition,
  containers: readonly ContainerDefinition[],
  overrides: TaskOverride,
): { readonly name: string }[] {
  const registered = requiredAttributes(factsOf(definition, definition.containerDefinitions));
  const known = new Set(registered.map(({ name }) => name));
  return requiredAttributes(factsOf({ ...definition, ...overrides }, containers)).filter(
    ({ name }) => !known.has(name),
  );
}

function factsOf(definition: TaskDefinition, containers: readonly ContainerDefinition[]): AttributeFacts {
  const { networkMode, cpu, taskRoleArn, executionRoleArn } = definition;
  const { volumes, pidMode, ipcMode, proxyConfiguration, enableFaultInjection } = definition.more as Omit<
    RegisterTaskDefinitionRequest,
    "tags"
  >;
  return {
    networkMode,
    cpuUnits: cpu === null ? null : Number(cpu),
    containers,
    volumes: volumes ?? [],
    taskRoleArn,
    executionRoleArn,
    sharesNamespaces: pidMode !== undefined || ipcMode !== undefined,
    hasProxy: proxyConfiguration !== undefined,
    injectsFaults: enableFaultInjection === true,
  };
}

/** The platform: images of one architecture exit at once on another. A definition doesn't show this attribute. */
function platformAttributes(definition: TaskDefinition): { readonly name: string; readonly value: string }[] {
  const { runtimePlatform } = definition.more as RegisterTaskDefinitionRequest;
  const { cpuArchitecture, operatingSystemFamily = "LINUX" } = runtimePlatform ?? {};
  return [
    ...(cpuArchitecture === undefined
      ? []
      : [{ name: "ecs.cpu-architecture", value: cpuArchitecture === "ARM64" ? "arm64" : "x86_64" }]),
    ...(operatingSystemFamily === "LINUX" ? [] : [{ name: "ecs.os-family", value: operatingSystemFamily }]),
  ];
}

type Docker = (feature: keyof typeof dockerVersions) => unknown;

function addTaskAttributes(facts: AttributeFacts, names: Set<string>, docker: Docker): void {
  if (facts.networkMode === "awsvpc") {
    names.add(`${now}task-eni`);
    docker("awsvpc");
  }
  if (facts.taskRoleArn !== null) {
    names.add(facts.networkMode === "host" ? `${old}task-iam-role-network-host` : `${old}task-iam-role`);
    docker("task role");
  }
  if ((facts.cpuUnits ?? 0) > cpuUnitsOfOldAgents) names.add(`${now}increased-task-cpu-limit`);
  if (facts.sharesNamespaces) names.add(`${now}pid-ipc-namespace-sharing`);
  if (facts.hasProxy) names.add(`${now}aws-appmesh`);
  if (facts.injectsFaults) names.add(`${now}fault-injection`);
}

function addVolumeAttributes(volume: RequestVolume, names: Set<string>, docker: Docker): void {
  if (volume.dockerVolumeConfiguration !== undefined) {
    names.add(`${now}docker-plugin.${volume.dockerVolumeConfiguration.driver ?? "local"}`);
    docker("docker volume");
  }
  if (volume.efsVolumeConfiguration !== undefined) {
    names.add(`${now}efs`);
    docker("docker volume");
    const { authorizationConfig, transitEncryption } = volume.efsVolumeConfiguration;
    if (authorizationConfig !== undefined || transitEncryption === "ENABLED") names.add(`${now}efsAuth`);
  }
  if (volume.fsxWindowsFileServerVolumeConfiguration !== undefined) names.add(`${now}fsxWindowsFileServer`);
  if (volume.s3filesVolumeConfiguration !== undefined) names.add(`${now}storage.s3-files`);
  if (volume.configuredAtLaunch === true) names.add(`${now}storage.ebs-task-volume-attach`);
}

function addContainerAttributes(
  definition: ContainerDefinition,
  facts: AttributeFacts,
  names: Set<string>,
  docker: Docker,
): void {
  const container = definition as RequestContainer;
  const hasRole = facts.executionRoleArn !== null;
  if (isEcrImage(definition.image)) {
    names.add(`${old}ecr-auth`);
    if (hasRole) names.add(`${now}execution-role-ecr-pull`);
  }
  addLogAttributes(container, hasRole, names, docker);
  addSecrets(container.secrets, "environment-variables", names);
  if (container.privileged === true) names.add(`${old}privileged-container`);
  if (container.readonlyRootFilesystem === true) docker("read-only root");
  if (Object.keys(container.dockerLabels ?? {}).length > 0) docker("labels");
  if ((container.ulimits ?? []).length > 0) docker("ulimits");
  if (container.memoryReservation !== undefined) docker("memory reservation");
  if (container.linuxParameters?.capabilities !== undefined) docker("capabilities");
  if (container.linuxParameters?.initProcessEnabled === true) docker("init process");
  if (container.healthCheck !== undefined) {
    names.add(`${now}container-health-check`);
    docker("health check");
  }
  // AWS: container dependencies and container timeouts were introduced together.
  const hasTimeouts = container.startTimeout !== undefined || container.stopTimeout !== undefined;
  if ((container.dependsOn ?? []).length > 0 || hasTimeouts) names.add(`${now}container-ordering`);
  if ((container.environmentFiles ?? []).length > 0) names.add(`${now}env-files.s3`);
  if (container.restartPolicy?.enabled === true) names.add(`${now}container-restart-policy`);
  if (container.repositoryCredentials?.credentialsParameter !== undefined) {
    names.add(`${now}private-registry-authentication.secretsmanager`);
  }
  addSecurityAttributes(container, names);
  if (definition.portMappings.some((mapping) => mapping.containerPortRange !== undefined)) {
    names.add(`${now}network.container-port-range`);
  }
}

/** AWS: SELinux labels, AppArmor profiles and credential specs need a host prepared for them. */
function addSecurityAttributes(container: RequestContainer, names: Set<string>): void {
  const options = container.dockerSecurityOptions ?? [];
  if (options.some((option) => /^label[:=]/.test(option))) names.add(`${old}selinux`);
  if (options.some((option) => /^apparmor[:=]/.test(option))) names.add(`${old}apparmor`);
  for (const spec of [...(container.credentialSpecs ?? []), ...options]) {
    if (spec.startsWith("credentialspecdomainless:")) names.add(`${now}gmsa-domainless`);
    else if (spec.startsWith("credentialspec:")) names.add(`${now}gmsa`);
  }
}

function addLogAttributes(container: RequestContainer, hasRole: boolean, names: Set<string>, docker: Docker): void {
  const firelens = container.firelensConfiguration;
  if (firelens?.type !== undefined) {
    names.add(`${now}firelens.${firelens.type}`);
    const source = firelens.options?.["config-file-type"];
    if (source === "file" || source === "s3") names.add(`${now}firelens.options.config.${source}`);
    if (!/^(|0|root)(:|$)/.test(container.user ?? "")) names.add(`${now}firelens.non-root-user`);
  }
  const driver = container.logConfiguration?.logDriver;
  if (driver === undefined) return;
  names.add(`${old}logging-driver.${driver}`);
  if (driver === "awsfirelens" && container.logConfiguration?.options?.["log-driver-buffer-limit"] !== undefined) {
    names.add(`${now}logging-driver.awsfirelens.log-driver-buffer-limit`);
  }
  if (driver === "awslogs" && hasRole) names.add(`${now}execution-role-awslogs`);
  if (
    driver === "awslogs" ||
    driver === "journald" ||
    driver === "gelf" ||
    driver === "fluentd" ||
    driver === "splunk"
  ) {
    docker(driver);
  }
  addSecrets(container.logConfiguration?.secretOptions, "bootstrap.log-driver", names);
}

/** AWS: a secret is from Secrets Manager if its ARN says so, otherwise from the Parameter Store. */
function addSecrets(secrets: readonly RequestSecret[] | undefined, use: string, names: Set<string>): void {
  for (const { valueFrom = "" } of secrets ?? []) {
    names.add(`${now}secrets.${valueFrom.includes(":secretsmanager:") ? "asm" : "ssm"}.${use}`);
  }
}
