import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { ContainerName, PortBinding, TaskSurroundings } from "../container-runtime.ts";
import { AwslogsError, awslogsOptions } from "../logs/awslogs-options.ts";
import type { ContainerInputs } from "../task-services/task-inputs.ts";
import { containerLabels, containerName, isReservedLabel, ownerLabel } from "./container-names.ts";
import type { GroundworkPlace } from "./groundwork/task-groundwork.ts";
import { type VolumeSource, volumeSource, volumesOf } from "./task-volumes.ts";

/** How a container gets its GPUs: requested from the engine, or by a runtime that reads NVIDIA_VISIBLE_DEVICES. */
export type GpuAccess = { readonly by: "device-requests" } | { readonly by: "runtime"; readonly runtime: string };

export type ContainerPlan = {
  readonly name: ContainerName;
  readonly spec: PayloadContainer;
  readonly bindings: readonly PortBinding[];
  readonly task: TaskSurroundings;
  readonly place: GroundworkPlace;
  /** Name or ARN, as the agent was given it. */
  readonly cluster: string;
  /** The owner of the container. Null for none. */
  readonly owner?: string | null;
  /** Added to the environment last: where the agent serves metadata and credentials. */
  readonly environment: Readonly<Record<string, string>>;
  readonly gpu: GpuAccess;
  /** What the container gets from other services. Null if this agent reads none. */
  readonly inputs?: ContainerInputs | null;
  /** The real path, without symbolic links, of each host path that the container mounts. */
  readonly realPaths: ReadonlyMap<string, string>;
};

/** The payload cannot be made into a container. The message is the reason and begins with the error's name. */
export class UnusablePayload extends Error {
  override readonly name = "UnusablePayload";
}

type Json = { readonly [member: string]: unknown };
type Body = Json & { readonly HostConfig: Json };

/** AWS: the minimum for a container: CPU shares, and memory in MiB. */
const least = { cpuShares: 2, memoryMiB: 4 };
/** AWS: the maximum CPU shares that the kernel accepts. */
const cpuSharesMax = 262_144;
const bytesPerMiB = 1_048_576;

/**
 * The body of `POST /containers/create`. `dockerConfig` overrides the other members of the payload, and the groundwork's place
 * overrides both. Throws {@link UnusablePayload}.
 */
export function containerConfig(plan: ContainerPlan): { readonly name: string; readonly body: Body } {
  const { spec, place } = plan;
  const { inputs = null } = plan;
  if (inputs === null) checkSources(spec);
  else checkLogOptions(spec);
  const config = overlaid(ownConfig(plan), payloadConfig(spec));
  if (spec.healthCheckType === "docker" && !isObject(config.Healthcheck)) {
    throw new UnusablePayload(
      "DockerClientConfigError: the container's health is to be checked, but no check is given",
    );
  }
  const hostConfig: Json = {
    ...withLogs(overlaid(ownHostConfig(plan), payloadHostConfig(spec)), inputs),
    ...(place.networkMode === undefined ? {} : { NetworkMode: place.networkMode }),
    ...(place.pidMode === undefined ? {} : { PidMode: place.pidMode }),
    ...(place.ipcMode === undefined ? {} : { IpcMode: place.ipcMode }),
    CgroupParent: place.cgroupParent ?? "",
  };
  const labels = isObject(config.Labels) ? config.Labels : {};
  const body = {
    ...config,
    Env: [...(Array.isArray(config.Env) ? config.Env : []), ...assignments(plan.environment)],
    // The agent finds its containers by these labels, so a task cannot replace them.
    Labels: { ...labels, ...ownLabels(plan) },
    HostConfig: hostConfig,
  };
  return {
    name: containerName(plan.name, plan.task),
    body: sharesNetwork(hostConfig.NetworkMode) ? withoutNetwork(body) : body,
  };
}

/**
 * Refuses what a container would silently miss. Placement keeps such tasks away from hosts without the capability, but a host may
 * have claimed it in the past.
 */
function checkSources({ environmentFiles, secrets }: PayloadContainer): void {
  // AWS: how both reasons begin.
  const [file] = environmentFiles ?? [];
  if (file !== undefined) {
    throw new UnusablePayload(
      `ResourceInitializationError: failed to download env files: this agent does not read ${file.value}`,
    );
  }
  const [secret] = secrets ?? [];
  if (secret !== undefined) {
    throw new UnusablePayload(
      `ResourceInitializationError: unable to pull secrets or registry auth: this agent does not read ${secret.valueFrom}`,
    );
  }
}

/** AWS: Docker checks the options of a log driver when it creates the container. */
function checkLogOptions(spec: PayloadContainer): void {
  try {
    awslogsOptions(spec);
  } catch (error) {
    if (!(error instanceof AwslogsError)) throw error;
    throw new UnusablePayload(`CannotCreateContainerError: Error response from daemon: ${error.message}`);
  }
}

/**
 * LIMIT: what Docker keeps of the output of a container that logs to CloudWatch Logs: for `docker logs`, and while the network is cut.
 */
const keptLog = { Type: "json-file", Config: { "max-size": "32m", "max-file": "4" } };

/**
 * The log driver with its secret options. The agent itself sends output to CloudWatch Logs, so Docker keeps a file that both can read.
 * DIFFERS: with `mode` blocking a container never waits for CloudWatch Logs. Docker keeps the newest 128 MiB of its output until it is sent; older output is lost.
 */
function withLogs(hostConfig: Json, inputs: ContainerInputs | null): Json {
  if (inputs === null || !isObject(hostConfig.LogConfig)) return hostConfig;
  const { Type, Config } = hostConfig.LogConfig;
  if (Type === "awslogs") return { ...hostConfig, LogConfig: keptLog };
  return { ...hostConfig, LogConfig: { Type, Config: { ...(isObject(Config) ? Config : {}), ...inputs.logOptions } } };
}

function ownLabels({ name, task, cluster, owner = null }: ContainerPlan): Readonly<Record<string, string>> {
  return {
    ...(owner === null ? {} : { [ownerLabel]: owner }),
    [containerLabels.cluster]: cluster,
    [containerLabels.containerName]: name.container,
    [containerLabels.taskArn]: name.taskArn,
    [containerLabels.family]: task.family,
    [containerLabels.version]: task.version,
  };
}

function ownConfig(plan: ContainerPlan): Json {
  const { spec, bindings, task, gpu, name, inputs } = plan;
  const gpuIds = task.gpuIds[name.container] ?? [];
  const byRuntime = gpu.by === "runtime" && gpuIds.length > 0 ? { NVIDIA_VISIBLE_DEVICES: gpuIds.join(",") } : {};
  const anonymous = (spec.mountPoints ?? []).filter(({ sourceVolume }) => !sourceVolume);
  return {
    Image: spec.image,
    Env: assignments({ ...inputs?.fileEnvironment, ...spec.environment, ...inputs?.environment, ...byRuntime }),
    ...(spec.command?.length ? { Cmd: spec.command } : {}),
    ...(spec.entryPoint?.length ? { Entrypoint: spec.entryPoint } : {}),
    ...(anonymous.length === 0
      ? {}
      : { Volumes: Object.fromEntries(anonymous.map(({ containerPath }) => [containerPath ?? "", {}])) }),
    ...(bindings.length === 0
      ? {}
      : { ExposedPorts: Object.fromEntries(bindings.flatMap(portsOf).map(({ port }) => [port, {}])) }),
  };
}

function ownHostConfig(plan: ContainerPlan): Json {
  const { spec, bindings, task, name, gpu } = plan;
  const memoryMiB = spec.memory ?? 0;
  const gpuIds = task.gpuIds[name.container] ?? [];
  const nameOf = (container: string): string => containerName({ taskArn: name.taskArn, container }, task);
  const isBridge = task.networkMode === "bridge" || task.networkMode === "";
  return {
    CpuShares: Math.min(Math.max(spec.cpu ?? 0, least.cpuShares), cpuSharesMax),
    ...(memoryMiB > 0 ? { Memory: Math.max(memoryMiB, least.memoryMiB) * bytesPerMiB } : {}),
    ...(bindings.length === 0 ? {} : { PortBindings: portBindings(bindings) }),
    ...mounts(plan),
    ...(spec.volumesFrom?.length
      ? {
          VolumesFrom: spec.volumesFrom.map(
            ({ sourceContainer, readOnly }) => `${nameOf(sourceContainer)}:${readOnly === true ? "ro" : "rw"}`,
          ),
        }
      : {}),
    ...(spec.links?.length && isBridge ? { Links: spec.links.map((link) => linkTo(link, nameOf)) } : {}),
    ...(gpuIds.length === 0 ? {} : gpuMembers(gpu, gpuIds)),
  };
}

/** `name:alias` with the name that Docker knows. */
function linkTo(link: string, nameOf: (container: string) => string): string {
  const [target = "", alias = target] = link.split(":");
  return `${nameOf(target)}:${alias}`;
}

function gpuMembers(gpu: GpuAccess, ids: readonly string[]): Json {
  if (gpu.by === "runtime") return { Runtime: gpu.runtime };
  return { DeviceRequests: [{ Driver: "nvidia", DeviceIDs: ids, Capabilities: [["gpu"]] }] };
}

/** A mount point of the payload with its volume. */
type Mount = { readonly found: VolumeSource; readonly target: string; readonly readOnly: boolean };

/** The named volumes that a container mounts; mount points without a name are anonymous volumes. Throws {@link UnusablePayload}. */
export function mountsOf(spec: PayloadContainer, taskArn: string, task: TaskSurroundings): readonly Mount[] {
  const volumes = volumesOf(task);
  return (spec.mountPoints ?? []).flatMap(({ sourceVolume, containerPath, readOnly }) => {
    const target = checkedTarget(containerPath ?? "");
    if (!sourceVolume) return [];
    const volume = volumes.find((candidate) => candidate.name === sourceVolume);
    if (volume === undefined) throw new UnusablePayload(`HostConfigError: Invalid volume referenced: ${sourceVolume}`);
    const found = volumeSource(volume, taskArn, task);
    if (typeof found === "string") throw new UnusablePayload(`HostConfigError: ${found}`);
    return [{ found, target, readOnly: readOnly === true }];
  });
}

/** A bind string would treat text after a colon as options or as another path. */
function checkedTarget(path: string): string {
  if (/^\/[^:\0]*$/.test(path)) return path;
  throw new UnusablePayload(
    `HostConfigError: the containerPath ${JSON.stringify(path)} is not an absolute path without colons`,
  );
}

/**
 * Volumes use Docker's structured mounts. Host paths use bind strings, because Docker creates a missing folder only for those; neither
 * side contains a colon.
 */
function mounts(plan: ContainerPlan): Json {
  const { spec, task, name, realPaths } = plan;
  const all = mountsOf(spec, name.taskArn, task);
  const binds = all.flatMap(({ found, target, readOnly }) => {
    if (found.kind === "volume") return [];
    const real = realPaths.get(found.source);
    if (real === undefined || !/^\/[^:\0]*$/.test(real)) {
      throw new UnusablePayload(`HostConfigError: the sourcePath ${JSON.stringify(found.source)} cannot be mounted`);
    }
    return [`${real}:${target}${readOnly ? ":ro" : ""}`];
  });
  const volumes = all.flatMap(({ found: { kind, source }, target, readOnly }) =>
    kind === "volume" ? [{ Type: "volume", Source: source, Target: target, ReadOnly: readOnly }] : [],
  );
  return { Binds: binds, ...(volumes.length === 0 ? {} : { Mounts: volumes }) };
}

function portsOf(binding: PortBinding): readonly { readonly port: string; readonly hostPort: string }[] {
  return Array.from({ length: binding.count }, (_, index) => ({
    port: `${binding.containerPort + index}/${binding.protocol}`,
    hostPort: String(binding.hostPort + index),
  }));
}

/** One container port may be bound to several host ports. */
function portBindings(bindings: readonly PortBinding[]): Json {
  const all: Record<string, { readonly HostPort: string }[]> = {};
  for (const { port, hostPort } of bindings.flatMap(portsOf)) {
    all[port] = [...(all[port] ?? []), { HostPort: hostPort }];
  }
  return all;
}

/**
 * The members of `config` that a task may set. Others reach beyond its container: NetworkingConfig joins another task's network.
 */
const configMembers = new Set([
  ...["User", "WorkingDir", "Hostname", "Domainname", "Labels", "Env", "Cmd", "Entrypoint", "Shell", "Volumes"],
  ...["OpenStdin", "StdinOnce", "Tty", "AttachStdin", "AttachStdout", "AttachStderr", "NetworkDisabled"],
  ...["Healthcheck", "StopSignal", "StopTimeout", "ExposedPorts"],
]);

/**
 * The members of `hostConfig` that a task may set. The host's policy checks their values. The others belong to the agent (mounts,
 * ports, GPUs) or do not exist in ECS.
 */
const hostConfigMembers = new Set([
  ...["NetworkMode", "PidMode", "IpcMode", "Privileged", "CapAdd", "CapDrop", "SecurityOpt", "Sysctls", "Devices"],
  ...["ReadonlyRootfs", "Tmpfs", "ShmSize", "Init", "Ulimits", "LogConfig"],
  ...["Dns", "DnsSearch", "DnsOptions", "ExtraHosts"],
  ...["CpuShares", "Memory", "MemoryReservation", "MemorySwap", "MemorySwappiness"],
  // AWS: accepted, and overwritten.
  "CgroupParent",
]);

function payloadConfig({ dockerConfig }: PayloadContainer): Json {
  const config = decoded(dockerConfig?.config, "DockerClientConfigError", "config", configMembers);
  const reserved = isObject(config.Labels) ? Object.keys(config.Labels).find(isReservedLabel) : undefined;
  if (reserved === undefined) return config;
  throw new UnusablePayload(`DockerClientConfigError: the label ${reserved} is reserved for Berth`);
}

const payloadHostConfig = ({ dockerConfig }: PayloadContainer): Json =>
  decoded(dockerConfig?.hostConfig, "HostConfigError", "host config", hostConfigMembers);

function decoded(text: string | null | undefined, error: string, what: string, members: ReadonlySet<string>): Json {
  if (text === null || text === undefined || text === "") return {};
  const value = parsed(text);
  if (value === null) throw new UnusablePayload(`${error}: the given ${what} is not a JSON object`);
  const foreign = Object.keys(value).find((member) => !members.has(member) && !isEmpty(value[member]));
  if (foreign === undefined) return value;
  throw new UnusablePayload(`${error}: the member ${foreign} of the given ${what} cannot be set by a task`);
}

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether Docker treats the value as absent. */
const isEmpty = (value: unknown): boolean => !value || (typeof value === "object" && Object.keys(value).length === 0);

/** AWS: a decoded value replaces what is there, but maps are merged. */
function overlaid(under: Json, over: Json): Json {
  const all: Record<string, unknown> = { ...under };
  for (const [member, value] of Object.entries(over)) {
    if (value === null || value === undefined) continue;
    const below = all[member];
    all[member] = isObject(value) && isObject(below) ? overlaid(below, value) : value;
  }
  return all;
}

const sharesNetwork = (mode: unknown): boolean => typeof mode === "string" && mode.startsWith("container:");

/** What Docker refuses for a container in another one's network, which decides for both. */
const networkMembers = {
  config: ["Hostname", "Domainname", "ExposedPorts", "MacAddress"],
  hostConfig: ["PortBindings", "PublishAllPorts", "Links", "Dns", "DnsSearch", "DnsOptions", "ExtraHosts"],
};

function withoutNetwork(body: Body): Body {
  return { ...without(body, networkMembers.config), HostConfig: without(body.HostConfig, networkMembers.hostConfig) };
}

const without = (json: Json, members: readonly string[]): Json =>
  Object.fromEntries(Object.entries(json).filter(([member]) => !members.includes(member)));

const assignments = (environment: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(environment).map(([key, value]) => `${key}=${value}`);

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
