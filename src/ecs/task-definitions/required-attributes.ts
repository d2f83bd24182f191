import { isEcrImage } from "./compatibilities.ts";
import type { ContainerDefinition, NetworkMode } from "./task-definition.ts";
import type { RequestContainer, RequestSecret, RequestVolume } from "./task-definition-request.ts";

export type AttributeFacts = {
  readonly networkMode: NetworkMode | null;
  readonly containers: readonly ContainerDefinition[];
  readonly volumes: readonly RequestVolume[];
  readonly taskRoleArn: string | null;
  readonly executionRoleArn: string | null;
  readonly sharesNamespaces: boolean;
  readonly hasProxy: boolean;
  readonly hasAccelerators: boolean;
  readonly injectsFaults: boolean;
};

const old = "com.amazonaws.ecs.capability.";
const now = "ecs.capability.";

/**
 * Docker API versions by the feature that came with them. Agents of today send no 1.26, 1.27, 1.31, nor any from 1.33
 * up, so that none of those may stand here.
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
 * The names of the attributes that a container instance must have for this definition, each once, by name.
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
  if (facts.sharesNamespaces) names.add(`${now}pid-ipc-namespace-sharing`);
  if (facts.hasProxy) names.add(`${now}aws-appmesh`);
  if (facts.hasAccelerators) names.add(`${now}task-eia`);
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
    if (volume.efsVolumeConfiguration.authorizationConfig !== undefined) names.add(`${now}efsAuth`);
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
  if ((container.dependsOn ?? []).length > 0) names.add(`${now}container-ordering`);
  if ((container.environmentFiles ?? []).length > 0) names.add(`${now}env-files.s3`);
  if (container.restartPolicy?.enabled === true) names.add(`${now}container-restart-policy`);
  if (container.repositoryCredentials?.credentialsParameter !== undefined) {
    names.add(`${now}private-registry-authentication.secretsmanager`);
  }
  for (const spec of container.credentialSpecs ?? []) {
    names.add(spec.startsWith("credentialspecdomainless:") ? `${now}gmsa-domainless` : `${now}gmsa`);
  }
  if (definition.portMappings.some((mapping) => mapping.containerPortRange !== undefined)) {
    names.add(`${now}network.container-port-range`);
  }
}

function addLogAttributes(container: RequestContainer, hasRole: boolean, names: Set<string>, docker: Docker): void {
  const firelens = container.firelensConfiguration;
  if (firelens?.type !== undefined) {
    names.add(`${now}firelens.${firelens.type}`);
    const source = firelens.options?.["config-file-type"];
    if (source === "file" || source === "s3") names.add(`${now}firelens.options.config.${source}`);
  }
  const driver = container.logConfiguration?.logDriver;
  if (driver === undefined) return;
  names.add(`${old}logging-driver.${driver}`);
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

/** AWS: a secret comes from Secrets Manager when its ARN says so, else from the Parameter Store. */
function addSecrets(secrets: readonly RequestSecret[] | undefined, use: string, names: Set<string>): void {
  for (const { valueFrom = "" } of secrets ?? []) {
    names.add(`${now}secrets.${valueFrom.includes(":secretsmanager:") ? "asm" : "ssm"}.${use}`);
  }
}
