/**
 * The resources that a request names. The table has a row for each operation, with every member that can name a resource. A test
 * walks the shapes of all requests and fails if a member is missing.
 */
import { type Resource, wholeAccount } from "../auth/authorize.ts";
import type { ResourceType } from "../auth/permissions.ts";
import { arnPrefix, clusterArn, type EcsArn, type Place, parseArn } from "../ecs/arn.ts";
import type { AnsweredOperation } from "../wire/api-operations.ts";

/**
 * How a member names something. `cluster`: by name or ARN. `container-instance`, `task`, `service`, `attachment`: by id or name in the
 * cluster of the call, or by ARN. `arn`: by an ARN that says all. `task-definition`, `capacity-provider`: by name or ARN, of the
 * account. `used-...`: likewise, but it is only used. `outside`: of another AWS service, or no resource.
 */
type Naming =
  | "arn"
  | "attachment"
  | "capacity-provider"
  | "cluster"
  | "container-instance"
  | "outside"
  | "service"
  | "task"
  | "task-definition"
  | "used-capacity-provider"
  | "used-task-definition";

/** `otherwise` is what a request is about whose members name no cluster: the cluster `default`, or nothing but its members. */
type Row = {
  readonly otherwise: "default-cluster" | "members";
  readonly members: Readonly<Record<string, Naming>>;
};

const inCluster = (members: Row["members"] = {}): Row => ({
  otherwise: "default-cluster",
  members: { cluster: "cluster", ...members },
});
const inAccount = (members: Row["members"] = {}): Row => ({ otherwise: "members", members });

const usedProviders = { "capacityProviderStrategy[].capacityProvider": "used-capacity-provider" } as const;
const overrides = { "overrides.executionRoleArn": "outside", "overrides.taskRoleArn": "outside" } as const;
const ebsRole = { "volumeConfigurations[].managedEBSVolume.roleArn": "outside" } as const;
const defaultProviders = {
  "capacityProviders[]": "used-capacity-provider",
  "defaultCapacityProviderStrategy[].capacityProvider": "used-capacity-provider",
} as const;
const managedInstances = {
  "managedInstancesProvider.infrastructureRoleArn": "outside",
  "managedInstancesProvider.instanceLaunchTemplate.ec2InstanceProfileArn": "outside",
  "managedInstancesProvider.instanceLaunchTemplate.capacityReservations.reservationGroupArn": "outside",
} as const;
const serviceSurroundings = {
  ...usedProviders,
  ...ebsRole,
  "loadBalancers[].targetGroupArn": "outside",
  "loadBalancers[].advancedConfiguration.alternateTargetGroupArn": "outside",
  "loadBalancers[].advancedConfiguration.roleArn": "outside",
  "serviceRegistries[].registryArn": "outside",
  "deploymentConfiguration.lifecycleHooks[].hookTargetArn": "outside",
  "deploymentConfiguration.lifecycleHooks[].roleArn": "outside",
  "serviceConnectConfiguration.namespace": "outside",
  "serviceConnectConfiguration.services[].tls.issuerCertificateAuthority.awsPcaAuthorityArn": "outside",
  "serviceConnectConfiguration.services[].tls.roleArn": "outside",
  "vpcLatticeConfigurations[].roleArn": "outside",
  "vpcLatticeConfigurations[].targetGroupArn": "outside",
  "vpcLatticeConfigurations[].advancedConfiguration.alternateTargetGroupArn": "outside",
} as const;

const rows: Readonly<Record<AnsweredOperation, Row>> = {
  CreateCapacityProvider: inAccount({
    name: "capacity-provider",
    cluster: "cluster",
    "autoScalingGroupProvider.autoScalingGroupArn": "outside",
    ...managedInstances,
  }),
  CreateCluster: {
    otherwise: "default-cluster",
    members: { clusterName: "cluster", ...defaultProviders, "serviceConnectDefaults.namespace": "outside" },
  },
  CreateService: inCluster({
    role: "outside",
    serviceName: "service",
    taskDefinition: "used-task-definition",
    ...serviceSurroundings,
  }),
  DeleteAccountSetting: inAccount({ principalArn: "outside" }),
  DeleteAttributes: inCluster({ "attributes[].targetId": "container-instance" }),
  DeleteCapacityProvider: inAccount({ capacityProvider: "capacity-provider", cluster: "cluster" }),
  DeleteCluster: inCluster(),
  DeleteService: inCluster({ service: "service" }),
  DeleteTaskDefinitions: inAccount({ "taskDefinitions[]": "task-definition" }),
  DeregisterContainerInstance: inCluster({ containerInstance: "container-instance" }),
  DeregisterTaskDefinition: inAccount({ taskDefinition: "task-definition" }),
  DescribeCapacityProviders: inAccount({ "capacityProviders[]": "capacity-provider", cluster: "cluster" }),
  DescribeClusters: { otherwise: "default-cluster", members: { "clusters[]": "cluster" } },
  DescribeContainerInstances: inCluster({ "containerInstances[]": "container-instance" }),
  DescribeServiceDeployments: inAccount({ "serviceDeploymentArns[]": "arn" }),
  DescribeServiceRevisions: inAccount({ "serviceRevisionArns[]": "arn" }),
  DescribeServices: inCluster({ "services[]": "service" }),
  DescribeTaskDefinition: inAccount({ taskDefinition: "task-definition" }),
  DescribeTasks: inCluster({ "tasks[]": "task" }),
  DiscoverPollEndpoint: inCluster({ containerInstance: "container-instance" }),
  GetTaskProtection: inCluster({ "tasks[]": "task" }),
  ListAccountSettings: inAccount({ principalArn: "outside" }),
  ListAttributes: inCluster(),
  ListClusters: inAccount(),
  ListContainerInstances: inCluster(),
  ListServiceDeployments: inCluster({ service: "service" }),
  ListServices: inCluster(),
  ListServicesByNamespace: inAccount({ namespace: "outside" }),
  ListTagsForResource: inAccount({ resourceArn: "arn" }),
  ListTaskDefinitionFamilies: inAccount({ familyPrefix: "outside" }),
  ListTaskDefinitions: inAccount({ familyPrefix: "outside" }),
  ListTasks: inCluster({ containerInstance: "container-instance", serviceName: "service", family: "outside" }),
  PutAccountSetting: inAccount({ principalArn: "outside" }),
  PutAccountSettingDefault: inAccount(),
  PutAttributes: inCluster({ "attributes[].targetId": "container-instance" }),
  PutClusterCapacityProviders: inCluster(defaultProviders),
  RegisterContainerInstance: inCluster({
    containerInstanceArn: "container-instance",
    "attributes[].targetId": "container-instance",
  }),
  RegisterTaskDefinition: inAccount({
    family: "task-definition",
    taskRoleArn: "outside",
    "containerDefinitions[].systemControls[].namespace": "outside",
    executionRoleArn: "outside",
    "volumes[].s3filesVolumeConfiguration.fileSystemArn": "outside",
    "volumes[].s3filesVolumeConfiguration.accessPointArn": "outside",
  }),
  RunTask: inCluster({ taskDefinition: "used-task-definition", ...usedProviders, ...overrides, ...ebsRole }),
  StartTask: inCluster({
    taskDefinition: "used-task-definition",
    "containerInstances[]": "container-instance",
    ...overrides,
    ...ebsRole,
  }),
  StopServiceDeployment: inAccount({ serviceDeploymentArn: "arn" }),
  StopTask: inCluster({ task: "task" }),
  SubmitAttachmentStateChanges: inCluster({ "attachments[].attachmentArn": "attachment" }),
  SubmitContainerStateChange: inCluster({ task: "task" }),
  SubmitTaskStateChange: inCluster({ task: "task", "attachments[].attachmentArn": "attachment" }),
  TagResource: inAccount({ resourceArn: "arn" }),
  UntagResource: inAccount({ resourceArn: "arn" }),
  UpdateCapacityProvider: inAccount({ name: "capacity-provider", cluster: "cluster", ...managedInstances }),
  UpdateCluster: inCluster({ "serviceConnectDefaults.namespace": "outside" }),
  UpdateClusterSettings: inCluster(),
  UpdateContainerAgent: inCluster({ containerInstance: "container-instance" }),
  UpdateContainerInstancesState: inCluster({ "containerInstances[]": "container-instance" }),
  UpdateService: inCluster({ service: "service", taskDefinition: "used-task-definition", ...serviceSurroundings }),
  UpdateTaskProtection: inCluster({ "tasks[]": "task" }),
  CancelDrain: inCluster({ "containerInstances[]": "container-instance" }),
  DescribeAlarms: inCluster(),
  DescribeDrain: inCluster({ "containerInstances[]": "container-instance" }),
  DescribeLostAgentPolicy: inCluster(),
  ExplainPlacement: inCluster({
    taskDefinition: "used-task-definition",
    service: "service",
    ...usedProviders,
    ...overrides,
  }),
  PlanDrain: inCluster({ "containerInstances[]": "container-instance" }),
  PutLostAgentPolicy: inCluster(),
  SetAlarmState: inCluster(),
  StartDrain: inCluster({ "containerInstances[]": "container-instance" }),
};

/** The members of an operation's request that can name a resource, as paths such as `tasks[]`. */
export const namingMembers = (operation: AnsweredOperation): readonly string[] => Object.keys(rows[operation].members);

/**
 * Everything that a parsed request names, at least one entry: the account as a whole when it names nothing. A reference to
 * another account or region has no cluster; the operation refuses it, or finds nothing.
 */
export function requestResources(operation: AnsweredOperation, request: object, place: Place): readonly Resource[] {
  const { otherwise, members } = rows[operation];
  const clusters: Resource[] = [];
  const references: { readonly naming: Naming; readonly text: string }[] = [];
  for (const [path, naming] of Object.entries(members)) {
    for (const text of textsAt(request, path.split("."))) {
      if (naming === "cluster") clusters.push(namedCluster(place, text));
      else if (naming !== "outside" && text !== "") references.push({ naming, text });
    }
  }
  if (otherwise === "default-cluster" && clusters.length === 0) clusters.push(namedCluster(place, ""));
  // The cluster that ids and names in this request belong to.
  const own = clusters[0]?.cluster ?? null;
  const found = [...clusters, ...references.map(({ naming, text }) => named(place, own, naming, text))];
  return found.length === 0 ? [wholeAccount] : found;
}

/** The resource that a container instance's agent speaks for when it opens a socket. */
export function instanceResource(place: Place & { readonly cluster: string }, instanceId: string): Resource {
  const { cluster } = place;
  const arn = shown(`${arnPrefix(place)}container-instance/${cluster}/${instanceId}`);
  return { arn, type: "container-instance", cluster, onlyUsed: false };
}

/** The texts at a path such as `attachments[].attachmentArn`. */
function textsAt(value: unknown, path: readonly string[]): string[] {
  const [step, ...rest] = path;
  if (step === undefined) return typeof value === "string" ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  const isList = step.endsWith("[]");
  const name = isList ? step.slice(0, -2) : step;
  const member: unknown = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  if (!isList) return textsAt(member, rest);
  return Array.isArray(member) ? member.flatMap((item: unknown) => textsAt(item, rest)) : [];
}

/** AWS: an empty name means `default`, in a list too. */
function namedCluster(place: Place, reference: string): Resource {
  if (reference.startsWith("arn:")) {
    const resource = byArn(place, null, reference);
    return resource.type === "cluster" ? resource : nothingHere(reference);
  }
  const cluster = reference === "" ? "default" : reference;
  return { arn: shown(clusterArn(place, cluster)), type: "cluster", cluster, onlyUsed: false };
}

function named(place: Place, own: string | null, naming: Naming, text: string): Resource {
  const onlyUsed = naming.startsWith("used-");
  if (text.startsWith("arn:")) return { ...byArn(place, own, text), onlyUsed };
  const type = (onlyUsed ? naming.slice("used-".length) : naming) as ResourceType;
  if (type === "task-definition" || type === "capacity-provider") {
    return { arn: shown(`${arnPrefix(place)}${type}/${text}`), type, cluster: null, onlyUsed };
  }
  if (own === null) return nothingHere(text);
  return { arn: shown(`${arnPrefix(place)}${type}/${own}/${text}`), type, cluster: own, onlyUsed };
}

/** What an ARN names. One in the short form (`task/ID`) is of the cluster `own`; without `own` it names nothing. */
function byArn(place: Place, own: string | null, text: string): Resource {
  const arn = parseArn(text);
  if (arn === null || arn.account !== place.account || arn.region !== place.region) return nothingHere(text);
  const [first = "", second] = arn.path;
  switch (arn.type) {
    case "cluster":
      return second === undefined ? whole(place, arn, first) : nothingHere(text);
    case "task-definition":
    case "capacity-provider":
      return whole(place, arn, null);
    case "attachment":
    case "container-instance":
    case "service":
    case "service-deployment":
    case "service-revision":
    case "task": {
      if (second !== undefined) return whole(place, arn, first);
      if (own === null) return nothingHere(text);
      const isHex = arn.type === "task" || arn.type === "container-instance";
      return whole(place, { ...arn, path: [own, isHex ? first.replaceAll("-", "") : first] }, own);
    }
    default:
      return nothingHere(text);
  }
}

/** A resource by the parts of its ARN, spelled in the one way in which Berth shows it. */
function whole(place: Place, { type, path }: EcsArn, cluster: string | null): Resource {
  const arn = shown(`${arnPrefix(place)}${type}/${path.join("/")}`);
  return { arn, type: type as ResourceType, cluster, onlyUsed: false };
}

const nothingHere = (reference: string): Resource => ({
  arn: shown(reference),
  type: "unknown",
  cluster: null,
  onlyUsed: false,
});

/** LIMIT: the longest ARN has about 600 characters; an error repeats only the beginning of anything longer. */
const shownMax = 1_024;
const shown = (arn: string): string => (arn.length > shownMax ? arn.slice(0, shownMax) : arn);
