import type { ElasticNetworkInterface } from "../agent-protocol/to-agent/network-interface.ts";
import type { PayloadTask } from "../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../agent-protocol/to-agent/payload-container.ts";
import type { TaskOrder } from "../ecs/effect.ts";
import type { ContainerDefinition, TaskDefinition } from "../ecs/task-definitions/task-definition.ts";
import { gatewayOf } from "../ecs/tasks/network-address.ts";
import { overridden } from "../ecs/tasks/overrides.ts";
import type { Task } from "../ecs/tasks/task.ts";
import { dockerConfig } from "./docker-config.ts";

/** What an agent is told about one task. `attachmentArnOf` makes the ARN that it confirms an interface with. */
export function payloadTask(order: TaskOrder, attachmentArnOf: (id: string) => string): PayloadTask {
  const { task, definition } = order;
  // AWS: ARN and desired status are enough to stop a task.
  if (task.desiredStatus === "STOPPED") return { arn: task.arn, desiredStatus: "STOPPED" };
  return {
    arn: task.arn,
    desiredStatus: "RUNNING",
    family: definition.family,
    version: String(definition.revision),
    containers: definition.containerDefinitions.map((container) => payloadContainer(task, definition, container)),
    // AWS: the agent takes vCPUs, the API CPU units.
    ...(task.cpu === null ? {} : { cpu: Number(task.cpu) / 1024 }),
    ...(task.memory === null ? {} : { memory: Number(task.memory) }),
    volumes: payloadVolumes(definition),
    networkMode: definition.networkMode ?? "bridge",
    launchType: task.launchType,
    ...(task.attachments.length === 0 ? {} : { elasticNetworkInterfaces: networkInterfaces(task, attachmentArnOf) }),
    associations: task.containers.flatMap((container) =>
      container.gpuIds.map((id) => ({
        name: id,
        type: "gpu",
        containers: [container.name],
        content: { value: "", encoding: "identity" },
      })),
    ),
    ...textMember("pidMode", definition.more.pidMode),
    ...textMember("ipcMode", definition.more.ipcMode),
    ...(task.group.startsWith("service:") ? { serviceName: task.group.slice("service:".length) } : {}),
  };
}

function payloadContainer(task: Task, definition: TaskDefinition, registered: ContainerDefinition): PayloadContainer {
  const override = task.overrides.containerOverrides.find((candidate) => candidate.name === registered.name);
  const container = overridden(registered, override);
  const environment: Record<string, string> = {};
  for (const { name, value } of container.environment) if (name !== undefined) environment[name] = value ?? "";
  return {
    name: container.name,
    image: container.image,
    essential: container.essential,
    command: container.command ?? [],
    entryPoint: container.entryPoint ?? null,
    environment,
    cpu: container.cpu,
    memory: container.memory ?? 0,
    portMappings: container.portMappings.map(({ containerPort, containerPortRange, hostPort, protocol }) => ({
      protocol: protocol === "udp" ? "udp" : "tcp",
      ...(containerPortRange === undefined
        ? { containerPort: containerPort ?? 0, hostPort: hostPort ?? 0 }
        : { containerPortRange }),
    })),
    overrides: "{}",
    dockerConfig: dockerConfig(container, definition),
    ...(container.healthCheck === undefined ? {} : { healthCheckType: "docker" }),
    ...asRegistered(container),
  };
}

/** Members that agents spell and understand as the API does. */
const sameMembers = [
  "mountPoints",
  "volumesFrom",
  "links",
  "dependsOn",
  "startTimeout",
  "stopTimeout",
  "restartPolicy",
  "environmentFiles",
  "firelensConfiguration",
] as const;

function asRegistered(container: ContainerDefinition): Partial<PayloadContainer> {
  const members: Record<string, unknown> = {};
  for (const name of sameMembers) if (container[name] !== undefined) members[name] = container[name];
  return members;
}

/** AWS: a host volume without the member `host` makes the agent refuse the task, so it is always there. */
function payloadVolumes(definition: TaskDefinition): readonly object[] {
  const volumes = definition.more.volumes;
  if (!Array.isArray(volumes)) return [];
  return volumes.map((volume: Readonly<Record<string, unknown>>) => {
    if (volume.dockerVolumeConfiguration !== undefined) return { ...volume, type: "docker" };
    if (volume.efsVolumeConfiguration !== undefined) return { ...volume, type: "efs" };
    return { ...volume, type: "host", host: volume.host ?? {} };
  });
}

/** The task's interfaces (awsvpc) with the addresses that the network gave them. */
export function networkInterfaces(task: Task, attachmentArnOf: (id: string) => string): ElasticNetworkInterface[] {
  return task.attachments.map((attachment, index) => {
    const detail = (name: string): string | undefined => attachment.details.find((d) => d.name === name)?.value;
    const address = detail("privateIPv4Address");
    return {
      attachmentArn: attachmentArnOf(attachment.id),
      ec2Id: detail("networkInterfaceId") ?? "",
      macAddress: detail("macAddress") ?? "",
      ipv4Addresses: address === undefined ? [] : [{ privateAddress: address, primary: true }],
      ...(address === undefined ? {} : { subnetGatewayIpv4Address: gatewayOf(address) }),
      ...textMember("privateDnsName", detail("privateDnsName")),
      index,
    };
  });
}

const textMember = <Name extends string>(name: Name, value: unknown): { readonly [K in Name]?: string } =>
  (typeof value === "string" ? { [name]: value } : {}) as { readonly [K in Name]?: string };
