/**
 * What Berth's agent does for tasks, as the attributes that placement reads: one list for hosts with Docker, simulated hosts and the
 * hosts of Fargate. What is not here, such as FireLens, is refused on all of them by the attribute's name.
 */

/** What a host has, as far as capabilities depend on it. */
export type HostPowers = {
  /** The newest version of Docker's API, such as 41 for 1.41. */
  readonly dockerApi: number;
  /** The log drivers of the engine. */
  readonly logDrivers: readonly string[];
  /** Limits for tasks as a whole. */
  readonly taskLimits: boolean;
  /** An endpoint where the AWS SDKs in containers get credentials. */
  readonly credentials: boolean;
  /** Other services of AWS, for secrets, files, logins to registries and logs. */
  readonly services: boolean;
  /** Folders for EFS file systems. */
  readonly efs: boolean;
  /** Network interfaces whose number a trunk raises. */
  readonly trunks: boolean;
};

type Need = keyof Pick<HostPowers, "taskLimits" | "credentials" | "services" | "efs" | "trunks">;
type Capability = readonly [name: string, needs: Need | null];

/** Without their prefix `ecs.capability.`. */
const newer: readonly Capability[] = [
  ["container-health-check", null],
  ["container-ordering", null],
  ["container-restart-policy", null],
  ["docker-plugin.local", null],
  ["full-sync", null],
  ["increased-task-cpu-limit", null],
  ["network.container-port-range", null],
  ["pid-ipc-namespace-sharing", null],
  ["task-eni", null],
  ["task-eni-trunking", "trunks"],
  ["task-cpu-mem-limit", "taskLimits"],
  ["ecr-endpoint", "services"],
  ["env-files.s3", "services"],
  ["execution-role-awslogs", "services"],
  ["execution-role-ecr-pull", "services"],
  ["private-registry-authentication.secretsmanager", "services"],
  ["secrets.asm.bootstrap.log-driver", "services"],
  ["secrets.asm.environment-variables", "services"],
  ["secrets.ssm.bootstrap.log-driver", "services"],
  ["secrets.ssm.environment-variables", "services"],
  ["efs", "efs"],
  ["efsAuth", "efs"],
];

/** AWS: the older ones have the longer prefix `com.amazonaws.ecs.capability.`. The agent itself does the work of awslogs. */
const older: readonly Capability[] = [
  ["privileged-container", null],
  ["logging-driver.none", null],
  ["logging-driver.awslogs", "services"],
  ["ecr-auth", "services"],
  ["task-iam-role", "credentials"],
  ["task-iam-role-network-host", "credentials"],
];

/** AWS: the log drivers of Docker that ECS knows. */
export const dockerLogDrivers: readonly string[] = ["json-file", "syslog", "journald", "gelf", "fluentd", "splunk"];

/** AWS: the oldest version of Docker's API with an attribute is 1.17. */
const oldestDockerApi = 17;

/** The names of the attributes of a host that has `powers`, each once. AWS: the names are those of the official agent. */
export function agentCapabilities(powers: HostPowers): readonly string[] {
  const { dockerApi, logDrivers } = powers;
  const offered = (capabilities: readonly Capability[]): readonly string[] =>
    capabilities.filter(([, needs]) => needs === null || powers[needs]).map(([name]) => name);
  const apis = Array.from({ length: Math.max(0, dockerApi + 1 - oldestDockerApi) }, (_, i) => oldestDockerApi + i);
  const old = [
    ...offered(older),
    ...dockerLogDrivers.filter((driver) => logDrivers.includes(driver)).map((driver) => `logging-driver.${driver}`),
    ...apis.map((minor) => `docker-remote-api.1.${minor}`),
  ];
  return [
    ...offered(newer).map((name) => `ecs.capability.${name}`),
    ...old.map((name) => `com.amazonaws.ecs.capability.${name}`),
  ];
}
