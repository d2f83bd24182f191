import type { Draw } from "../draw.ts";
import { alarmsMember } from "./alarm-calls.ts";
import type { Known } from "./known.ts";
import { placementMembers } from "./placement-members.ts";
import { type CallPlanner, clusterMember, clusterOf } from "./planned-call.ts";

/** LIMIT: few names keep the services of a run few, so that they interact and runs stay fast. */
const names = ["web", "api", "worker", "monitor"] as const;

/** Mostly a few. Rarely more than all hosts have room for. */
const counts = [
  [6, 0],
  [14, 1],
  [14, 2],
  [10, 3],
  [6, 5],
  [1, 12],
] as const;

/** Pairs that make a rollout start first, stop first, do both, or neither. */
const percentages = [
  [6, {}],
  [3, { minimumHealthyPercent: 50, maximumPercent: 100 }],
  [3, { minimumHealthyPercent: 0, maximumPercent: 100 }],
  [3, { minimumHealthyPercent: 100, maximumPercent: 150 }],
  [3, { minimumHealthyPercent: 34, maximumPercent: 134 }],
  [2, { minimumHealthyPercent: 100, maximumPercent: 101 }],
  [1, { minimumHealthyPercent: 120, maximumPercent: 90 }],
] as const;

const daemonPercentages = [
  [6, {}],
  [3, { minimumHealthyPercent: 50 }],
  [2, { minimumHealthyPercent: 100, maximumPercent: 101 }],
  [1, { maximumPercent: 200 }],
] as const;

const thresholds = [
  [4, {}],
  [2, { thresholdConfiguration: { type: "COUNT", value: 2 } }],
  [2, { thresholdConfiguration: { type: "UNBOUNDED_PERCENT", value: 50 } }],
  [1, { resetOnHealthyTask: false }],
  [1, { thresholdConfiguration: { type: "WISH", value: 0 } }],
] as const;

/** CreateService: a new one, an existing one with other members, or the same call again. */
export const createService: CallPlanner = (draw, known) => {
  const again = draw.pickOrNull(known.tokenCalls.filter(({ operation }) => operation === "CreateService"));
  if (again !== null && draw.chance(0.1)) return { operation: "CreateService", request: again.request };
  const taskDefinition = definitionOf(draw, known);
  if (taskDefinition === null) return null;
  const isDaemon = draw.chance(0.3);
  return {
    operation: "CreateService",
    request: {
      ...clusterMember(draw, known),
      serviceName: draw.chance(0.02) ? "no good name" : draw.pick(names),
      taskDefinition,
      ...(isDaemon
        ? { schedulingStrategy: "DAEMON" }
        : draw.maybe(0.97, () => ({ desiredCount: draw.weighted(counts) }))),
      ...networkOf(draw, known, taskDefinition),
      ...placeOf(draw, known, taskDefinition, isDaemon),
      ...draw.maybe(0.6, () => ({ deploymentConfiguration: configuration(draw, isDaemon) })),
      ...draw.maybe(0.2, () => ({ availabilityZoneRebalancing: draw.pick(["ENABLED", "DISABLED", "DISABLED"]) })),
      ...draw.maybe(0.15, () => ({ healthCheckGracePeriodSeconds: draw.pick([0, 30, 300]) })),
      ...draw.maybe(0.15, () => ({ enableECSManagedTags: true })),
      ...draw.maybe(0.15, () => ({ propagateTags: draw.pick(["SERVICE", "TASK_DEFINITION", "NONE", "WIND"]) })),
      ...draw.maybe(0.15, () => ({ tags: [{ key: "owner", value: "test" }] })),
      ...draw.maybe(0.2, () => ({ clientToken: draw.hex(12) })),
    },
  };
};

/** UpdateService: a scaling, a rollout, another configuration, or several of these at once. */
export const updateService: CallPlanner = (draw, known) => {
  const service = draw.pickOrNull(known.services);
  if (service === null) return null;
  const isDaemon = known.daemons.has(service) !== draw.chance(0.05);
  const taskDefinition = draw.chance(0.4) ? definitionOf(draw, known) : null;
  return {
    operation: "UpdateService",
    request: {
      ...clusterOf(draw, known, service),
      service: serviceReference(draw, service),
      ...(isDaemon ? {} : draw.maybe(0.5, () => ({ desiredCount: draw.weighted(counts) }))),
      ...(taskDefinition === null ? {} : { taskDefinition, ...networkOf(draw, known, taskDefinition) }),
      ...draw.maybe(0.25, () => ({ forceNewDeployment: true })),
      ...draw.maybe(0.25, () => ({ deploymentConfiguration: configuration(draw, isDaemon) })),
      ...draw.maybe(0.15, () => (isDaemon ? { placementConstraints: [] } : placementMembers(draw))),
      ...draw.maybe(0.06, () => ({
        capacityProviderStrategy: strategy(draw),
        ...draw.maybe(0.8, () => ({ forceNewDeployment: true })),
      })),
      ...draw.maybe(0.1, () => ({ availabilityZoneRebalancing: draw.pick(["ENABLED", "DISABLED"]) })),
      ...draw.maybe(0.1, () => ({ healthCheckGracePeriodSeconds: draw.pick([0, 60, -1]) })),
    },
  };
};

export const deleteService: CallPlanner = (draw, known) => {
  const service = draw.pickOrNull(known.services);
  if (service === null) return null;
  return {
    operation: "DeleteService",
    request: {
      ...clusterOf(draw, known, service),
      service: serviceReference(draw, service),
      ...draw.maybe(0.6, () => ({ force: draw.chance(0.9) })),
    },
  };
};

export const describeServices: CallPlanner = (draw, known) => {
  const first = draw.pickOrNull(known.services);
  return {
    operation: "DescribeServices",
    request: {
      ...clusterOf(draw, known, first),
      services: [...(first === null ? ["nobody"] : [first]), ...draw.some(known.services, 3)].map((arn) =>
        serviceReference(draw, arn),
      ),
      ...draw.maybe(0.3, () => ({ include: ["TAGS"] })),
    },
  };
};

export const listServices: CallPlanner = (draw, known) => ({
  operation: "ListServices",
  request: {
    ...clusterMember(draw, known),
    ...draw.maybe(0.2, () => ({ schedulingStrategy: draw.pick(["REPLICA", "DAEMON"]) })),
    ...draw.maybe(0.2, () => ({ launchType: draw.pick(["EC2", "FARGATE"]) })),
    ...draw.maybe(0.4, () => ({ maxResults: draw.between(1, 3) })),
    ...(known.pageTokens.length === 0 ? {} : draw.maybe(0.1, () => ({ nextToken: draw.pick(known.pageTokens) }))),
  },
});

export const listServicesByNamespace: CallPlanner = () => ({
  operation: "ListServicesByNamespace",
  request: { namespace: "inside" },
});

function definitionOf(draw: Draw, known: Known): string | null {
  const takesInactive = draw.chance(0.03);
  const isTaken = (name: string): boolean =>
    (known.takesFleeting || !known.fleeting.has(name)) && (takesInactive || !known.inactive.has(name));
  return draw.weighted([
    [24, draw.pickOrNull(known.taskDefinitions.filter(isTaken))],
    [10, draw.pickOrNull(known.families.filter(isTaken))],
    [1, "nothing:7"],
  ]);
}

function networkOf(draw: Draw, known: Known, taskDefinition: string): object {
  return draw.maybe(known.ownNetwork.has(taskDefinition) ? 0.97 : 0.03, () => ({
    networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
  }));
}

/** By launch type, by a strategy, or the cluster's default, with constraints and strategies where they are allowed. */
function placeOf(draw: Draw, known: Known, taskDefinition: string, isDaemon: boolean): object {
  if (known.forFargate.has(taskDefinition) && draw.chance(0.95)) {
    return draw.weighted<object>([
      [4, { launchType: "FARGATE" }],
      [2, { capacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }] }],
      [1, {}],
    ]);
  }
  const placement = isDaemon ? draw.maybe(0.25, () => constraintsOnly(placementMembers(draw))) : placementMembers(draw);
  const launch = draw.weighted<object>([
    [10, { launchType: "EC2" }],
    [5, {}],
    [isDaemon ? 1 : 5, { capacityProviderStrategy: strategy(draw) }],
    [1, { launchType: "EXTERNAL" }],
  ]);
  return { ...placement, ...launch };
}

function constraintsOnly(members: { readonly placementConstraints?: object }): object {
  const { placementConstraints } = members;
  return placementConstraints === undefined ? {} : { placementConstraints };
}

/** Over the providers that hosts belong to, and rarely others. */
const strategy = (draw: Draw): object[] =>
  draw.weighted<object[]>([
    [6, [{ capacityProvider: "mine", weight: 1 }]],
    [
      4,
      [
        { capacityProvider: "mine", base: 1, weight: 1 },
        { capacityProvider: "yours", weight: 2 },
      ],
    ],
    [2, [{ capacityProvider: "FARGATE", weight: 1 }]],
    [1, [{ capacityProvider: "nobodys", weight: 0 }]],
    [1, []],
  ]);

function configuration(draw: Draw, isDaemon: boolean): object {
  return {
    ...draw.weighted<object>(isDaemon ? daemonPercentages : percentages),
    ...draw.maybe(0.2, () => alarmsMember(draw)),
    ...draw.maybe(0.5, () => ({
      deploymentCircuitBreaker: {
        enable: draw.chance(0.8),
        rollback: draw.chance(0.7),
        ...draw.weighted<object>(thresholds),
      },
    })),
  };
}

/** By ARN or by name, occasionally an unknown one. */
function serviceReference(draw: Draw, arn: string): string {
  return draw.weighted([
    [10, arn],
    [6, arn.slice(arn.lastIndexOf("/") + 1)],
    [1, "nobody"],
  ]);
}
