import type { ElasticNetworkInterface } from "../../agent-protocol/to-agent/network-interface.ts";
import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import { parseArn } from "../../ecs/arn.ts";
import { gatewayOf } from "../../ecs/documents/network-address.ts";
import type { Task } from "../../ecs/documents/task.ts";
import type { TaskDefinition } from "../../ecs/documents/task-definition.ts";
import { effectiveContainers } from "../../ecs/launch/new-task.ts";
import type { TaskOrder } from "../../ecs/state/effect.ts";
import { payloadContainer } from "./payload-container.ts";
import { payloadVolumes } from "./payload-volumes.ts";
import { type TaskCredentialsOf, withoutCredentials } from "./task-roles.ts";

/**
 * One task as the agent receives it. `attachmentArnOf` makes the ARN with which it confirms an interface. `credentialsOf` mints
 * the credentials of the task's roles.
 */
export function payloadTask(
  order: TaskOrder,
  attachmentArnOf: (id: string) => string,
  credentialsOf: TaskCredentialsOf = withoutCredentials,
): PayloadTask {
  const { task, definition } = order;
  // AWS: ARN and desired status are enough to stop a task.
  if (task.desiredStatus === "STOPPED") return { arn: task.arn, desiredStatus: "STOPPED" };
  return {
    arn: task.arn,
    desiredStatus: "RUNNING",
    family: definition.family,
    version: String(definition.revision),
    containers: payloadContainers(order),
    // AWS: the agent takes vCPUs, the API CPU units.
    ...(task.cpu === null ? {} : { cpu: Number(task.cpu) / 1024 }),
    ...(task.memory === null ? {} : { memory: Number(task.memory) }),
    volumes: payloadVolumes(definition),
    ...credentialsOf(order),
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
    ...proxy(definition),
    ...(definition.more.enableFaultInjection === true ? { enableFaultInjection: true } : {}),
    ...(task.group.startsWith("service:") ? { serviceName: task.group.slice("service:".length) } : {}),
  };
}

function payloadContainers({ task, definition }: TaskOrder): PayloadTask["containers"] {
  const arns = new Map(task.containers.map(({ name, arn }) => [name, arn]));
  const around = {
    taskId: task.id,
    networkMode: definition.networkMode,
    taskMemoryMiB: task.memory === null ? null : Number(task.memory),
    region: parseArn(task.arn)?.region ?? "",
    hasExecutionRole: (task.overrides.executionRoleArn ?? definition.executionRoleArn ?? null) !== null,
  };
  return effectiveContainers(definition, task.overrides).map((container) =>
    payloadContainer(container, { ...around, containerArn: arns.get(container.name) ?? null }),
  );
}

/** AWS: the agent needs the type, which the API omits because there is only one. */
function proxy(definition: TaskDefinition): Pick<PayloadTask, "proxyConfiguration"> {
  const configuration = definition.more.proxyConfiguration as
    | {
        readonly type?: string;
        readonly containerName?: string;
        readonly properties?: readonly { readonly name?: string; readonly value?: string }[];
      }
    | undefined;
  if (configuration === undefined) return {};
  const { type = "APPMESH", containerName = "", properties = [] } = configuration;
  const byName = Object.fromEntries(properties.map(({ name = "", value = "" }) => [name, value]));
  return { proxyConfiguration: { type, containerName, properties: byName } };
}

/** The task's interfaces (awsvpc) with the addresses from the network. */
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
