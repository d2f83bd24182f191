import type { Draw } from "../draw.ts";
import { definitionConstraints } from "./placement-members.ts";
import type { CallPlanner, PlannedCall } from "./planned-call.ts";

const families = ["web", "batch", "proxy", "cron", "model"] as const;

const images = [
  [20, "registry.example/app:1"],
  [8, "berth/sleep:2"],
  [5, "berth/sleep:60"],
  [3, "berth/sleep:200"],
  [4, "berth/exit:0"],
  [4, "berth/exit:3"],
  [3, "berth/crash-after:5"],
  [2, "berth/out-of-memory:4"],
  [3, "berth/unhealthy"],
  [3, "berth/cannot-pull"],
  [2, "berth/cannot-start"],
  [3, "berth/slow-pull:20"],
  [4, "berth/ignore-sigterm"],
  [1, "berth/impair-runtime"],
] as const;

/** RegisterTaskDefinition of many kinds. Some break a rule. */
export const registerTaskDefinition: CallPlanner = (draw) => {
  const networkMode = draw.weighted([
    [8, undefined],
    [4, "bridge"],
    [4, "host"],
    [6, "awsvpc"],
    [1, "none"],
    [1, "carrier-pigeon"],
  ]);
  const count = draw.weighted([
    [10, 1],
    [4, 2],
    [2, 3],
  ]);
  if (draw.chance(0.15)) return fargateDefinition(draw, count);
  return {
    operation: "RegisterTaskDefinition",
    request: {
      family: draw.chance(0.02) ? "not a family!" : draw.pick(families),
      containerDefinitions: Array.from({ length: count }, (_, at) => containerDefinition(draw, at, count, networkMode)),
      ...(networkMode === undefined ? {} : { networkMode }),
      ...draw.maybe(0.2, () => ({
        cpu: String(draw.pick([128, 256, 512])),
        memory: String(draw.pick([128, 256, 512])),
      })),
      ...draw.maybe(0.15, () => ({ taskRoleArn: "app" })),
      ...draw.maybe(0.1, () => ({ executionRoleArn: "arn:aws:iam::111122223333:role/prepare" })),
      ...draw.maybe(0.2, () => ({ tags: [{ key: "team", value: draw.pick(["blue", "green"]) }] })),
      ...draw.maybe(0.05, () => ({ requiresCompatibilities: [draw.pick(["EC2", "FARGATE", "MOON"])] })),
      ...draw.maybe(0.08, () => definitionConstraints(draw)),
    },
  };
};

/** One for Fargate, occasionally with a size that does not exist. */
function fargateDefinition(draw: Draw, count: number): PlannedCall {
  const containers = Array.from({ length: count }, (_, at) => {
    const {
      resourceRequirements: _gpus,
      memoryReservation: _soft,
      ...container
    } = containerDefinition(draw, at, count, "awsvpc") as Record<string, unknown>;
    return { ...container, cpu: draw.pick([0, 64]), memory: 128 };
  });
  return {
    operation: "RegisterTaskDefinition",
    request: {
      family: draw.pick(families),
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: "256",
      memory: draw.chance(0.05) ? "700" : "512",
      containerDefinitions: containers,
    },
  };
}

function containerDefinition(draw: Draw, at: number, count: number, networkMode: string | undefined): object {
  return {
    name: at === 0 ? "main" : `side-${at}`,
    image: draw.weighted(images),
    cpu: draw.pick([0, 10, 64, 128, 512]),
    ...draw.weighted<() => object>([
      [10, () => ({ memory: draw.pick([16, 64, 128, 512]) })],
      [3, () => ({ memoryReservation: draw.pick([16, 64]) })],
      [2, () => ({ memory: 256, memoryReservation: 128 })],
      [1, () => ({})],
    ])(),
    ...(at === 0 ? {} : { essential: draw.chance(0.4) }),
    ...draw.maybe(0.35, () => ({ portMappings: portMappings(draw, at, networkMode) })),
    ...draw.maybe(0.15, () => ({ healthCheck: { command: ["CMD-SHELL", "true"] } })),
    ...draw.maybe(0.1, () => ({ stopTimeout: draw.pick([2, 10, 60]) })),
    ...draw.maybe(0.06, () => ({ resourceRequirements: [{ type: "GPU", value: draw.pick(["1", "2"]) }] })),
    ...draw.maybe(0.03, () => ({ resourceRequirements: [{ type: draw.pick(["seats", "licences"]), value: "1" }] })),
    ...draw.maybe(0.1, () => ({ command: draw.pick([["sleep", "5"], ["exit", "1"], ["serve"]]) })),
    ...draw.maybe(0.1, () => ({
      image: draw.pick(["berth/sleep:60", "berth/sleep:60", "berth/crash-after:90", "nginx"]),
      restartPolicy: { enabled: true, ...draw.maybe(0.5, () => ({ ignoredExitCodes: [0] })), restartAttemptPeriod: 60 },
    })),
    ...(at + 1 === count
      ? {}
      : draw.maybe(0.4, () => ({
          dependsOn: [{ containerName: `side-${at + 1}`, condition: draw.pick(["START", "COMPLETE", "SUCCESS"]) }],
        }))),
  };
}

function portMappings(draw: Draw, at: number, networkMode: string | undefined): object[] {
  return Array.from({ length: draw.between(1, 2) }, (_, index) => {
    const containerPort = 8000 + 10 * at + index;
    if (networkMode === "host" || networkMode === "awsvpc") return { containerPort };
    return {
      containerPort,
      ...draw.maybe(0.5, () => ({ hostPort: draw.pick([0, 8080, 8081, 9000 + at, 40_000]) })),
      ...draw.maybe(0.3, () => ({ protocol: draw.pick(["tcp", "udp"]) })),
    };
  });
}

export const deregisterTaskDefinition: CallPlanner = (draw, known) => {
  const taskDefinition = draw.pickOrNull(known.taskDefinitions);
  return taskDefinition === null ? null : { operation: "DeregisterTaskDefinition", request: { taskDefinition } };
};

export const deleteTaskDefinitions: CallPlanner = (draw, known) => {
  const taskDefinitions = draw.some(known.taskDefinitions, 3);
  return taskDefinitions.length === 0 ? null : { operation: "DeleteTaskDefinitions", request: { taskDefinitions } };
};

export const describeTaskDefinition: CallPlanner = (draw, known) => {
  const taskDefinition = draw.chance(0.3) ? draw.pick(families) : draw.pickOrNull(known.taskDefinitions);
  if (taskDefinition === null) return null;
  return {
    operation: "DescribeTaskDefinition",
    request: { taskDefinition, ...draw.maybe(0.3, () => ({ include: ["TAGS"] })) },
  };
};

export const listTaskDefinitions: CallPlanner = (draw, known) => ({
  operation: "ListTaskDefinitions",
  request: {
    ...draw.maybe(0.3, () => ({ familyPrefix: draw.pick(families) })),
    ...draw.maybe(0.3, () => ({ status: draw.pick(["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"]) })),
    ...draw.maybe(0.3, () => ({ sort: draw.pick(["ASC", "DESC"]) })),
    ...draw.maybe(0.3, () => ({ maxResults: draw.between(1, 5) })),
    ...(known.pageTokens.length === 0 ? {} : draw.maybe(0.1, () => ({ nextToken: draw.pick(known.pageTokens) }))),
  },
});

export const listTaskDefinitionFamilies: CallPlanner = (draw) => ({
  operation: "ListTaskDefinitionFamilies",
  request: { ...draw.maybe(0.5, () => ({ status: draw.pick(["ACTIVE", "INACTIVE", "ALL"]) })) },
});
