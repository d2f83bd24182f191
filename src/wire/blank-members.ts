/**
 * The members whose empty text counts as absent, as clients send it that fill in a skeleton: words of a list, and names that
 * may be left out. AWS: known of roles, of a task's cpu and memory, and of the cluster; the others follow these.
 *
 * Everywhere else an empty text is a value: of a tag, of an environment variable, of a name that is required.
 */
const blankMembers: ReadonlySet<string> = new Set([
  ...["appProtocol", "assignPublicIp", "availabilityZoneRebalancing", "clientToken", "cpuArchitecture"],
  ...["executionRoleArn", "group", "iam", "ipcMode", "launchType", "networkMode", "operatingSystemFamily", "pidMode"],
  ...["platformVersion", "propagateTags", "referenceId", "schedulingStrategy", "scope", "sort", "startedBy"],
  ...["taskRoleArn", "transitEncryption", "versionConsistency"],
]);

/** The same for members of one structure, where others of that name mean something else. */
const blankMembersOf: ReadonlySet<string> = new Set([
  "CreateServiceRequest.role",
  "DeploymentConfiguration.strategy",
  "DeploymentController.type",
  "PortMapping.protocol",
]);

/** True for a member whose empty text counts as absent. */
export const isAbsentWhenBlank = (structure: string, member: string): boolean =>
  blankMembers.has(member) || blankMembersOf.has(`${structure}.${member}`);
