/** The inputs and outputs of Berth's own operations. What ECS has as well is taken from ECS, so that a call is told in the same words. */
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

/** A member of RunTask. */
const ofRunTask = (name: string, about: string): Member => ({
  shape: must(ecsShapes.of("RunTask").input.members.get(name), name),
  about,
});

const failure = structure("Failure", {
  arn: text("Of the container instance that was meant."),
  reason: text("`MISSING`, as in DescribeContainerInstances, or why this one cannot."),
  detail: text("A sentence about that; absent where the reason says it all."),
});
const failures = many(failure, "What could not be done, one by one.");

const explainPlacementInput = structure("ExplainPlacementRequest", {
  cluster,
  taskDefinition: text("`family`, `family:revision` or ARN, as in RunTask; needed unless `service` is there."),
  service: text(
    "Name or ARN of a REPLICA service, in place of all members but `cluster` and `count`, which it decides.",
  ),
  count: number("How many tasks; 1 unless told."),
  launchType: ofRunTask("launchType", "As in RunTask."),
  capacityProviderStrategy: ofRunTask("capacityProviderStrategy", "As in RunTask."),
  placementConstraints: ofRunTask("placementConstraints", "Beside those of the task definition, as in RunTask."),
  placementStrategy: ofRunTask("placementStrategy", "As in RunTask."),
  group: ofRunTask("group", "As in RunTask: spread and distinctInstance count the tasks of the same group."),
  overrides: ofRunTask("overrides", "As in RunTask."),
  networkConfiguration: ofRunTask("networkConfiguration", "As in RunTask."),
});

const need = structure("PlacementNeed", {
  cpu: number("CPU units."),
  memoryMiB: number("MiB that are reserved."),
  gpus: number("Whole GPUs."),
  tcpPorts: numbers("Fixed host ports."),
  udpPorts: numbers("Fixed host ports."),
  networkInterfaces: number("One in network mode awsvpc, else none."),
  resources: many(
    structure("NeededResource", { name: text("As it was registered."), value: number("Amount.") }),
    "Of resources that container instances were registered with under names of their own.",
  ),
  requiresAttributes: texts("Attributes that a container instance must have, `name` or `name=value`."),
});
const placement = structure("ExplainedPlacement", {
  containerInstanceArn: text("Where tasks would go."),
  ec2InstanceId: text("Of that container instance."),
  availabilityZone: text("Of that container instance."),
  count: number("How many of the tasks."),
});
const refusalReason = structure("PlacementRefusalReason", {
  reason: text("As in `failures` of RunTask, such as `RESOURCE:MEMORY`."),
  detail: text("A sentence that says what there is and what is asked for."),
  missing: number("How much is missing, in the unit of the resource; absent where there is nothing to measure."),
});
const refusal = structure("PlacementRefusal", {
  containerInstanceArn: text("Where the next task would not fit."),
  ec2InstanceId: text("Of that container instance."),
  status: text("Of that container instance."),
  reasons: many(refusalReason, "Everything that speaks against it, not the first thing only."),
});
const reasonCount = structure("PlacementReasonCount", {
  reason: text("As in `reasons`."),
  count: number("How many container instances have it."),
});
const closest = structure("ClosestContainerInstance", {
  containerInstanceArn: text("The one that comes closest."),
  reason: text("The first thing that speaks against it."),
  detail: text("A sentence about that."),
});

const failedTask = structure("FailedTask", {
  taskArn: text("The task."),
  stopCode: text("`TaskFailedToStart` or `EssentialContainerExited`."),
  stoppedReason: text("As in DescribeTasks."),
  stoppedAt: timestamp("When it was STOPPED."),
  containers: many(
    structure("FailedContainer", {
      name: text("Of the container."),
      exitCode: number("Absent when it never ran."),
      reason: text("As in DescribeTasks."),
      healthStatus: text("`UNHEALTHY` when its health check failed; else absent."),
    }),
    "The containers that say something about the failure.",
  ),
});
const explainPlacementOutput = structure("ExplainPlacementResponse", {
  taskDefinition: text("ARN of the revision."),
  need: one(need, "What one task asks of a container instance."),
  placements: many(placement, "Where tasks would go."),
  placedCount: number("How many of the tasks have a place."),
  unplacedCount: number("How many have none."),
  refusals: many(
    refusal,
    "Each container instance that does not take a task, with what it lacks, those that lack least first, at most 500: for the first task that finds no place, and when all find one for the first of all.",
  ),
  summary: many(reasonCount, "The reasons, the most frequent first."),
  closest: one(closest, "The container instance that lacks least; absent when all have a place or none is there."),
  noCandidates: text("Why there was no container instance to look at; absent when there was one, or all have a place."),
  failedTasks: many(failedTask, "The newest tasks of the service that failed, at most 5; empty without `service`."),
});

const taskOf = {
  taskArn: text("The task."),
  service: text("Name of its service; absent for a standalone task."),
} as const;
const blocker = {
  reason: text(
    "A word for what keeps the task where it is, such as `PERCENTAGES`, `NO_PLACE`, `PROTECTED` or `STANDALONE`.",
  ),
  detail: text("A sentence about that."),
} as const;

const planDrainInput = structure("PlanDrainRequest", { cluster, containerInstances });
const planDrainOutput = structure("PlanDrainResponse", {
  containerInstances: texts("ARNs of those that would drain."),
  moves: many(
    structure("PlannedMove", {
      ...taskOf,
      fromContainerInstanceArn: text("Where it runs."),
      toContainerInstanceArn: text("Where its replacement would go, as things are now; absent for Fargate."),
      startsFirst: boolean("Whether the replacement is healthy before the task stops."),
    }),
    "Tasks of services that would be replaced elsewhere.",
  ),
  stops: many(
    structure("PlannedStop", {
      ...taskOf,
      containerInstanceArn: text("Where it runs."),
      reason: text(
        "Why it stops without a replacement, in a word: `DAEMON`, `NO_PLACE`, `NOT_WANTED` or `SERVICE_DELETED`.",
      ),
      detail: text("A sentence about that."),
    }),
    "Tasks that would stop and not be replaced.",
  ),
  blockers: many(
    structure("PlannedBlocker", { ...taskOf, containerInstanceArn: text("Where it runs."), ...blocker }),
    "Tasks that could not leave.",
  ),
  stays: many(
    structure("PlannedStay", {
      taskArn: taskOf.taskArn,
      containerInstanceArn: text("Where it runs."),
      reason: text("Why draining does not concern it: `STANDALONE`."),
    }),
    "Tasks that draining leaves alone: they end when they end.",
  ),
  finishes: boolean("Whether the drain comes to its end by itself."),
});

const drain = structure("Drain", {
  containerInstanceArn: text("The container instance."),
  ec2InstanceId: text("Of that container instance."),
  status: text("Of that container instance: `DRAINING`, or `ACTIVE` when it does not drain."),
  startedAt: timestamp("When it was set to DRAINING; absent when it does not drain."),
  deadlineAt: timestamp("When what is left is stopped; absent without a deadline."),
  tasksAtStart: number("Tasks on it when the drain began; absent when it does not drain."),
  tasksRemaining: number("Tasks on it that are not STOPPED."),
  remaining: many(
    structure("RemainingTask", {
      ...taskOf,
      lastStatus: text("Where the task is."),
      desiredStatus: text("Where it shall go."),
      reason: text(
        "A word for what it waits for, such as `STOPPING`, `REPLACEMENT_NOT_HEALTHY`, or that of its blocker.",
      ),
      detail: text("A sentence about that."),
      since: timestamp("Since when."),
    }),
    "Those tasks.",
  ),
  blockers: many(
    structure("DrainBlocker", { ...taskOf, ...blocker, since: timestamp("Since when.") }),
    "Tasks that cannot leave for now, by name.",
  ),
  finished: boolean("Whether it drains and no task is left."),
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
    "After so many seconds, 1 to 172,800, what is left is stopped. Without it there is no deadline, nor one that was set before.",
  ),
});
const drainsOutput = structure("DrainsResponse", { drains, failures });

const cancelDrainInput = structure("CancelDrainRequest", { cluster, containerInstances });
const cancelDrainOutput = structure("CancelDrainResponse", {
  containerInstances: texts("ARNs of those that are ACTIVE again."),
  failures,
});

const alarm = structure("Alarm", {
  alarmName: text("As deployments name it."),
  stateValue: text("`OK`, `ALARM` or `INSUFFICIENT_DATA`."),
  stateReason: text("As it was given."),
  stateSince: timestamp("When it last changed."),
});

const setAlarmStateInput = structure("SetAlarmStateRequest", {
  cluster,
  alarmName: text("As `deploymentConfiguration.alarms` of services name it."),
  stateValue: text("`OK`, `ALARM` or `INSUFFICIENT_DATA`."),
  stateReason: text("Why, for people."),
});
const setAlarmStateOutput = structure("SetAlarmStateResponse", { alarm: one(alarm, "The alarm as it is now.") });
const describeAlarmsInput = structure("DescribeAlarmsRequest", { cluster });
const describeAlarmsOutput = structure("DescribeAlarmsResponse", {
  alarms: many(alarm, "Every alarm that the cluster was told of, by name."),
});

const lostAgentPolicy = structure("LostAgentPolicy", {
  replaceAfterSeconds: number("How long an agent may be gone; absent when the policy is off."),
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

/** Input and output of each operation that Berth adds: what the schemas of the SDK are for ECS. */
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
