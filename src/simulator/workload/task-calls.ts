import type { Draw } from "../draw.ts";
import type { Known } from "./known.ts";
import { placementMembers } from "./placement-members.ts";
import { type CallPlanner, clusterMember, clusterOf } from "./planned-call.ts";

/** RunTask, occasionally the same call again, or another one with its token. */
export const runTask: CallPlanner = (draw, known) => {
  const again = draw.pickOrNull(known.tokenCalls.filter(({ operation }) => operation === "RunTask"));
  if (again !== null && draw.chance(0.12)) {
    const changed = draw.chance(0.2) ? { count: draw.between(1, 3), group: "another" } : {};
    return { operation: "RunTask", request: { ...again.request, ...changed } };
  }
  const shared = launch(draw, known);
  if (shared === null) return null;
  return {
    operation: "RunTask",
    request: {
      ...clusterMember(draw, known),
      ...shared,
      ...draw.maybe(0.5, () => ({
        count: draw.weighted([
          [6, 2],
          [3, 4],
          [1, 10],
          [1, 11],
        ]),
      })),
      ...draw.maybe(0.3, () => ({ clientToken: draw.hex(12) })),
      ...(known.forFargate.has(shared.taskDefinition) && draw.chance(0.9) ? onFargate(draw) : onInstances(draw)),
      ...(known.forFargate.has(shared.taskDefinition) && draw.chance(0.95) ? {} : placementMembers(draw)),
    },
  };
};

/** Like RunTask, whose outcome it predicts. */
export const explainPlacement: CallPlanner = (draw, known) => {
  const planned = runTask(draw, known);
  if (planned === null) return null;
  const { clientToken: _clientToken, startedBy: _startedBy, tags: _tags, ...request } = planned.request;
  return { operation: "ExplainPlacement", request: { ...request, ...draw.maybe(0.5, () => ({ count: 30 })) } };
};

export const startTask: CallPlanner = (draw, known) => {
  const first = draw.pickOrNull(known.instances);
  const shared = launch(draw, known);
  if (first === null || shared === null) return null;
  return {
    operation: "StartTask",
    request: {
      ...clusterOf(draw, known, first),
      ...shared,
      containerInstances: [first, ...(draw.chance(0.3) ? draw.some(known.instances, 2) : [])],
    },
  };
};

/** On container instances: by launch type, by the strategy of the cluster, or by one over the providers of some hosts. */
function onInstances(draw: Draw): object {
  return draw.weighted<object>([
    [50, {}],
    [8, { launchType: "EC2" }],
    [1, { launchType: "FARGATE" }],
    [1, { launchType: "EXTERNAL" }],
    [6, { capacityProviderStrategy: [{ capacityProvider: "mine", weight: 1 }] }],
    [
      3,
      {
        capacityProviderStrategy: [
          { capacityProvider: "mine", base: 1 },
          { capacityProvider: "yours", weight: 1 },
        ],
      },
    ],
  ]);
}

/** By launch type or by a strategy, for which the cluster must have the providers. */
function onFargate(draw: Draw): object {
  const spot = { capacityProvider: "FARGATE_SPOT", weight: 1 };
  return {
    ...draw.weighted<object>([
      [6, { launchType: "FARGATE" }],
      [2, { capacityProviderStrategy: [{ capacityProvider: "FARGATE", base: 1 }, spot] }],
      [1, { capacityProviderStrategy: [spot] }],
      [1, {}],
    ]),
    ...draw.maybe(0.2, () => ({ platformVersion: draw.pick(["LATEST", "1.3.0", "9.9"]) })),
  };
}

/** What RunTask and StartTask share. */
function launch(draw: Draw, known: Known): { readonly taskDefinition: string } | null {
  const taskDefinition = draw.weighted([
    [12, draw.pickOrNull(known.taskDefinitions)],
    [4, draw.pick(["web", "batch", "proxy", "cron", "model"])],
    [1, "nothing:7"],
  ]);
  if (taskDefinition === null) return null;
  return {
    taskDefinition,
    ...draw.maybe(known.ownNetwork.has(taskDefinition) ? 0.95 : 0.05, () => ({
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
    })),
    ...draw.maybe(0.2, () => ({ startedBy: draw.pick(["ci", "nightly"]) })),
    ...draw.maybe(0.1, () => ({
      group: draw.weighted([
        [5, "blue"],
        [1, "service:web"],
      ]),
    })),
    ...draw.maybe(0.2, () => ({ tags: [{ key: "run", value: draw.hex(4) }] })),
    ...draw.maybe(0.1, () => ({ enableECSManagedTags: true, propagateTags: "TASK_DEFINITION" })),
    ...draw.maybe(0.12, () => ({ overrides: overrides(draw) })),
  };
}

function overrides(draw: Draw): object {
  return {
    containerOverrides: [
      {
        name: draw.weighted([
          [9, "main"],
          [1, "nobody"],
        ]),
        ...draw.maybe(0.5, () => ({ command: draw.pick([["sleep", "3"], ["exit", "4"], ["true"]]) })),
        ...draw.maybe(0.4, () => ({ cpu: draw.pick([32, 256]) })),
        ...draw.maybe(0.3, () => ({ memory: draw.pick([64, 300]) })),
        ...draw.maybe(0.3, () => ({ environment: [{ name: "MODE", value: "test" }] })),
      },
    ],
  };
}

export const stopTask: CallPlanner = (draw, known) => {
  // New ones more often than others, so that stops meet starts that are under way.
  const task = known.reference(draw, draw.chance(0.5) ? known.tasks.slice(-4) : known.tasks);
  if (task === null) return null;
  return {
    operation: "StopTask",
    request: {
      ...clusterOf(draw, known, task),
      task,
      ...draw.maybe(0.5, () => ({ reason: "the simulator wants it so" })),
    },
  };
};

export const describeTasks: CallPlanner = (draw, known) => {
  const first = draw.pickOrNull(known.tasks);
  return {
    operation: "DescribeTasks",
    request: {
      ...clusterOf(draw, known, first),
      tasks: draw.some(known.tasks, 8).map((arn) => known.reference(draw, [arn]) ?? arn),
      ...draw.maybe(0.3, () => ({ include: ["TAGS"] })),
    },
  };
};

export const listTasks: CallPlanner = (draw, known) => ({
  operation: "ListTasks",
  request: {
    ...clusterMember(draw, known),
    ...draw.maybe(0.1, () => ({ family: draw.pick(["web", "batch"]) })),
    ...draw.maybe(0.3, () => ({ serviceName: draw.pick(["web", "api", "worker", "nobody"]) })),
    ...draw.maybe(0.2, () => ({ desiredStatus: draw.pick(["RUNNING", "STOPPED", "PENDING"]) })),
    ...draw.maybe(0.1, () => ({ startedBy: "ci" })),
    ...(known.instances.length === 0
      ? {}
      : draw.maybe(0.15, () => ({ containerInstance: draw.pick(known.instances) }))),
    ...draw.maybe(0.2, () => ({ launchType: draw.pick(["EC2", "EXTERNAL", "FARGATE"]) })),
    ...draw.maybe(0.3, () => ({ maxResults: draw.between(1, 10) })),
    ...(known.pageTokens.length === 0 ? {} : draw.maybe(0.1, () => ({ nextToken: draw.pick(known.pageTokens) }))),
  },
});

export const getTaskProtection: CallPlanner = (draw, known) => {
  const first = draw.pickOrNull(known.tasks);
  const tasks = first === null ? [] : [first, ...draw.some(known.tasks, 3)];
  return { operation: "GetTaskProtection", request: { cluster: "default", ...clusterOf(draw, known, first), tasks } };
};

export const updateTaskProtection: CallPlanner = (draw, known) => {
  const first = draw.pickOrNull(known.tasks);
  if (first === null) return null;
  return {
    operation: "UpdateTaskProtection",
    request: {
      cluster: "default",
      ...clusterOf(draw, known, first),
      tasks: [first, ...draw.some(known.tasks, 3)],
      protectionEnabled: draw.chance(0.7),
      ...draw.maybe(0.5, () => ({ expiresInMinutes: draw.pick([1, 5, 60, 0]) })),
    },
  };
};

/**
 * Reports from somebody who is not the agent: arbitrary ones for tasks that never existed, and for others only what is already
 * known. Otherwise control plane and agent would never agree on what nobody saw.
 */
export const submitTaskStateChange: CallPlanner = (draw, known) => {
  const task = draw.chance(0.3) ? null : draw.pickOrNull(known.tasks);
  const containers = [{ containerName: "main", status: "PENDING" }];
  const report =
    task === null
      ? {
          task: `arn:aws:ecs:eu-west-1:111122223333:task/default/${draw.hex(32)}`,
          status: draw.pick(["RUNNING", "STOPPED"]),
        }
      : { task, status: "PENDING", ...draw.maybe(0.6, () => ({ containers })) };
  return { operation: "SubmitTaskStateChange", request: { ...clusterOf(draw, known, task), ...report } };
};

export const submitContainerStateChange: CallPlanner = (draw, known) => {
  const task = draw.chance(0.3) ? null : draw.pickOrNull(known.tasks);
  const status = task === null ? draw.pick(["RUNNING", "STOPPED"]) : "PENDING";
  return {
    operation: "SubmitContainerStateChange",
    request: { ...clusterOf(draw, known, task), task: task ?? draw.hex(32), containerName: "main", status },
  };
};

export const submitAttachmentStateChanges: CallPlanner = (draw, known) => ({
  operation: "SubmitAttachmentStateChanges",
  request: {
    ...clusterMember(draw, known),
    attachments: [
      { attachmentArn: `arn:aws:ecs:eu-west-1:111122223333:attachment/default/${draw.hex(32)}`, status: "ATTACHED" },
    ],
  },
});
