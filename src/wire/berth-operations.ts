import type { RefusalCode } from "../ecs/refusals.ts";
import * as shapes from "./berth-shapes.ts";
import type { DescribedStructure } from "./described-shapes.ts";
import type { OperationStatus } from "./operations.ts";

export type BerthOperation = OperationStatus & {
  readonly name: string;
  /** What it does, for docs/berth-api.md. */
  readonly about: string;
  readonly input: DescribedStructure;
  readonly output: DescribedStructure;
  /** The errors beyond those that every operation of ECS declares. */
  readonly errors: readonly RefusalCode[];
};

/**
 * Every operation that Berth adds to the ECS API, under a prefix of its own. No name is one of ECS's. `docs/berth-api.md` is made
 * from this table.
 */
export const berthOperations = [
  {
    name: "CancelDrain",
    status: "full",
    about:
      "Sets container instances that drain to ACTIVE again and forgets their deadline. What has moved stays where it is.",
    input: shapes.cancelDrainInput,
    output: shapes.cancelDrainOutput,
    errors: ["ClusterNotFoundException"],
  },
  {
    name: "DescribeAlarms",
    status: "full",
    about: "The alarms whose states SetAlarmState has told.",
    input: shapes.describeAlarmsInput,
    output: shapes.describeAlarmsOutput,
    errors: ["ClusterNotFoundException"],
  },
  {
    name: "DescribeDrain",
    status: "full",
    about: "How far drains are: what is left on each container instance, and what keeps it there.",
    input: shapes.describeDrainInput,
    output: shapes.drainsOutput,
    errors: ["ClusterNotFoundException"],
  },
  {
    name: "DescribeLostAgentPolicy",
    status: "full",
    about: "The policy that PutLostAgentPolicy has set.",
    input: shapes.describeLostAgentPolicyInput,
    output: shapes.lostAgentPolicyOutput,
    errors: ["ClusterNotFoundException"],
  },
  {
    name: "ExplainPlacement",
    status: "full",
    about:
      "Where tasks would go if they were asked for now, and for each container instance that cannot take one, everything that it lacks. Of a service, where more tasks of it would go. Changes nothing.",
    input: shapes.explainPlacementInput,
    output: shapes.explainPlacementOutput,
    errors: [
      "BlockedException",
      "ClusterNotFoundException",
      "PlatformTaskDefinitionIncompatibilityException",
      "PlatformUnknownException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
  {
    name: "PlanDrain",
    status: "full",
    about:
      "What a drain would do: which tasks would move where, which would stop, which cannot leave and why. Changes nothing.",
    input: shapes.planDrainInput,
    output: shapes.planDrainOutput,
    errors: ["ClusterNotFoundException"],
  },
  {
    name: "PutLostAgentPolicy",
    status: "full",
    about:
      "Sets what happens to the tasks of a container instance whose agent is gone. ECS leaves them as they were last known; with a policy, tasks of services are replaced after a time.",
    input: shapes.putLostAgentPolicyInput,
    output: shapes.lostAgentPolicyOutput,
    errors: ["ClusterNotFoundException"],
  },
  {
    name: "SetAlarmState",
    status: "full",
    about:
      "Tells what became of an alarm. Berth measures nothing itself: a deployment under way that names an alarm in state ALARM fails, and rolls back when it was made to.",
    input: shapes.setAlarmStateInput,
    output: shapes.setAlarmStateOutput,
    errors: ["ClusterNotFoundException"],
  },
  {
    name: "StartDrain",
    status: "full",
    about:
      "Sets container instances to DRAINING, as UpdateContainerInstancesState does, with a deadline if one is given.",
    input: shapes.startDrainInput,
    output: shapes.drainsOutput,
    errors: ["ClusterNotFoundException"],
  },
] as const satisfies readonly BerthOperation[];

/** The name of one of Berth's own operations. */
export type BerthOperationName = (typeof berthOperations)[number]["name"];

/** The name of one that Berth answers, in full or in part. */
export type BuiltBerthOperationName = Exclude<(typeof berthOperations)[number], { readonly status: "absent" }>["name"];

const byName: ReadonlyMap<string, BerthOperation> = new Map(berthOperations.map((entry) => [entry.name, entry]));

/** The row of the operation with exactly this name, or null. */
export function berthOperation(name: string): BerthOperation | null {
  return byName.get(name) ?? null;
}
