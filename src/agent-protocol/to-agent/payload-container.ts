import { filledText, flag, integer, list, map, object, oneOf, optional, type TypeOf, text } from "../shape.ts";

export const payloadPortMapping = object({
  containerPort: optional(integer),
  /** Absent or 0: the agent picks one. */
  hostPort: optional(integer),
  containerPortRange: optional(text),
  protocol: optional(oneOf(["tcp", "udp"])),
});
export type PayloadPortMapping = TypeOf<typeof payloadPortMapping>;

/** How the agent logs in to the image's registry. */
export const registryAuthentication = object({
  type: oneOf(["ecr", "asm"]),
  ecrAuthData: optional(
    object({
      registryId: optional(text),
      region: optional(text),
      endpointOverride: optional(text),
      useExecutionRole: optional(flag),
    }),
  ),
  /** The name or ARN of a Secrets Manager secret with user name and password. */
  asmAuthData: optional(object({ credentialsParameter: text, region: optional(text) })),
});
export type RegistryAuthentication = TypeOf<typeof registryAuthentication>;

export const payloadSecret = object({
  name: text,
  valueFrom: text,
  provider: oneOf(["ssm", "asm"]),
  region: optional(text),
  type: optional(oneOf(["ENVIRONMENT_VARIABLE", "BOOTSTRAP"])),
  target: optional(oneOf(["CONTAINER", "LOG_DRIVER"])),
});
export type PayloadSecret = TypeOf<typeof payloadSecret>;

/** A container of a task as the agent receives it. Settings without a member of their own are in `dockerConfig`. */
export const payloadContainer = object({
  name: filledText,
  image: text,
  /** Always set: the agent's default is false. */
  essential: optional(flag),
  command: optional(list(text)),
  entryPoint: optional(list(text)),
  environment: optional(map(text)),
  /** JSON text that may contain `command` and nothing else. */
  overrides: optional(text),
  /** CPU shares. */
  cpu: optional(integer),
  /** MiB. */
  memory: optional(integer),
  portMappings: optional(list(payloadPortMapping)),
  mountPoints: optional(
    list(object({ sourceVolume: optional(text), containerPath: optional(text), readOnly: optional(flag) })),
  ),
  volumesFrom: optional(list(object({ sourceContainer: text, readOnly: optional(flag) }))),
  links: optional(list(text)),
  dependsOn: optional(
    list(object({ containerName: text, condition: oneOf(["CREATE", "START", "COMPLETE", "SUCCESS", "HEALTHY"]) })),
  ),
  /** Seconds. */
  startTimeout: optional(integer),
  /** Seconds between SIGTERM and SIGKILL. */
  stopTimeout: optional(integer),
  /** `docker` if `dockerConfig.config` has a Healthcheck. Only then does the agent report health. */
  healthCheckType: optional(text),
  restartPolicy: optional(
    object({
      enabled: optional(flag),
      ignoredExitCodes: optional(list(integer)),
      restartAttemptPeriod: optional(integer),
    }),
  ),
  dockerConfig: optional(object({ version: optional(text), config: optional(text), hostConfig: optional(text) })),
  registryAuthentication: optional(registryAuthentication),
  /** Fetched by the agent with the execution role. */
  secrets: optional(list(payloadSecret)),
  /** `ExecutionRole`: the log driver writes to CloudWatch Logs with the execution role. */
  logsAuthStrategy: optional(text),
  environmentFiles: optional(list(object({ value: text, type: text }))),
  firelensConfiguration: optional(object({ type: text, options: optional(map(text)) })),
  credentialSpecs: optional(list(text)),
  containerArn: optional(text),
});
export type PayloadContainer = TypeOf<typeof payloadContainer>;
