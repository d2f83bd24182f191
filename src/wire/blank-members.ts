/**
 * The members whose empty text counts as absent, because clients that fill in a skeleton send it: enum values, and optional names. AWS:
 * known for roles, a task's cpu and memory, and the cluster; the others follow these.
 *
 * Everywhere else an empty text is a value: of a tag, an environment variable, a required name.
 */
const blankMembers: ReadonlySet<string> = new Set([
  ...["appProtocol", "assignPublicIp", "availabilityZoneRebalancing", "clientToken", "cpuArchitecture"],
  ...["executionRoleArn", "group", "iam", "ipcMode", "launchType", "networkMode", "operatingSystemFamily", "pidMode"],
  ...["platformVersion", "propagateTags", "referenceId", "schedulingStrategy", "scope", "sort", "startedBy"],
  ...["taskRoleArn", "transitEncryption", "versionConsistency"],
]);

/** The same for members of one structure, if the name means something else elsewhere. */
const blankMembersOf: ReadonlySet<string> = new Set([
  "CreateServiceRequest.role",
  "DeploymentConfiguration.strategy",
  "DeploymentController.type",
  "PortMapping.protocol",
]);

/** True for a member whose empty text counts as absent. */
export const isAbsentWhenBlank = (structure: string, member: string): boolean =>
  blankMembers.has(member) || blankMembersOf.has(`${structure}.${member}`);
