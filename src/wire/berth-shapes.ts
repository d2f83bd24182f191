/** The inputs and outputs of Berth's own operations. They reuse ECS's members where ECS has them, so a call looks the same. */
import type { BerthOperationName } from "../ecs/machine/operations.ts";
import { must } from "../lib/assert.ts";
import {
  boolean,
  type DescribedStructure,
  type Member,
  many,
  number,
  numbers,
  one,
  structure,
  text,
  texts,
  timestamp,
} from "./described-shapes.ts";
import { ecsShapes } from "./shapes.ts";

const cluster = text("Name or ARN; without it, `default`.");
const containerInstances = texts("Ids or ARNs, at most 100.");

/** A member that works as in RunTask. */
const ofRunTask = (name: string, about: string): Member => ({
  shape: must(ecsShapes.of("RunTask").input.members.get(name), name),
  about,
});

const failure = structure("Failure", {
  arn: text("The container instance in the request."),
  reason: text("`MISSING`, as in DescribeContainerInstances, or why it failed."),
  detail: text("The reason in a sentence; absent if `reason` is enough."),
});
const failures = many(failure, "The container instances for which the call failed.");

const explainPlacementInput = structure("ExplainPlacementRequest", {
  cluster,
  taskDefinition: text("`family`, `family:revision` or ARN, as in RunTask; required unless `service` is given."),
  service: text("Name or ARN of a REPLICA service; it replaces all members except `cluster` and `count`."),
  count: number("Number of tasks, 1 by default."),
  launchType: ofRunTask("launchType", "As in RunTask."),
  capacityProviderStrategy: ofRunTask("capacityProviderStrategy", "As in RunTask."),
  placementConstraints: ofRunTask(
    "placementConstraints",
    "In addition to those of the task definition, as in RunTask.",
  ),
  placementStrategy: ofRunTask("placementStrategy", "As in RunTask."),
  group: ofRunTask("group", "As in RunTask: spread and distinctInstance count the tasks of the same group."),
  overrides: ofRunTask("overrides", "As in RunTask."),
  networkConfiguration: ofRunTask("networkConfiguration", "As in RunTask."),
});

const need = structure("PlacementNeed", {
  cpu: number("CPU units."),
  memoryMiB: number("Reserved memory in MiB."),
  gpus: number("Whole GPUs."),
  tcpPorts: numbers("Fixed host ports."),
  udpPorts: numbers("Fixed host ports."),
  networkInterfaces: number("Network interfaces per task: 1 in network mode awsvpc, otherwise 0."),
  resources: many(
    structure("NeededResource", { name: text("As registered."), value: number("Amount.") }),
    "Resources that users registered on container instances.",
  ),
  requiresAttributes: texts("Attributes that a container instance must have, `name` or `name=value`."),
});
const placement = structure("ExplainedPlacement", {
  containerInstanceArn: text("The container instance."),
  ec2InstanceId: text("Of the container instance."),
  availabilityZone: text("Of the container instance."),
  count: number("How many of the tasks would go there."),
});
const refusalReason = structure("PlacementRefusalReason", {
  reason: text("As in `failures` of RunTask, such as `RESOURCE:MEMORY`."),
  detail: text("A sentence with what is available and what is needed."),
  missing: number("How much is missing, in the unit of the resource; absent if it can't be measured."),
});
const refusal = structure("PlacementRefusal", {
  containerInstanceArn: text("The container instance."),
  ec2InstanceId: text("Of the container instance."),
  status: text("Of the container instance."),
  reasons: many(refusalReason, "Every reason, not just the first."),
});
const reasonCount = structure("PlacementReasonCount", {
  reason: text("As in `reasons`."),
  count: number("Number of container instances with this reason."),
});
const closest = structure("ClosestContainerInstance", {
  containerInstanceArn: text("The container instance."),
  reason: text("Its first reason."),
  detail: text("The reason in a sentence."),
});

const failedTask = structure("FailedTask", {
  taskArn: text("The task."),
  stopCode: text("`TaskFailedToStart` or `EssentialContainerExited`."),
  stoppedReason: text("As in DescribeTasks."),
  stoppedAt: timestamp("When it was STOPPED."),
  containers: many(
    structure("FailedContainer", {
      name: text("The container's name."),
      exitCode: number("Absent if it never ran."),
      reason: text("As in DescribeTasks."),
      healthStatus: text("`UNHEALTHY` if its health check failed; otherwise absent."),
    }),
    "The containers involved in the failure.",
  ),
});
const explainPlacementOutput = structure("ExplainPlacementResponse", {
  taskDefinition: text("ARN of the revision."),
  need: one(need, "What one task needs from a container instance."),
  placements: many(placement, "Where tasks would go."),
  placedCount: number("Number of tasks that fit."),
  unplacedCount: number("Number of tasks that don't."),
  refusals: many(
    refusal,
    "Up to 500 container instances that can't take a task, those that lack least first: for the first task that doesn't fit or, if all fit, for the first task.",
  ),
  summary: many(reasonCount, "The reasons, the most frequent first."),
  closest: one(closest, "The container instance that lacks least; absent if all tasks fit or there is no instance."),
  noCandidates: text("Why there was no container instance to consider; absent if there was one, or all tasks fit."),
  failedTasks: many(failedTask, "Up to 5 of the service's newest failed tasks; empty without `service`."),
});

const taskOf = {
  taskArn: text("The task."),
  service: text("Name of its service; absent for a standalone task."),
} as const;
const blocker = {
  reason: text("What keeps the task, as a code such as `PERCENTAGES`, `NO_PLACE`, `PROTECTED` or `STANDALONE`."),
  detail: text("The reason in a sentence."),
} as const;

const planDrainInput = structure("PlanDrainRequest", { cluster, containerInstances });
const planDrainOutput = structure("PlanDrainResponse", {
  containerInstances: texts("ARNs of the instances that would drain."),
  moves: many(
    structure("PlannedMove", {
      ...taskOf,
      fromContainerInstanceArn: text("Where it runs."),
      toContainerInstanceArn: text("Where its replacement would go now; absent for Fargate."),
      startsFirst: boolean("Whether the replacement is healthy before the task stops."),
    }),
    "Service tasks that would be replaced elsewhere.",
  ),
  stops: many(
    structure("PlannedStop", {
      ...taskOf,
      containerInstanceArn: text("Where it runs."),
      reason: text("Why there is no replacement: `DAEMON`, `NO_PLACE`, `NOT_WANTED` or `SERVICE_DELETED`."),
      detail: text("The reason in a sentence."),
    }),
    "Tasks that would stop without a replacement.",
  ),
  blockers: many(
    structure("PlannedBlocker", { ...taskOf, containerInstanceArn: text("Where it runs."), ...blocker }),
    "Tasks that could not leave.",
  ),
  stays: many(
    structure("PlannedStay", {
      taskArn: taskOf.taskArn,
      containerInstanceArn: text("Where it runs."),
      reason: text("Why draining leaves it alone: `STANDALONE`."),
    }),
    "Tasks that draining leaves alone; they end by themselves.",
  ),
  finishes: boolean("Whether the drain would finish by itself."),
});

const drain = structure("Drain", {
  containerInstanceArn: text("The container instance."),
  ec2InstanceId: text("Of the container instance."),
  status: text("Its status: `DRAINING`, or `ACTIVE` if it isn't draining."),
  startedAt: timestamp("When it was set to DRAINING; absent if it isn't draining."),
  deadlineAt: timestamp("When remaining tasks are stopped; absent without a deadline."),
  tasksAtStart: number("Tasks on it when the drain began; absent if it isn't draining."),
  tasksRemaining: number("Tasks on it that are not STOPPED."),
  remaining: many(
    structure("RemainingTask", {
      ...taskOf,
      lastStatus: text("Its last status."),
      desiredStatus: text("The status it is heading for."),
      reason: text("What it waits for, as a code such as `STOPPING` or `REPLACEMENT_NOT_HEALTHY`, or its blocker's."),
      detail: text("The reason in a sentence."),
      since: timestamp("Since when."),
    }),
    "Those tasks.",
  ),
  blockers: many(
    structure("DrainBlocker", { ...taskOf, ...blocker, since: timestamp("Since when.") }),
    "Tasks that can't leave for now.",
  ),
  finished: boolean("True if it is draining and has no tasks left."),
});
const drains = many(drain, "One for each container instance.");

const describeDrainInput = structure("DescribeDrainRequest", {
  cluster,
  containerInstances: texts("Ids or ARNs, at most 100; without it, all that are DRAINING."),
});
const startDrainInput = structure("StartDrainRequest", {
  cluster,
  containerInstances,
  deadlineSeconds: number(
    "Remaining tasks are stopped after this many seconds, 1 to 172,800. Without it there is no deadline, and an earlier one is removed.",
  ),
});
const drainsOutput = structure("DrainsResponse", { drains, failures });

const cancelDrainInput = structure("CancelDrainRequest", { cluster, containerInstances });
const cancelDrainOutput = structure("CancelDrainResponse", {
  containerInstances: texts("ARNs of the instances that are ACTIVE again."),
  failures,
});

const alarm = structure("Alarm", {
  alarmName: text("Its name."),
  stateValue: text("`OK`, `ALARM` or `INSUFFICIENT_DATA`."),
  stateReason: text("As reported."),
  stateSince: timestamp("When it last changed."),
});

const setAlarmStateInput = structure("SetAlarmStateRequest", {
  cluster,
  alarmName: text("The name in `deploymentConfiguration.alarms` of services."),
  stateValue: text("`OK`, `ALARM` or `INSUFFICIENT_DATA`."),
  stateReason: text("The reason, for people."),
});
const setAlarmStateOutput = structure("SetAlarmStateResponse", { alarm: one(alarm, "The alarm after the call.") });
const describeAlarmsInput = structure("DescribeAlarmsRequest", { cluster });
const describeAlarmsOutput = structure("DescribeAlarmsResponse", {
  alarms: many(alarm, "Every alarm reported to the cluster, sorted by name."),
});

const lostAgentPolicy = structure("LostAgentPolicy", {
  replaceAfterSeconds: number("How long an agent may be gone; absent if the policy is off."),
});
const putLostAgentPolicyInput = structure("PutLostAgentPolicyRequest", {
  cluster,
  replaceAfterSeconds: number(
    "How long an agent may be gone before its tasks are replaced, 1 to 604,800. Without it, the policy is off.",
  ),
});
const describeLostAgentPolicyInput = structure("DescribeLostAgentPolicyRequest", { cluster });
const lostAgentPolicyOutput = structure("LostAgentPolicyResponse", {
  lostAgentPolicy: one(lostAgentPolicy, "The policy of the cluster."),
});

/** Input and output of each operation that Berth adds, like the SDK's schemas for ECS. */
export const berthShapes: Readonly<
  Record<BerthOperationName, { readonly input: DescribedStructure; readonly output: DescribedStructure }>
> = {
  CancelDrain: { input: cancelDrainInput, output: cancelDrainOutput },
  DescribeAlarms: { input: describeAlarmsInput, output: describeAlarmsOutput },
  DescribeDrain: { input: describeDrainInput, output: drainsOutput },
  DescribeLostAgentPolicy: { input: describeLostAgentPolicyInput, output: lostAgentPolicyOutput },
  ExplainPlacement: { input: explainPlacementInput, output: explainPlacementOutput },
  PlanDrain: { input: planDrainInput, output: planDrainOutput },
  PutLostAgentPolicy: { input: putLostAgentPolicyInput, output: lostAgentPolicyOutput },
  SetAlarmState: { input: setAlarmStateInput, output: setAlarmStateOutput },
  StartDrain: { input: startDrainInput, output: drainsOutput },
};
