import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { RequestContainer } from "../../ecs/definition-rules/task-definition-request.ts";
import type { ContainerDefinition } from "../../ecs/documents/task-definition.ts";
import { dockerConfig } from "./docker-config.ts";
import { payloadSecrets, registryAuthentication } from "./payload-secrets.ts";

/** What a container's payload depends on besides its definition. */
export type ContainerSurroundings = {
  readonly taskId: string;
  readonly networkMode: string | null;
  /** The task's own limit. Null for none. */
  readonly taskMemoryMiB: number | null;
  readonly region: string;
  readonly hasExecutionRole: boolean;
  readonly containerArn: string | null;
};

/** One container as the agent receives it, with its overrides already applied. */
export function payloadContainer(container: ContainerDefinition, around: ContainerSurroundings): PayloadContainer {
  const environment: Record<string, string> = {};
  for (const { name, value } of container.environment) if (name !== undefined) environment[name] = value ?? "";
  const members = container as RequestContainer;
  const secrets = payloadSecrets(members, around.region);
  const registry = registryAuthentication(members, around.region, around.hasExecutionRole);
  return {
    name: container.name,
    image: container.image,
    essential: container.essential,
    command: container.command ?? [],
    entryPoint: container.entryPoint ?? null,
    environment,
    cpu: container.cpu,
    memory: container.memory ?? 0,
    // AWS: in awsvpc mode a container listens on the task's own interface. Docker refuses to publish ports there.
    portMappings: around.networkMode === "awsvpc" ? [] : payloadPorts(container),
    overrides: "{}",
    dockerConfig: dockerConfig(container, around),
    ...(container.healthCheck === undefined ? {} : { healthCheckType: "docker" }),
    ...asRegistered(container),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(registry === null ? {} : { registryAuthentication: registry }),
    ...(members.logConfiguration?.logDriver === "awslogs" && around.hasExecutionRole
      ? { logsAuthStrategy: "ExecutionRole" }
      : {}),
    ...(around.containerArn === null ? {} : { containerArn: around.containerArn }),
  };
}

function payloadPorts(container: ContainerDefinition): NonNullable<PayloadContainer["portMappings"]> {
  return container.portMappings.map(({ containerPort, containerPortRange, hostPort, protocol }) => ({
    protocol: protocol === "udp" ? "udp" : "tcp",
    ...(containerPortRange === undefined
      ? { containerPort: containerPort ?? 0, hostPort: hostPort ?? 0 }
      : { containerPortRange }),
  }));
}

/** Members that agents spell and interpret as the API does. */
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
  "credentialSpecs",
] as const;

function asRegistered(container: ContainerDefinition): Partial<PayloadContainer> {
  const members: Record<string, unknown> = {};
  for (const name of sameMembers) if (container[name] !== undefined) members[name] = container[name];
  return members;
}
