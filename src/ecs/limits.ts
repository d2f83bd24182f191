/** Numbers that ECS or Berth bounds things with, each with its source. */
export const limits = {
  // AWS: service quotas and API reference.
  clusters: 10_000,
  /** LIMIT: deleted clusters that can be described, a tenth of those that an account may have; a tool that looks sees minutes of them. */
  inactiveClusters: 1_000,
  containerInstancesPerCluster: 5_000,
  /** LIMIT: as many deregistered instances as a cluster may have registered ones: a whole fleet that is replaced within the hour. */
  inactiveInstancesPerCluster: 5_000,
  /** LIMIT: as many stopped tasks as the largest service may have running: all of it is replaced within the hour. */
  stoppedTasksPerCluster: 100_000,
  /** LIMIT: fifty calls of RunTask a second for an hour; the SDKs repeat a call within minutes. */
  runTaskTokensPerCluster: 200_000,
  /** LIMIT: two for each instance of a full cluster; the SDKs repeat a call within minutes. */
  registrationTokensPerCluster: 10_000,
  tasksPerRunTask: 10,
  instancesPerStartTask: 10,
  idsPerDescribeTasks: 100,
  idsPerDescribeContainerInstances: 100,
  namesPerDescribeClusters: 100,
  idsPerUpdateContainerInstancesState: 10,
  tasksPerUpdateTaskProtection: 10,
  tasksPerGetTaskProtection: 100,
  protectionMinutesMax: 2_880,
  protectionMinutesDefault: 120,
  overridesCharacters: 8_192,
  containerMemoryMiBMin: 4,
  reservedPortsPerInstance: 100,
  portsPerPortRange: 100,
  startedByCharactersRunTask: 128,
  startedByCharactersStartTask: 36,
  groupCharacters: 255,
  clientTokenCharacters: 64,
  subnetsPerTask: 16,
  securityGroupsPerTask: 5,
  customAttributesPerInstance: 10,
  attributesPerPutAttributes: 10,
  attributeNameCharacters: 128,
  attributeValueCharacters: 128,
  tagsPerResource: 50,
  tagKeyCharacters: 128,
  tagValueCharacters: 256,
  nameCharacters: 255,
  containersPerTaskDefinition: 10,
  taskDefinitionBytes: 65_536,
  revisionsPerFamily: 1_000_000,
  /** LIMIT: AWS gives no number per account; ten years of thirty registrations a day, deleted ones not counted. */
  taskDefinitions: 100_000,
  /** LIMIT: all of them are in memory: 2,600 characters for each of as many as there may be, and 64 KiB for 4,000 of the largest. */
  taskDefinitionCharacters: 268_435_456,
  /** LIMIT: a family's name outlives its revisions, so that no number comes twice; as many as revisions. */
  taskDefinitionFamilies: 100_000,
  /** LIMIT: ten settings for each of a thousand principals, whose names nobody checks. */
  accountSettings: 10_000,
  taskDefinitionsPerDelete: 10,
  placementConstraintsPerTask: 10,
  placementStrategiesPerTask: 5,
  servicesPerCluster: 5_000,
  /** LIMIT: deleted services that can be described within their hour, a fifth of those that a cluster may have. */
  inactiveServicesPerCluster: 1_000,
  /** LIMIT: two deployments a day for the 90 days that AWS keeps them; of a service that is deployed more often, the newest. */
  serviceDeploymentsPerService: 200,
  /** AWS: 5,000, which is raised when somebody asks for more; nobody could be asked here. */
  tasksPerService: 100_000,
  namesPerDescribeServices: 10,
  servicesPageSize: 10,
  servicesPageSizeMax: 100,
  eventsPerService: 100,
  alarmsPerDeployment: 10,
  /** LIMIT: far more than the services of a cluster watch, and a bound on what callers can make it keep. */
  alarmsPerCluster: 10_000,
  serviceDeploymentsPerDescribe: 20,
  serviceRevisionsPerDescribe: 20,
  serviceDeploymentsPageSize: 20,
  serviceClientTokenCharacters: 36,
  gracePeriodSeconds: 2_147_483_647,
  /** LIMIT: as many tasks as a service of a large fleet asks for at once; a dry run of them takes up to a second, in slices. */
  tasksPerExplainPlacement: 1_000,
  /** LIMIT: more instances than anybody reads about; all of them are counted in the summary. */
  instancesPerExplainPlacement: 500,
  reasonCharacters: 1_024,
  stopReasonCharacters: 1_024,
  pageSize: 100,
  capacityProvidersPageSize: 10,
  capacityProvidersPerCluster: 20,
  capacityProvidersPerStrategy: 20,
  capacityProviderWeight: 1_000,
  capacityProviderBase: 100_000,
  namesPerDescribeCapacityProviders: 100,
  tasksWaitingForCapacity: 500,
  fargateStorageGiB: 20,
  accountSettingsPageSize: 10,
  /** LIMIT: deleted capacity providers that can be described, as many as deleted clusters. */
  inactiveCapacityProviders: 1_000,
  /** LIMIT: AWS tells no number of capacity providers that an account may have; far more than clusters could use. */
  capacityProviders: 10_000,
  /** LIMIT: as long as an ARN of Amazon Resource Names may be with a group's name of 255 characters in it, and then some. */
  groupArnCharacters: 1_600,
  /** LIMIT: 250 ports, each on IPv4 and IPv6: far more than the containers of a task have; they are stored with it, some 100 KB at most. */
  networkBindingsPerTask: 500,
  /** AWS: the longest life of a RunTask client token; it ends earlier, an hour after the last of its tasks has stopped. */
  clientTokenMs: 86_400_000,
  /** LIMIT: the SDKs retry a registration for an hour at most; after that a token repeats nothing. */
  registrationTokenMs: 3_600_000,
  /** LIMIT: instance health reports come each 20 to 60 s; after three missed minutes there is no data. */
  healthReportTimeoutMs: 180_000,
  /** LIMIT: agents reconnect within two minutes (their longest back-off) after the control plane restarts. */
  reconnectGraceMs: 150_000,
  /** LIMIT: a page of history for readers that fell behind, bounded so that the store does not grow for ever. */
  eventsKeptPerCluster: 500_000,
  /**
   * LIMIT: the bytes of those events, whichever comes first: some 500,000 of the usual 1 KiB. Events of hundreds of containers or
   * with long reasons are larger, and one cluster must not fill the disk of all.
   */
  eventBytesKeptPerCluster: 536_870_912,
  /** LIMIT: how far back an event may point for attributes that did not change; so many more events stay in the store. */
  eventAttributesReach: 50_000,
  /** LIMIT: how often clusters are asked whether they still use a revision that is being deleted; nothing waits for the answer. */
  deletedRevisionsReviewMs: 60_000,
  /** LIMIT: how much longer than the account a deleted cluster's machine keeps what it has, so that the account forgets it first. */
  closedClusterMarginMs: 60_000,
  /** LIMIT: AWS starts accounts at 6 vCPUs and raises them to thousands when asked; nobody could be asked here. */
  fargateVcpus: 4_000,
  /** LIMIT: what a cluster gets beyond what it wants, so that few starts on Fargate wait for the account; only while a quarter of the quota is free. */
  fargateVcpusAhead: 64,
  /** LIMIT: how long an idle host for Fargate tasks is kept: the next task starts at once, and nothing stays that nobody uses. */
  managedHostIdleMs: 300_000,
} as const;
