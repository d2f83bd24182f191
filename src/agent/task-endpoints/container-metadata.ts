import { ownerLabel } from "../docker/container-names.ts";
import type { DockerContainer } from "../docker/engine/docker-answers.ts";
import type { ContainerPhase, EngineContainer, EngineTask } from "../engine/engine-state.ts";
import { isChecked } from "../engine/engine-task.ts";

/** The version of the metadata. They differ in details of networks. */
export type MetadataVersion = "v3" | "v4";

type Members = Readonly<Record<string, unknown>>;

/** AWS: the names of a container's progress in metadata. */
const statusOfPhase: Readonly<Record<ContainerPhase, string>> = {
  waiting: "NONE",
  pulling: "NONE",
  pulled: "PULLED",
  creating: "PULLED",
  starting: "CREATED",
  running: "RUNNING",
  restarting: "RUNNING",
  stopped: "STOPPED",
};

/** A time in the form of the metadata. `null` if absent. */
export const shownTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Docker writes the year 1 for what has not happened. */
const dockerTime = (text: string | undefined): string | null =>
  text === undefined || text === "" || text.startsWith("0001-") ? null : text;

/** The present members: null, undefined and empty texts are left out, as in AWS's metadata. */
export function present(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));
}

/** The metadata of a container, for itself or another container of its task. `docker` is null if it has not been created. */
export function containerMetadata(
  task: Readonly<EngineTask>,
  container: Readonly<EngineContainer>,
  docker: DockerContainer | null,
  version: MetadataVersion,
): Members {
  const { spec, phase } = container;
  const status = statusOfPhase[phase];
  const log = docker?.HostConfig?.LogConfig as { readonly Type?: string; readonly Config?: Members } | undefined;
  const ports = portsOf(container);
  const volumes = volumesOf(docker);
  return present({
    DockerId: container.runtimeId ?? docker?.Id ?? "",
    Name: spec.name,
    DockerName: docker?.Name?.replace(/^\//, "") ?? "",
    Image: spec.image,
    ImageID: docker?.Image ?? "",
    Ports: ports.length === 0 ? null : ports,
    Labels: docker?.Config?.Labels ? withoutOwner(docker.Config.Labels) : null,
    DesiredStatus: task.desired,
    KnownStatus: status,
    ExitCode: container.exitCode,
    Limits: limitsOf(task, container),
    CreatedAt: dockerTime(docker?.Created) ?? shownTime(container.createdAt),
    StartedAt: dockerTime(docker?.State?.StartedAt) ?? shownTime(container.startedAt),
    FinishedAt: phase === "stopped" ? (dockerTime(docker?.State?.FinishedAt) ?? shownTime(container.exitedAt)) : null,
    Type: "NORMAL",
    Health: isChecked(spec) ? { status: container.health, statusSince: shownTime(container.healthSince) } : null,
    Volumes: volumes.length === 0 ? null : volumes,
    LogDriver: version === "v4" ? (log?.Type ?? null) : null,
    LogOptions: version === "v4" && log?.Config && Object.keys(log.Config).length > 0 ? log.Config : null,
    RestartCount: spec.restartPolicy?.enabled === true ? container.restartCount : null,
    ContainerARN: version === "v4" ? (spec.containerArn ?? null) : null,
    Networks: networksOf(task, docker, version),
  });
}

/** AWS: a container without a limit of its own shows its task's. */
/** The label that names the owning agent is only for agents. */
const withoutOwner = (labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => name !== ownerLabel));

function limitsOf(task: Readonly<EngineTask>, { spec }: Readonly<EngineContainer>): Members {
  return {
    // AWS: the shares of a container that requests none.
    CPU: spec.cpu || task.surroundings.cpuUnits || 2,
    Memory: spec.memory || task.surroundings.memoryMiB || 0,
  };
}

function portsOf(container: Readonly<EngineContainer>): Members[] {
  return container.bindings.flatMap(({ containerPort, hostPort, protocol, count }) =>
    Array.from({ length: count }, (_, index) => ({
      ContainerPort: containerPort + index,
      Protocol: protocol,
      HostPort: hostPort + index,
      HostIp: "0.0.0.0",
    })),
  );
}

const volumesOf = (docker: DockerContainer | null): Members[] =>
  (docker?.Mounts ?? []).map(({ Name, Source, Destination }) =>
    present({ DockerName: Name || null, Source: Source ?? "", Destination: Destination ?? "" }),
  );

function networksOf(task: Readonly<EngineTask>, docker: DockerContainer | null, version: MetadataVersion): Members[] {
  const { networkMode, networkInterface: eni } = task.surroundings;
  if (networkMode === "awsvpc" && eni !== null) {
    const addresses = (eni.ipv4Addresses ?? []).map(({ privateAddress }) => privateAddress);
    if (version === "v3") return [{ NetworkMode: networkMode, IPv4Addresses: addresses }];
    return [
      present({
        NetworkMode: networkMode,
        IPv4Addresses: addresses,
        AttachmentIndex: eni.index ?? 0,
        MACAddress: eni.macAddress,
        IPv4SubnetCIDRBlock: subnetOf(eni.subnetGatewayIpv4Address ?? ""),
        DomainNameServers: eni.domainNameServers,
        DomainNameSearchList: eni.domainName,
        PrivateDNSName: eni.privateDnsName,
        SubnetGatewayIpv4Address: eni.subnetGatewayIpv4Address,
      }),
    ];
  }
  // AWS: a container on the host's network has an empty address.
  if (networkMode === "host") return [{ NetworkMode: "host", IPv4Addresses: [""] }];
  return Object.entries(docker?.NetworkSettings?.Networks ?? {}).map(([name, { IPAddress }]) => ({
    NetworkMode: name,
    IPv4Addresses: IPAddress ? [IPAddress] : [],
  }));
}

/** `10.64.16.0/20` for `10.64.16.1/20`. */
function subnetOf(gateway: string): string | null {
  const [address = "", prefix = ""] = gateway.split("/");
  const bits = 32 - Number(prefix);
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || !(bits >= 0 && bits <= 32)) return null;
  const number = parts.reduce((sum, part) => sum * 256 + part, 0);
  const first = Math.floor(number / 2 ** bits) * 2 ** bits;
  return `${[24, 16, 8, 0].map((shift) => (first >>> shift) & 0xff).join(".")}/${prefix}`;
}
