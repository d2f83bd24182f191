/** How many items each list of a request may have, and how many entries each map. Rows name members as those of `text-limits.ts` do. */
export type ListRow = { readonly itemsMax: number; readonly members: readonly string[] };
export type MapRow = {
  readonly entriesMax: number;
  readonly keyCharactersMax: number;
  readonly members: readonly string[];
};
/** A member that takes any JSON, by the length of its text. */
export type DocumentRow = { readonly charactersMax: number; readonly members: readonly string[] };

/** LIMIT: ten times the largest list that ECS documents, so that its own text comes first. */
const itemsMax = 1_000;
/** LIMIT: an item takes at least ten bytes of the 64 KiB that AWS allows for a task definition; of the bindings of its ports the rulebook keeps 500. */
const definitionItems = 6_554;
/** LIMIT: the ports that ECS lets an instance reserve are 100, its GPUs 16; each is stored and shown in every event. */
const resourceMembers = 256;
/** LIMIT: the longest keys of labels and of options of log drivers have some 60 characters. */
const keyCharacters = 1_024;
/** LIMIT: as much as the overrides of a task. */
const documentCharacters = 8_192;

export const listLimits: readonly ListRow[] = [
  {
    itemsMax,
    members: [
      ...["acceleratorManufacturers", "acceleratorNames", "acceleratorTypes", "accessTypes", "alarmNames"],
      ...[
        "allowedInstanceTypes",
        "attachments",
        "attributes",
        "capacityProviderStrategy",
        "capacityProviders",
        "clientAliases",
      ],
      ...["clusters", "containerConfigurations", "containerDefinitions", "containerInstances"],
      ...[
        "containers",
        "managedAgents",
        "containerOverrides",
        "cpuManufacturers",
        "defaultCapacityProviderStrategy",
        "excludedInstanceTypes",
      ],
      ...["gatewayConnectors", "include", "inferenceAcceleratorOverrides", "inferenceAccelerators"],
      ...["instanceGenerations", "lifecycleHooks", "lifecycleStages", "loadBalancers", "localStorageTypes"],
      ...["metricConfigurations", "metricNames", "placementConstraints", "placementStrategy"],
      ...["requiresCompatibilities", "securityGroups", "serviceDeploymentArns", "serviceRegistries"],
      ...["serviceRevisionArns", "services", "settings", "status", "subnets", "tagKeys", "tagSpecifications", "tags"],
      ...["taskDefinitions", "tasks", "totalResources", "volumeConfigurations", "vpcLatticeConfigurations"],
    ],
  },
  {
    itemsMax: definitionItems,
    members: [
      ...["add", "command", "credentialSpecs", "dependsOn", "devices", "dnsSearchDomains", "dnsServers"],
      ...["dockerSecurityOptions", "drop", "entryPoint", "environment", "environmentFiles", "extraHosts"],
      ...["ignoredExitCodes", "links", "mountOptions", "mountPoints", "networkBindings", "permissions"],
      ...[
        "portMappings",
        "properties",
        "resourceRequirements",
        "secretOptions",
        "secrets",
        "systemControls",
        "tmpfs",
        "ulimits",
        "volumes",
      ],
      ...["volumesFrom"],
    ],
  },
  { itemsMax: resourceMembers, members: ["platformDevices", "stringSetValue"] },
];

export const mapLimits: readonly MapRow[] = [
  {
    entriesMax: definitionItems,
    keyCharactersMax: keyCharacters,
    members: ["dockerLabels", "driverOpts", "labels", "options"],
  },
];

export const documentLimits: readonly DocumentRow[] = [{ charactersMax: documentCharacters, members: ["hookDetails"] }];
