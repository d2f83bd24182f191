/** The limits of ECS and Berth, each with its source. */
export const limits = {
  // AWS: service quotas and API reference.
  clusters: 10_000,
  /** LIMIT: a tenth of the clusters of an account; a polling tool sees a deleted cluster within minutes. */
  inactiveClusters: 1_000,
  containerInstancesPerCluster: 5_000,
  /** LIMIT: as many as a cluster may have registered, so a whole fleet can be replaced within the hour. */
  inactiveInstancesPerCluster: 5_000,
  /** LIMIT: as many as the largest service may have running, so all its tasks can be replaced within the hour. */
  stoppedTasksPerCluster: 100_000,
  /** LIMIT: fifty RunTask calls a second for an hour; the SDKs retry within minutes. */
  runTaskTokensPerCluster: 200_000,
  /** LIMIT: two for each instance of a full cluster; the SDKs retry within minutes. */
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
  /** LIMIT: AWS gives no number per account; ten years of thirty registrations a day, not counting deleted ones. */
  taskDefinitions: 100_000,
  /** LIMIT: all of them are in memory: 2,600 characters each at the maximum count, or 64 KiB each for 4,000 of the largest. */
  taskDefinitionCharacters: 268_435_456,
  /** LIMIT: a family's name outlives its revisions, so no revision number is used twice; as many as revisions. */
  taskDefinitionFamilies: 100_000,
  /** LIMIT: ten settings for each of a thousand principals; nothing checks that a principal exists. */
  accountSettings: 10_000,
  taskDefinitionsPerDelete: 10,
  placementConstraintsPerTask: 10,
  placementStrategiesPerTask: 5,
  servicesPerCluster: 5_000,
  /** LIMIT: a fifth of the services of a cluster; each can be described for an hour. */
  inactiveServicesPerCluster: 1_000,
  /** LIMIT: two deployments a day for the 90 days that AWS keeps them; if there are more, the newest are kept. */
  serviceDeploymentsPerService: 200,
  /** AWS: 5,000, raised on request; here nobody takes requests. */
  tasksPerService: 100_000,
  namesPerDescribeServices: 10,
  servicesPageSize: 10,
  servicesPageSizeMax: 100,
  eventsPerService: 100,
  alarmsPerDeployment: 10,
  /** LIMIT: far more than the services of a cluster watch; callers can't make it keep more. */
  alarmsPerCluster: 10_000,
  serviceDeploymentsPerDescribe: 20,
  serviceRevisionsPerDescribe: 20,
  serviceDeploymentsPageSize: 20,
  serviceClientTokenCharacters: 36,
  gracePeriodSeconds: 2_147_483_647,
  /** LIMIT: as many tasks as a service of a large fleet starts at once; a dry run of them takes up to a second, in slices. */
  tasksPerExplainPlacement: 1_000,
  /** LIMIT: more instances than anybody reads about; the summary counts all of them. */
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
  /** LIMIT: as many deleted capacity providers as deleted clusters can be described. */
  inactiveCapacityProviders: 1_000,
  /** LIMIT: AWS documents no quota per account; far more than clusters could use. */
  capacityProviders: 10_000,
  /** LIMIT: the longest Auto Scaling group ARN, with a group name of 255 characters, and a margin. */
  groupArnCharacters: 1_600,
  /** LIMIT: 250 ports, each on IPv4 and IPv6: far more than a task's containers use; they are stored with the task, 100 KB at most. */
  networkBindingsPerTask: 500,
  /** AWS: the longest life of a RunTask client token; it ends earlier, an hour after its last task stopped. */
  clientTokenMs: 86_400_000,
  /** LIMIT: the SDKs retry a registration for an hour at most; after that a token has no effect. */
  registrationTokenMs: 3_600_000,
  /** LIMIT: instance health reports come every 20 to 60 s; after three minutes without one, the data is out of date. */
  healthReportTimeoutMs: 180_000,
  /** LIMIT: after a restart of the control plane, agents reconnect within two minutes (their longest backoff). */
  reconnectGraceMs: 150_000,
  /** LIMIT: enough history for readers that fell behind, without letting the store grow indefinitely. */
  eventsKeptPerCluster: 500_000,
  /**
   * LIMIT: the bytes of those events, whichever limit is reached first: 500,000 events of the usual 1 KiB. Events with hundreds of
   * containers or long reasons are larger, and one cluster must not fill the disk that all share.
   */
  eventBytesKeptPerCluster: 536_870_912,
  /** LIMIT: how far back an event may point for unchanged attributes; that many more events stay in the store. */
  eventAttributesReach: 50_000,
  /** LIMIT: how often Berth asks clusters whether they still use a revision that is being deleted; nothing waits for the answer. */
  deletedRevisionsReviewMs: 60_000,
  /** LIMIT: how much longer than the account a deleted cluster's machine keeps its data, so the account forgets it first. */
  closedClusterMarginMs: 60_000,
  /** LIMIT: AWS starts accounts at 6 vCPUs and raises them to thousands on request; here nobody takes requests. */
  fargateVcpus: 4_000,
  /** LIMIT: what a cluster gets beyond what it wants, so that few starts on Fargate wait for the account; only while a quarter of the quota is free. */
  fargateVcpusAhead: 64,
  /** LIMIT: how long an idle host for Fargate tasks is kept: the next task starts at once, and unused hosts go away. */
  managedHostIdleMs: 300_000,
} as const;
