import { ownPrefix } from "../checkers/writes.ts";
import type { Draw } from "../draw.ts";
import { type CallPlanner, clusterMember, clusterOf } from "./planned-call.ts";

const resources = (draw: Draw): object[] => [
  { name: "CPU", type: "INTEGER", integerValue: draw.pick([512, 1024, 2048]) },
  { name: "MEMORY", type: "INTEGER", integerValue: draw.pick([512, 1024, 4096]) },
  { name: "PORTS", type: "STRINGSET", stringSetValue: ["22", "2375", "2376", "51678"] },
  { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
  ...(draw.chance(0.1) ? [{ name: "licences", type: "DOUBLE", doubleValue: 1.5 }] : []),
  ...(draw.chance(0.3) ? [{ name: "seats", type: "INTEGER", integerValue: draw.pick([1, 2, 3]) }] : []),
];

/** Attributes with which every kind of task definition can be placed. */
const capabilities = [
  "com.amazonaws.ecs.capability.docker-remote-api.1.17",
  "com.amazonaws.ecs.capability.docker-remote-api.1.18",
  "com.amazonaws.ecs.capability.docker-remote-api.1.19",
  "com.amazonaws.ecs.capability.docker-remote-api.1.21",
  "com.amazonaws.ecs.capability.docker-remote-api.1.24",
  "com.amazonaws.ecs.capability.docker-remote-api.1.29",
  "ecs.capability.container-health-check",
  "ecs.capability.container-ordering",
  "ecs.capability.task-eni",
].map((name) => ({ name }));

/** RegisterContainerInstance without an agent behind it, unless a host adopts the instance. */
export const registerContainerInstance: CallPlanner = (draw, known) => {
  const again = draw.pickOrNull(known.tokenCalls.filter(({ operation }) => operation === "RegisterContainerInstance"));
  if (again !== null && draw.chance(0.3)) return { operation: "RegisterContainerInstance", request: again.request };
  return {
    operation: "RegisterContainerInstance",
    adopt: draw.chance(0.5),
    request: {
      ...clusterMember(draw, known),
      totalResources: resources(draw),
      versionInfo: { agentVersion: "1.90.0", agentHash: "abcdef01", dockerVersion: "DockerVersion: 25.0.8" },
      attributes: [
        ...capabilities,
        ...(draw.chance(0.3) ? [{ name: `${ownPrefix}rack`, value: "r1" }] : []),
        ...(draw.chance(0.5) ? [{ name: "berth.capacity-provider", value: draw.pick(["mine", "yours"]) }] : []),
      ],
      ...draw.maybe(0.4, () => ({ clientToken: draw.hex(16) })),
      ...draw.maybe(0.2, () => ({ tags: [{ key: "owner", value: "test" }] })),
      ...draw.maybe(0.1, () => ({ platformDevices: [{ id: `gpu-${draw.hex(4)}`, type: "GPU" }] })),
      ...draw.maybe(0.03, () => ({ totalResources: [{ name: "CPU", type: "WISHES", integerValue: -1 }] })),
    },
  };
};

export const deregisterContainerInstance: CallPlanner = (draw, known) => {
  const containerInstance = known.reference(draw, known.instances);
  if (containerInstance === null) return null;
  return {
    operation: "DeregisterContainerInstance",
    request: {
      ...clusterOf(draw, known, containerInstance),
      containerInstance,
      ...draw.maybe(0.5, () => ({ force: draw.chance(0.5) })),
    },
  };
};

export const describeContainerInstances: CallPlanner = (draw, known) => {
  const first = draw.pickOrNull(known.instances);
  return {
    operation: "DescribeContainerInstances",
    request: {
      ...clusterOf(draw, known, first),
      containerInstances: draw.some(known.instances, 6).map((arn) => known.reference(draw, [arn]) ?? arn),
      ...draw.maybe(0.3, () => ({ include: [draw.pick(["TAGS", "CONTAINER_INSTANCE_HEALTH", "WEATHER"])] })),
    },
  };
};

const filters = [
  "runningTasksCount == 0",
  "task:group == service:web",
  "attribute:rack in [r0, r1] and agentConnected == true",
  "not(status == DRAINING) or remainingCPU > 512",
  "registeredAt < 2030-01-01",
  "attribute:rack = r0",
] as const;

export const listContainerInstances: CallPlanner = (draw, known) => ({
  operation: "ListContainerInstances",
  request: {
    ...clusterMember(draw, known),
    ...draw.maybe(0.3, () => ({ status: draw.pick(["ACTIVE", "DRAINING", "REGISTERING", "INACTIVE"]) })),
    ...draw.maybe(0.3, () => ({ maxResults: draw.between(1, 4) })),
    ...draw.maybe(0.3, () => ({ filter: draw.pick(filters) })),
    ...(known.pageTokens.length === 0 ? {} : draw.maybe(0.1, () => ({ nextToken: draw.pick(known.pageTokens) }))),
  },
});

export const updateContainerInstancesState: CallPlanner = (draw, known) => {
  const first = draw.pickOrNull(known.instances);
  if (first === null) return null;
  const cluster = clusterOf(draw, known, first);
  return {
    operation: "UpdateContainerInstancesState",
    request: {
      ...cluster,
      containerInstances: [first, ...draw.some(known.instances, 2)],
      status: draw.weighted([
        [6, "DRAINING"],
        [8, "ACTIVE"],
        [1, "INACTIVE"],
      ]),
    },
  };
};

export const updateContainerAgent: CallPlanner = (draw, known) => {
  const containerInstance = known.reference(draw, known.instances);
  if (containerInstance === null) return null;
  return {
    operation: "UpdateContainerAgent",
    request: { ...clusterOf(draw, known, containerInstance), containerInstance },
  };
};

export const discoverPollEndpoint: CallPlanner = (draw, known) => {
  const containerInstance = known.reference(draw, known.instances);
  return {
    operation: "DiscoverPollEndpoint",
    request: {
      ...clusterOf(draw, known, containerInstance),
      ...(containerInstance === null ? {} : { containerInstance }),
    },
  };
};
