/** How many items each list of a request may have, and how many entries each map. Rows name members as in `text-limits.ts`. */
export type ListRow = { readonly itemsMax: number; readonly members: readonly string[] };
export type MapRow = {
  readonly entriesMax: number;
  readonly keyCharactersMax: number;
  readonly members: readonly string[];
};
/** A member that accepts any JSON, limited by the length of its text. */
export type DocumentRow = { readonly charactersMax: number; readonly members: readonly string[] };

/** LIMIT: ten times the largest list that ECS documents, so ECS's own text comes first. */
const itemsMax = 1_000;
/** LIMIT: an item takes at least ten bytes of the 64 KiB that AWS allows for a task definition; the rulebook keeps 500 port bindings. */
const definitionItems = 6_554;
/** LIMIT: ECS lets an instance reserve 100 ports, and instances have up to 16 GPUs; each is stored and shown in every event. */
const resourceMembers = 256;
/** LIMIT: the longest keys of labels and log driver options have about 60 characters. */
const keyCharacters = 1_024;
/** LIMIT: as much as a task's overrides. */
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
