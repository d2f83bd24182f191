import {
  anything,
  filledText,
  flag,
  integer,
  list,
  map,
  object,
  oneOf,
  optional,
  type TypeOf,
  text,
} from "../shape.ts";

export const payloadPortMapping = object({
  containerPort: optional(integer),
  /** Absent or 0: the agent picks one. */
  hostPort: optional(integer),
  containerPortRange: optional(text),
  protocol: optional(oneOf(["tcp", "udp"])),
});
export type PayloadPortMapping = TypeOf<typeof payloadPortMapping>;

/** A container of a task as the agent is given it. What has no member of its own travels in `dockerConfig`. */
export const payloadContainer = object({
  name: filledText,
  image: text,
  /** Always say it: the agent's default is false. */
  essential: optional(flag),
  command: optional(list(text)),
  entryPoint: optional(list(text)),
  environment: optional(map(text)),
  /** JSON text that may hold `command` and nothing else. */
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
  /** `docker` when `dockerConfig.config` holds a Healthcheck: only then health is reported. */
  healthCheckType: optional(text),
  restartPolicy: optional(
    object({
      enabled: optional(flag),
      ignoredExitCodes: optional(list(integer)),
      restartAttemptPeriod: optional(integer),
    }),
  ),
  dockerConfig: optional(object({ version: optional(text), config: optional(text), hostConfig: optional(text) })),
  registryAuthentication: optional(anything),
  secrets: optional(list(anything)),
  environmentFiles: optional(list(anything)),
  firelensConfiguration: optional(anything),
  containerArn: optional(text),
});
export type PayloadContainer = TypeOf<typeof payloadContainer>;
