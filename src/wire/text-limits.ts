/**
 * How long each text of a request may be, in UTF-16 code units. A row names members (`name`), members of one structure (`Tag.key`, which
 * takes precedence over `key`), items of a list (`subnets[]`) and values of a map (`options{}`).
 *
 * Operations check what ECS documents, with ECS's own texts; most of these limits are wider, so those texts come first. Where no operation
 * checks a text, the limit here is the only one and is as narrow as its use allows.
 */
export type TextRow = { readonly charactersMax: number; readonly members: readonly string[] };

/** LIMIT: ECS's longest ARN, of a service with the longest names, has about 600 characters; IAM accepts ARNs of up to 2,048. */
const referenceCharacters = 2_048;
/** LIMIT: the enum values and numbers of the API have up to about 40 characters; an unknown one is quoted in the error. */
const wordCharacters = 256;
/** LIMIT: AWS allows 64 KiB for a whole task definition, so none of its texts is longer. */
const definitionCharacters = 65_536;
/** LIMIT: agents report reasons of up to 1,024 characters, and the rulebook cuts longer ones there; page tokens have 8,192. */
const reasonCharacters = 16_384;
/** LIMIT: AWS's agent cuts these to 255 characters; a Docker id has 64, a digest 71. They are stored with each task. */
const runtimeCharacters = 255;
/** LIMIT: a version of an agent or of Docker has about 40 characters; stored with the instance. */
const versionCharacters = 512;
/** LIMIT: EC2's document has about 500 bytes, its signature about 1,500. */
const identityCharacters = 16_384;
/** LIMIT: ids of subnets, security groups, devices and ports have about 40 characters; they are stored unchanged. */
const idCharacters = 256;
/** LIMIT: the longest IPv6 address with a zone has about 55 characters. */
const addressCharacters = 64;
/** LIMIT: `65535-65535`. */
const portRangeCharacters = 11;
/** LIMIT: AWS: the longest name of a log group of CloudWatch Logs. */
const logGroupCharacters = 512;
/** LIMIT: AWS: the longest name of an S3 bucket. */
const bucketCharacters = 63;
/** LIMIT: AWS: the longest key of an object in S3. */
const objectKeyCharacters = 1_024;

export const textLimits: readonly TextRow[] = [
  {
    charactersMax: referenceCharacters,
    members: [
      ...["accessPointArn", "accessPointId", "alarmName", "alarmNames[]", "alternateTargetGroupArn", "attachmentArn"],
      ...["attributeName", "attributeValue", "autoScalingGroupArn", "awsPcaAuthorityArn", "capacityProvider"],
      ...["capacityProviders[]", "clientToken", "cluster", "clusterName", "clusters[]", "containerInstance"],
      ...["containerInstanceArn", "containerInstances[]", "containerName", "credentialsParameter", "daemonName"],
      ...["deviceName", "discoveryName", "dnsName", "domain", "ec2InstanceProfileArn", "executionRoleArn", "family"],
      ...["familyPrefix", "fargateEphemeralStorageKmsKeyId", "field", "fileSystemArn", "fileSystemId", "group"],
      ...["hookTargetArn", "infrastructureRoleArn", "key", "kmsKey", "kmsKeyId", "loadBalancerName"],
      ...["managedAgentName", "name", "namespace", "portName", "principalArn", "productionListenerRule"],
      ...["referenceId", "registryArn", "reservationGroupArn", "resourceArn", "role", "roleArn", "service"],
      ...["serviceDeploymentArn", "serviceDeploymentArns[]", "serviceName", "serviceRevisionArns[]", "services[]"],
      ...["snapshotId", "startedBy", "tagKeys[]", "targetGroupArn", "targetId", "task", "taskDefinition"],
      ...["taskDefinitions[]", "taskRoleArn", "tasks[]", "testListenerRule", "value", "zoneId"],
    ],
  },
  {
    charactersMax: wordCharacters,
    members: [
      ...["acceleratorManufacturers[]", "acceleratorNames[]", "acceleratorTypes[]", "accessTypes[]", "action"],
      ...["actionsStatus", "add[]", "allowedInstanceTypes[]", "appProtocol", "assignPublicIp"],
      ...["availabilityZoneRebalancing", "bareMetal", "burstablePerformance", "capacityOptionType", "condition"],
      ...["containerPortRange", "cpu", "cpuArchitecture", "cpuManufacturers[]", "desiredStatus", "deviceType"],
      ...["driver", "drop[]", "excludedInstanceTypes[]", "filesystemType", "format", "grpcCode"],
      ...["healthCheckProtocol", "httpCode", "iam", "include[]", "includeQueryParameters"],
      ...["instanceGenerations[]", "ipAddress", "ipcMode", "launchType", "lifecycleStages[]", "localStorage"],
      ...["localStorageTypes[]", "logDriver", "logLevel", "logging", "managedDraining"],
      ...["managedTerminationProtection", "memory", "metricNames[]", "monitoring", "mountOptions[]", "networkMode"],
      ...["operatingSystemFamily", "permissions[]", "pidMode", "platformVersion", "propagateTags", "protocol"],
      ...["requiresCompatibilities[]", "reservationPreference", "resourceManagementType", "resourceType"],
      ...["schedulingStrategy", "scope", "sort", "sourceServiceRevisionCleanup", "stateValue", "status", "status[]"],
      ...["stopType", "strategy", "targetType", "transitEncryption", "type", "versionConsistency", "volumeType"],
    ],
  },
  {
    charactersMax: definitionCharacters,
    members: [
      ...["command[]", "containerPath", "credentialSpecs[]", "dnsSearchDomains[]", "dnsServers[]", "dockerLabels{}"],
      ...["dockerSecurityOptions[]", "driverOpts{}", "entryPoint[]", "exact", "expression", "filter"],
      ...["healthCheckPath", "hostPath", "hostname", "image", "KeyValuePair.name", "KeyValuePair.value"],
      ...["labels{}", "links[]", "options{}", "rootDirectory", "sourceContainer", "sourcePath", "sourceVolume"],
      ...["user", "valueFrom", "workingDirectory"],
    ],
  },
  { charactersMax: reasonCharacters, members: ["nextToken", "reason", "stateReason"] },
  { charactersMax: runtimeCharacters, members: ["imageDigest", "runtimeId"] },
  { charactersMax: versionCharacters, members: ["agentHash", "agentVersion", "dockerVersion"] },
  {
    charactersMax: identityCharacters,
    members: ["instanceIdentityDocument", "instanceIdentityDocumentSignature"],
  },
  { charactersMax: idCharacters, members: ["PlatformDevice.id", "securityGroups[]", "stringSetValue[]", "subnets[]"] },
  { charactersMax: addressCharacters, members: ["bindIP"] },
  { charactersMax: portRangeCharacters, members: ["NetworkBinding.containerPortRange", "hostPortRange"] },
  { charactersMax: logGroupCharacters, members: ["cloudWatchLogGroupName"] },
  { charactersMax: bucketCharacters, members: ["s3BucketName"] },
  { charactersMax: objectKeyCharacters, members: ["s3KeyPrefix"] },
];
