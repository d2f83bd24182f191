/** For tests: every member of a task definition, and how it reaches an agent. */
import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";

/** A payload: the task, its first container, and the two parsed texts of that container's `dockerConfig`. */
export type Arrived = {
  readonly task: PayloadTask;
  readonly container: PayloadContainer;
  readonly config: Readonly<Record<string, unknown>>;
  readonly host: Readonly<Record<string, unknown>>;
};

export type Entry = {
  /** The containers' definitions, merged over plain ones named c0, c1, ... Default: one plain container. */
  readonly containers?: readonly object[];
  /** More members of RegisterTaskDefinition, and of RunTask. */
  readonly request?: object;
  readonly runTask?: object;
  /** Where the sample arrives, and in which form. */
  readonly at?: (arrived: Arrived) => unknown;
  readonly is?: unknown;
  /** The error of RegisterTaskDefinition or RunTask instead. */
  readonly refused?: RegExp;
  /** Who else uses the member, or why nobody does. */
  readonly elsewhere?: string;
};

const role = "arn:aws:iam::111122223333:role/path/run";
const byRole = { executionRoleArn: role };
const secretArn = "arn:aws:secretsmanager:us-west-2:111122223333:secret:key-AbCdEf";
const awsvpc = { networkMode: "awsvpc" };

/** One container with these members. */
const one = (members: object, at: (arrived: Arrived) => unknown, is: unknown, request: object = {}): Entry => ({
  containers: [members],
  request,
  at,
  is,
});

const linux = (members: object, at: (arrived: Arrived) => unknown, is: unknown): Entry =>
  one({ linuxParameters: members }, at, is);

const device = { hostPath: "/dev/a", containerPath: "/dev/b", permissions: ["read", "mknod"] };
const devices = [{ PathOnHost: "/dev/a", PathInContainer: "/dev/b", CgroupPermissions: "rm" }];
const tmpfs = { containerPath: "/t", size: 8, mountOptions: ["noexec", "ro"] };
const healthCheck = { command: ["CMD", "true"], interval: 7, timeout: 3, retries: 4, startPeriod: 9 };
const health = (name: string) => (arrived: Arrived) => (arrived.config.Healthcheck as Record<string, unknown>)?.[name];
const log = {
  logDriver: "splunk",
  options: { "splunk-url": "u" },
  secretOptions: [{ name: "splunk-token", valueFrom: "p" }],
};
const logConfig = (name: string) => (arrived: Arrived) => (arrived.host.LogConfig as Record<string, unknown>)?.[name];
const logSecret = {
  name: "splunk-token",
  valueFrom: "p",
  provider: "ssm",
  region: "eu-central-1",
  type: "BOOTSTRAP",
  target: "LOG_DRIVER",
};
const secret = {
  name: "KEY",
  valueFrom: secretArn,
  provider: "asm",
  region: "us-west-2",
  type: "ENVIRONMENT_VARIABLE",
  target: "CONTAINER",
};
const waiting = [{ dependsOn: [{ containerName: "c1", condition: "SUCCESS" }] }, { essential: false }];
const swap = { maxSwap: 32, swappiness: 10 };
const routed = { type: "fluentbit", options: { "enable-ecs-log-metadata": "true" } };

const containerEntries: Readonly<Record<string, Entry>> = {
  name: one({ name: "web" }, ({ container }) => container.name, "web"),
  image: one({ image: "other:2" }, ({ container }) => container.image, "other:2"),
  "repositoryCredentials.credentialsParameter": one(
    { repositoryCredentials: { credentialsParameter: secretArn } },
    ({ container }) => container.registryAuthentication,
    { type: "asm", asmAuthData: { credentialsParameter: secretArn, region: "us-west-2" } },
    byRole,
  ),
  cpu: one({ cpu: 77 }, ({ container }) => container.cpu, 77),
  memory: one({ memory: 99 }, ({ container }) => container.memory, 99),
  memoryReservation: one({ memoryReservation: 33 }, ({ host }) => host.MemoryReservation, 33 * 1_048_576),
  links: { containers: [{ links: ["c1:db"] }, {}], at: ({ container }) => container.links, is: ["c1:db"] },
  "portMappings.containerPort": one(
    { portMappings: [{ containerPort: 80 }] },
    ({ container }) => container.portMappings,
    [{ protocol: "tcp", containerPort: 80, hostPort: 0 }],
  ),
  "portMappings.hostPort": one(
    { portMappings: [{ containerPort: 80, hostPort: 8080 }] },
    ({ container }) => container.portMappings,
    [{ protocol: "tcp", containerPort: 80, hostPort: 8080 }],
  ),
  "portMappings.protocol": one(
    { portMappings: [{ containerPort: 53, protocol: "udp" }] },
    ({ container }) => container.portMappings,
    [{ protocol: "udp", containerPort: 53, hostPort: 0 }],
  ),
  "portMappings.containerPortRange": one(
    { portMappings: [{ containerPortRange: "80-82" }] },
    ({ container }) => container.portMappings,
    [{ protocol: "tcp", containerPortRange: "80-82" }],
  ),
  "portMappings.name": { elsewhere: "It names the port for Service Connect, which services configure." },
  "portMappings.appProtocol": { elsewhere: "Service Connect's proxy reads it, which services configure." },
  essential: {
    containers: [{ essential: false }, {}],
    at: ({ container }) => container.essential,
    is: false,
  },
  "restartPolicy.enabled": one({ restartPolicy: { enabled: true } }, ({ container }) => container.restartPolicy, {
    enabled: true,
  }),
  "restartPolicy.ignoredExitCodes": one(
    { restartPolicy: { enabled: true, ignoredExitCodes: [3] } },
    ({ container }) => container.restartPolicy?.ignoredExitCodes,
    [3],
  ),
  "restartPolicy.restartAttemptPeriod": one(
    { restartPolicy: { enabled: true, restartAttemptPeriod: 90 } },
    ({ container }) => container.restartPolicy?.restartAttemptPeriod,
    90,
  ),
  entryPoint: one({ entryPoint: ["sh", "-c"] }, ({ container }) => container.entryPoint, ["sh", "-c"]),
  command: one({ command: ["a", "b"] }, ({ container }) => container.command, ["a", "b"]),
  "environment.name": one(
    { environment: [{ name: "A", value: "1" }] },
    ({ container }) => Object.keys(container.environment ?? {}),
    ["A"],
  ),
  "environment.value": one(
    { environment: [{ name: "A", value: "1" }] },
    ({ container }) => container.environment?.A,
    "1",
  ),
  "environmentFiles.value": one(
    { environmentFiles: [{ value: "arn:aws:s3:::b/a.env", type: "s3" }] },
    ({ container }) => container.environmentFiles,
    [{ value: "arn:aws:s3:::b/a.env", type: "s3" }],
  ),
  "environmentFiles.type": {
    runTask: {
      overrides: {
        containerOverrides: [{ name: "c0", environmentFiles: [{ value: "arn:aws:s3:::b/o.env", type: "s3" }] }],
      },
    },
    at: ({ container }) => container.environmentFiles,
    is: [{ value: "arn:aws:s3:::b/o.env", type: "s3" }],
  },
  "mountPoints.sourceVolume": mounted("sourceVolume", "v"),
  "mountPoints.containerPath": mounted("containerPath", "/v"),
  "mountPoints.readOnly": mounted("readOnly", true),
  "volumesFrom.sourceContainer": volumesOf("sourceContainer", "c1"),
  "volumesFrom.readOnly": volumesOf("readOnly", true),
  "linuxParameters.capabilities.add": linux({ capabilities: { add: ["NET_ADMIN"] } }, ({ host }) => host.CapAdd, [
    "NET_ADMIN",
  ]),
  "linuxParameters.capabilities.drop": linux({ capabilities: { drop: ["ALL"] } }, ({ host }) => host.CapDrop, ["ALL"]),
  "linuxParameters.devices.hostPath": linux({ devices: [device] }, ({ host }) => host.Devices, devices),
  "linuxParameters.devices.containerPath": linux({ devices: [device] }, ({ host }) => host.Devices, devices),
  "linuxParameters.devices.permissions": linux({ devices: [device] }, ({ host }) => host.Devices, devices),
  "linuxParameters.initProcessEnabled": linux({ initProcessEnabled: true }, ({ host }) => host.Init, true),
  "linuxParameters.sharedMemorySize": linux({ sharedMemorySize: 5 }, ({ host }) => host.ShmSize, 5 * 1_048_576),
  "linuxParameters.tmpfs.containerPath": linux({ tmpfs: [tmpfs] }, ({ host }) => host.Tmpfs, {
    "/t": "noexec,ro,size=8m",
  }),
  "linuxParameters.tmpfs.size": linux({ tmpfs: [{ containerPath: "/t", size: 9 }] }, ({ host }) => host.Tmpfs, {
    "/t": "size=9m",
  }),
  "linuxParameters.tmpfs.mountOptions": linux({ tmpfs: [tmpfs] }, ({ host }) => host.Tmpfs, {
    "/t": "noexec,ro,size=8m",
  }),
  "linuxParameters.maxSwap": linux(swap, ({ host }) => host.MemorySwap, (64 + 32) * 1_048_576),
  "linuxParameters.swappiness": linux(swap, ({ host }) => host.MemorySwappiness, 10),
  "secrets.name": one(
    { secrets: [{ name: "KEY", valueFrom: secretArn }] },
    ({ container }) => container.secrets,
    [secret],
    byRole,
  ),
  "secrets.valueFrom": one(
    { secrets: [{ name: "KEY", valueFrom: "plain" }] },
    ({ container }) => container.secrets,
    [{ ...secret, valueFrom: "plain", provider: "ssm", region: "eu-central-1" }],
    byRole,
  ),
  "dependsOn.containerName": {
    containers: waiting,
    at: ({ container }) => container.dependsOn?.[0]?.containerName,
    is: "c1",
  },
  "dependsOn.condition": {
    containers: waiting,
    at: ({ container }) => container.dependsOn?.[0]?.condition,
    is: "SUCCESS",
  },
  startTimeout: one({ startTimeout: 11 }, ({ container }) => container.startTimeout, 11),
  stopTimeout: one({ stopTimeout: 12 }, ({ container }) => container.stopTimeout, 12),
  versionConsistency: { elsewhere: "Services ask for it, and a task that is run by itself takes the image as it is." },
  hostname: one({ hostname: "h" }, ({ config }) => config.Hostname, "h"),
  user: one({ user: "1:2" }, ({ config }) => config.User, "1:2"),
  workingDirectory: one({ workingDirectory: "/w" }, ({ config }) => config.WorkingDir, "/w"),
  disableNetworking: one({ disableNetworking: true }, ({ config }) => config.NetworkDisabled, true),
  privileged: one({ privileged: true }, ({ host }) => host.Privileged, true),
  readonlyRootFilesystem: one({ readonlyRootFilesystem: true }, ({ host }) => host.ReadonlyRootfs, true),
  dnsServers: one({ dnsServers: ["10.0.0.2"] }, ({ host }) => host.Dns, ["10.0.0.2"]),
  dnsSearchDomains: one({ dnsSearchDomains: ["x.test"] }, ({ host }) => host.DnsSearch, ["x.test"]),
  "extraHosts.hostname": one(
    { extraHosts: [{ hostname: "h", ipAddress: "10.0.0.3" }] },
    ({ host }) => host.ExtraHosts,
    ["h:10.0.0.3"],
  ),
  "extraHosts.ipAddress": one(
    { extraHosts: [{ hostname: "h", ipAddress: "10.0.0.4" }] },
    ({ host }) => host.ExtraHosts,
    ["h:10.0.0.4"],
  ),
  dockerSecurityOptions: one({ dockerSecurityOptions: ["no-new-privileges"] }, ({ host }) => host.SecurityOpt, [
    "no-new-privileges",
  ]),
  interactive: one({ interactive: true }, ({ config }) => config.OpenStdin, true),
  pseudoTerminal: one({ pseudoTerminal: true }, ({ config }) => config.Tty, true),
  dockerLabels: one({ dockerLabels: { a: "b" } }, ({ config }) => config.Labels, { a: "b" }),
  "ulimits.name": limited("Name", "nofile"),
  "ulimits.softLimit": limited("Soft", 10),
  "ulimits.hardLimit": limited("Hard", 20),
  "logConfiguration.logDriver": one({ logConfiguration: log }, logConfig("Type"), "splunk", byRole),
  "logConfiguration.options": one({ logConfiguration: log }, logConfig("Config"), { "splunk-url": "u" }, byRole),
  "logConfiguration.secretOptions.name": one(
    { logConfiguration: log },
    ({ container }) => container.secrets,
    [logSecret],
    byRole,
  ),
  "logConfiguration.secretOptions.valueFrom": one(
    { logConfiguration: { ...log, secretOptions: [{ name: "splunk-token", valueFrom: secretArn }] } },
    ({ container }) => container.secrets,
    [{ ...logSecret, valueFrom: secretArn, provider: "asm", region: "us-west-2" }],
    byRole,
  ),
  "healthCheck.command": one({ healthCheck }, health("Test"), ["CMD", "true"]),
  "healthCheck.interval": one({ healthCheck }, health("Interval"), 7_000_000_000),
  "healthCheck.timeout": one({ healthCheck }, health("Timeout"), 3_000_000_000),
  "healthCheck.retries": one({ healthCheck }, health("Retries"), 4),
  "healthCheck.startPeriod": one({ healthCheck }, health("StartPeriod"), 9_000_000_000),
  "systemControls.namespace": one(
    { systemControls: [{ namespace: "net.core.somaxconn", value: "99" }] },
    ({ host }) => host.Sysctls,
    { "net.core.somaxconn": "99" },
  ),
  "systemControls.value": one(
    { systemControls: [{ namespace: "net.core.somaxconn", value: "98" }] },
    ({ host }) => host.Sysctls,
    { "net.core.somaxconn": "98" },
  ),
  "resourceRequirements.type": one({ resourceRequirements: [{ type: "GPU", value: "2" }] }, gpus, ["GPU-0", "GPU-1"]),
  "resourceRequirements.value": one({ resourceRequirements: [{ type: "GPU", value: "1" }] }, gpus, ["GPU-0"]),
  "resourceRequirements.sharingStrategy.nvidiaMps.memory": shared({ memory: 1_024 }),
  "resourceRequirements.sharingStrategy.nvidiaMps.maxComputePercent": shared({ maxComputePercent: 50 }),
  "firelensConfiguration.type": one(
    { firelensConfiguration: routed, logConfiguration: { logDriver: "awsfirelens" } },
    ({ container }) => container.firelensConfiguration?.type,
    "fluentbit",
  ),
  "firelensConfiguration.options": one(
    { firelensConfiguration: routed, logConfiguration: { logDriver: "awsfirelens" } },
    ({ container }) => container.firelensConfiguration?.options,
    routed.options,
  ),
  credentialSpecs: one({ credentialSpecs: ["credentialspec:a"] }, ({ container }) => container.credentialSpecs, [
    "credentialspec:a",
  ]),
};

function mounted(name: string, is: unknown): Entry {
  const point = { sourceVolume: "v", containerPath: "/v", readOnly: true };
  const at = ({ container }: Arrived) => (container.mountPoints?.[0] as Record<string, unknown> | undefined)?.[name];
  return one({ mountPoints: [point] }, at, is, { volumes: [{ name: "v" }] });
}

function volumesOf(name: string, is: unknown): Entry {
  const at = ({ container }: Arrived) => (container.volumesFrom?.[0] as Record<string, unknown> | undefined)?.[name];
  return { containers: [{ volumesFrom: [{ sourceContainer: "c1", readOnly: true }] }, {}], at, is };
}

function limited(name: string, is: unknown): Entry {
  const ulimits = [{ name: "nofile", softLimit: 10, hardLimit: 20 }];
  return one({ ulimits }, ({ host }) => (host.Ulimits as Record<string, unknown>[] | undefined)?.[0]?.[name], is);
}

function gpus({ task, container }: Arrived): unknown {
  return task.associations?.map(({ name, type, containers }) => {
    if (type !== "gpu" || containers.join() !== container.name) throw new Error("a GPU belongs to one container");
    return name;
  });
}

function shared(nvidiaMps: object): Entry {
  const requirement = { type: "GPU", value: "1", sharingStrategy: { nvidiaMps } };
  return {
    containers: [{ resourceRequirements: [requirement] }],
    refused: /UnsupportedFeature|GPU sharingStrategy/,
  };
}

const volume = (given: object, is: object): Entry => ({
  request: { volumes: [{ name: "v", ...given }] },
  at: ({ task }) => task.volumes,
  is: [{ name: "v", ...is }],
});

const docker = { scope: "shared", autoprovision: true, driver: "local", driverOpts: { o: "p" }, labels: { l: "m" } };
const dockerVolume = volume(
  { dockerVolumeConfiguration: docker },
  { type: "docker", dockerVolumeConfiguration: docker },
);
const efs = {
  fileSystemId: "fs-1",
  rootDirectory: "/",
  transitEncryption: "ENABLED",
  transitEncryptionPort: 2_049,
  authorizationConfig: { accessPointId: "fsap-1", iam: "ENABLED" },
};
const efsVolume = volume({ efsVolumeConfiguration: efs }, { type: "efs", efsVolumeConfiguration: efs });
const fsx = {
  fileSystemId: "fs-2",
  rootDirectory: "d",
  authorizationConfig: { credentialsParameter: secretArn, domain: "d.test" },
};
const fsxVolume = volume(
  { fsxWindowsFileServerVolumeConfiguration: fsx },
  { type: "fsxWindowsFileServer", fsxWindowsFileServerVolumeConfiguration: fsx },
);
const s3Volume: Entry = {
  request: { volumes: [{ name: "v", s3filesVolumeConfiguration: { fileSystemArn: "arn:aws:s3files:::fs" } }] },
  refused: /S3 Files volume, which Berth does not attach/,
};
const proxy = {
  type: "APPMESH",
  containerName: "c0",
  properties: [
    { name: "ProxyIngressPort", value: "15000" },
    { name: "ProxyEgressPort", value: "15001" },
    { name: "AppPorts", value: "80" },
    { name: "IgnoredUID", value: "1337" },
  ],
};
const proxied: Entry = {
  request: { ...awsvpc, proxyConfiguration: proxy },
  at: ({ task }) => task.proxyConfiguration,
  is: {
    type: "APPMESH",
    containerName: "c0",
    properties: { ProxyIngressPort: "15000", ProxyEgressPort: "15001", AppPorts: "80", IgnoredUID: "1337" },
  },
};
const accelerated: Entry = {
  request: { inferenceAccelerators: [{ deviceName: "d", deviceType: "eia2.medium" }] },
  refused: /Unsupported field 'inferenceAccelerators'/,
};
const constrained: Entry = { elsewhere: "Placement looks for a container instance that satisfies it." };
const tagged = "DescribeTaskDefinition and ListTagsForResource show it; agents ask with ListTagsForResource.";

const taskEntries: Readonly<Record<string, Entry>> = {
  family: {
    request: { family: "other" },
    at: ({ task }) => [task.family, task.version, task.arn.length > 0],
    is: ["other", "1", true],
  },
  taskRoleArn: { request: { taskRoleArn: role }, at: ({ task }) => task.roleCredentials?.roleArn, is: role },
  executionRoleArn: {
    request: { executionRoleArn: role },
    at: ({ task }) => task.executionRoleCredentials?.roleArn,
    is: role,
  },
  networkMode: {
    request: { networkMode: "host" },
    at: ({ task, host }) => [task.networkMode, host.NetworkMode],
    is: ["host", "host"],
  },
  "volumes.name": volume({}, { type: "host", host: {} }),
  "volumes.host.sourcePath": volume({ host: { sourcePath: "/s" } }, { type: "host", host: { sourcePath: "/s" } }),
  "volumes.dockerVolumeConfiguration.scope": dockerVolume,
  "volumes.dockerVolumeConfiguration.autoprovision": dockerVolume,
  "volumes.dockerVolumeConfiguration.driver": dockerVolume,
  "volumes.dockerVolumeConfiguration.driverOpts": dockerVolume,
  "volumes.dockerVolumeConfiguration.labels": dockerVolume,
  "volumes.efsVolumeConfiguration.fileSystemId": efsVolume,
  "volumes.efsVolumeConfiguration.rootDirectory": efsVolume,
  "volumes.efsVolumeConfiguration.transitEncryption": efsVolume,
  "volumes.efsVolumeConfiguration.transitEncryptionPort": efsVolume,
  "volumes.efsVolumeConfiguration.authorizationConfig.accessPointId": efsVolume,
  "volumes.efsVolumeConfiguration.authorizationConfig.iam": efsVolume,
  "volumes.s3filesVolumeConfiguration.fileSystemArn": s3Volume,
  "volumes.s3filesVolumeConfiguration.rootDirectory": s3Volume,
  "volumes.s3filesVolumeConfiguration.transitEncryptionPort": s3Volume,
  "volumes.s3filesVolumeConfiguration.accessPointArn": s3Volume,
  "volumes.fsxWindowsFileServerVolumeConfiguration.fileSystemId": fsxVolume,
  "volumes.fsxWindowsFileServerVolumeConfiguration.rootDirectory": fsxVolume,
  "volumes.fsxWindowsFileServerVolumeConfiguration.authorizationConfig.credentialsParameter": fsxVolume,
  "volumes.fsxWindowsFileServerVolumeConfiguration.authorizationConfig.domain": fsxVolume,
  "volumes.configuredAtLaunch": {
    containers: [{ mountPoints: [{ sourceVolume: "v", containerPath: "/v" }] }],
    request: { volumes: [{ name: "v", configuredAtLaunch: true }] },
    refused: /Berth does not attach EBS volumes/,
  },
  "placementConstraints.type": constrained,
  "placementConstraints.expression": constrained,
  requiresCompatibilities: {
    elsewhere: "RegisterTaskDefinition and RunTask check it; the payload has the task's launch type.",
  },
  cpu: { request: { cpu: "512", memory: "1024" }, at: ({ task }) => task.cpu, is: 0.5 },
  memory: {
    request: { cpu: "512", memory: "1024" },
    runTask: { overrides: { memory: "2048" } },
    at: ({ task }) => task.memory,
    is: 2_048,
  },
  "tags.key": { elsewhere: tagged },
  "tags.value": { elsewhere: tagged },
  pidMode: { request: { pidMode: "task" }, at: ({ task }) => task.pidMode, is: "task" },
  ipcMode: { request: { ipcMode: "none" }, at: ({ task }) => task.ipcMode, is: "none" },
  "proxyConfiguration.containerName": proxied,
  "proxyConfiguration.type": proxied,
  "proxyConfiguration.properties.name": proxied,
  "proxyConfiguration.properties.value": proxied,
  "inferenceAccelerators.deviceName": accelerated,
  "inferenceAccelerators.deviceType": accelerated,
  "ephemeralStorage.sizeInGiB": {
    request: { ephemeralStorage: { sizeInGiB: 30 } },
    refused: /Fargate/,
  },
  "runtimePlatform.cpuArchitecture": { elsewhere: "Placement demands the architecture of the container instance." },
  "runtimePlatform.operatingSystemFamily": { elsewhere: "Placement demands the system of the container instance." },
  enableFaultInjection: {
    request: { ...awsvpc, enableFaultInjection: true },
    at: ({ task }) => task.enableFaultInjection,
    is: true,
  },
};

/** By the path of the member in RegisterTaskDefinition. */
export const entries: Readonly<Record<string, Entry>> = {
  ...taskEntries,
  ...Object.fromEntries(
    Object.entries(containerEntries).map(([path, entry]) => [`containerDefinitions.${path}`, entry]),
  ),
};
