/** Which members of a task definition need an attribute: the reverse of `requiredAttributes`. */

const container = "containerDefinitions[]";

/** By the attribute's whole name without its prefix; the first match counts. */
const memberByAttribute: readonly (readonly [attribute: RegExp, member: string])[] = [
  [/^task-eni$/, "networkMode awsvpc"],
  [/^task-iam-role(-network-host)?$/, "taskRoleArn"],
  [/^increased-task-cpu-limit$/, "cpu above ten cores"],
  [/^pid-ipc-namespace-sharing$/, "pidMode or ipcMode"],
  [/^aws-appmesh$/, "proxyConfiguration"],
  [/^task-eia$/, "inferenceAccelerators"],
  [/^fault-injection$/, "enableFaultInjection"],
  [/^docker-plugin\./, "volumes[].dockerVolumeConfiguration"],
  [/^efs(Auth)?$/, "volumes[].efsVolumeConfiguration"],
  [/^fsxWindowsFileServer$/, "volumes[].fsxWindowsFileServerVolumeConfiguration"],
  [/^storage\.s3-files$/, "volumes[].s3filesVolumeConfiguration"],
  [/^storage\.ebs-task-volume-attach$/, "volumes[].configuredAtLaunch"],
  [/^ecr-auth$/, `${container}.image in ECR`],
  [/^execution-role-ecr-pull$/, `executionRoleArn with ${container}.image in ECR`],
  [/^execution-role-awslogs$/, `executionRoleArn with ${container}.logConfiguration.logDriver awslogs`],
  [/^privileged-container$/, `${container}.privileged`],
  [/^container-health-check$/, `${container}.healthCheck`],
  [/^container-ordering$/, `${container}.dependsOn, startTimeout or stopTimeout`],
  [/^env-files\.s3$/, `${container}.environmentFiles`],
  [/^container-restart-policy$/, `${container}.restartPolicy`],
  [/^private-registry-authentication\.secretsmanager$/, `${container}.repositoryCredentials`],
  [/^network\.container-port-range$/, `${container}.portMappings[].containerPortRange`],
  [/^(selinux|apparmor)$/, `${container}.dockerSecurityOptions`],
  [/^gmsa(-domainless)?$/, `${container}.credentialSpecs or dockerSecurityOptions`],
  [/^firelens\./, `${container}.firelensConfiguration`],
  [/^logging-driver\.awsfirelens\.log-driver-buffer-limit$/, `${container}.logConfiguration.options`],
  [/^logging-driver\.([\w-]+)$/, `${container}.logConfiguration.logDriver $1`],
  [/^secrets\.\w+\.environment-variables$/, `${container}.secrets`],
  [/^secrets\.\w+\.bootstrap\.log-driver$/, `${container}.logConfiguration.secretOptions`],
  [/^cpu-architecture=/, "runtimePlatform.cpuArchitecture"],
  [/^os-family=/, "runtimePlatform.operatingSystemFamily"],
];

const prefix = /^(com\.amazonaws\.ecs\.capability\.|ecs\.capability\.|ecs\.)/;
const dockerMember = "members that came with Docker API";
const isDockerMember = (member: string): boolean => member.startsWith(dockerMember);
const dockerApi = /docker-remote-api\.(\d+\.\d+)$/;

/**
 * Advice about attributes that an instance lacks, given as `name` or `name=value`: which members of the task definition need them, and what
 * to do. Empty if no known member needs any of them.
 */
export function attributeAdvice(missing: readonly string[]): string {
  const known = [...new Set(missing.flatMap((name) => memberFor(name) ?? []))];
  // A feature's own attribute says more than the Docker version that introduced it.
  const members = known.some((member) => !isDockerMember(member)) ? known.filter((m) => !isDockerMember(m)) : known;
  if (members.length === 0) return "";
  return `Needed by ${listed(members)} in the task definition: remove that, or use a container instance that offers it.`;
}

function memberFor(attribute: string): string | null {
  const version = dockerApi.exec(attribute)?.[1];
  if (version !== undefined) return `${dockerMember} ${version}`;
  if (!prefix.test(attribute)) return null;
  const name = attribute.replace(prefix, "");
  const found = memberByAttribute.find(([pattern]) => pattern.test(name));
  return found === undefined ? null : found[1].replace("$1", found[0].exec(name)?.[1] ?? "");
}

function listed(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
