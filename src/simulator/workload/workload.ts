import type { RandomStream } from "../../lib/random.ts";
import { Draw, type Weighted } from "../draw.ts";
import * as alarms from "./alarm-calls.ts";
import * as providers from "./capacity-provider-calls.ts";
import * as clusters from "./cluster-calls.ts";
import * as instances from "./container-instance-calls.ts";
import * as drains from "./drain-calls.ts";
import { Known } from "./known.ts";
import type { CallPlanner, PlannedCall } from "./planned-call.ts";
import * as services from "./service-calls.ts";
import * as history from "./service-deployment-calls.ts";
import * as others from "./tag-attribute-setting-calls.ts";
import * as tasks from "./task-calls.ts";
import * as definitions from "./task-definition-calls.ts";

/** Every operation that Berth answers, by how often it is called. */
export const planners: readonly Weighted<CallPlanner>[] = [
  [220, tasks.runTask],
  [20, tasks.explainPlacement],
  [60, tasks.startTask],
  [110, tasks.stopTask],
  [80, tasks.describeTasks],
  [20, tasks.listTasks],
  [8, tasks.getTaskProtection],
  [12, tasks.updateTaskProtection],
  [14, tasks.submitTaskStateChange],
  [10, tasks.submitContainerStateChange],
  [3, tasks.submitAttachmentStateChanges],
  [60, definitions.registerTaskDefinition],
  [8, definitions.deregisterTaskDefinition],
  [5, definitions.deleteTaskDefinitions],
  [10, definitions.describeTaskDefinition],
  [8, definitions.listTaskDefinitions],
  [4, definitions.listTaskDefinitionFamilies],
  [14, instances.registerContainerInstance],
  [12, instances.deregisterContainerInstance],
  [40, instances.describeContainerInstances],
  [15, instances.listContainerInstances],
  [30, instances.updateContainerInstancesState],
  [10, instances.updateContainerAgent],
  [4, instances.discoverPollEndpoint],
  [12, clusters.createCluster],
  [10, clusters.deleteCluster],
  [8, clusters.describeClusters],
  [5, clusters.listClusters],
  [4, clusters.updateCluster],
  [4, clusters.updateClusterSettings],
  [16, providers.createCapacityProvider],
  [3, providers.updateCapacityProvider],
  [4, providers.deleteCapacityProvider],
  [14, providers.putClusterCapacityProviders],
  [3, providers.describeCapacityProviders],
  [60, services.createService],
  [70, services.updateService],
  [16, services.deleteService],
  [30, services.describeServices],
  [8, services.listServices],
  [2, services.listServicesByNamespace],
  [6, alarms.setAlarmState],
  [2, alarms.describeAlarms],
  [12, history.stopServiceDeployment],
  [8, history.listServiceDeployments],
  [8, history.describeServiceDeployments],
  [6, history.describeServiceRevisions],
  [14, drains.startDrain],
  [16, drains.cancelDrain],
  [12, drains.planDrain],
  [12, drains.describeDrain],
  [8, drains.putLostAgentPolicy],
  [3, drains.describeLostAgentPolicy],
  [25, others.tagResource],
  [10, others.untagResource],
  [8, others.listTagsForResource],
  [20, others.putAttributes],
  [8, others.deleteAttributes],
  [6, others.listAttributes],
  [8, others.putAccountSetting],
  [3, others.putAccountSettingDefault],
  [4, others.deleteAccountSetting],
  [4, others.listAccountSettings],
];

/** LIMIT: planners without a subject are skipped; RegisterTaskDefinition never is, so this is never reached. */
const attemptsMax = 1_000;

const favouriteFactor = 4;

/** The calls that start and stop containers, and those that create the definitions to start. */
export const taskCalls: readonly CallPlanner[] = [
  tasks.runTask,
  tasks.startTask,
  tasks.stopTask,
  definitions.registerTaskDefinition,
];

/** The calls that create services and change what they want, and those that remove and restore their hosts. */
export const serviceCalls: readonly CallPlanner[] = [
  services.createService,
  services.updateService,
  services.describeServices,
  history.stopServiceDeployment,
  alarms.setAlarmState,
  definitions.registerTaskDefinition,
  drains.startDrain,
  drains.cancelDrain,
  drains.planDrain,
  drains.describeDrain,
  providers.createCapacityProvider,
  providers.putClusterCapacityProviders,
  tasks.updateTaskProtection,
  tasks.listTasks,
];

/** The calls of a run, in order. */
export class Workload {
  readonly known: Known;
  readonly #draw: Draw;
  /** Drawn for this run: if every run called everything equally often, all would meet the same few situations. */
  readonly #planners: readonly Weighted<CallPlanner>[];

  /** `favourites` come more often than otherwise. `takesFleeting`: see `Known`. */
  constructor(stream: RandomStream, takesFleeting: boolean, favourites: readonly CallPlanner[] = []) {
    this.known = new Known(takesFleeting);
    this.#draw = new Draw(stream);
    this.#planners = planners.map(([weight, planner]) => [
      weight * this.#draw.pick([1, 4, 4, 16]) * (favourites.includes(planner) ? favouriteFactor : 1),
      planner,
    ]);
  }

  next(): PlannedCall {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const planned = this.#draw.weighted(this.#planners)(this.#draw, this.known);
      if (planned !== null) return planned;
    }
    throw new Error("The workload finds nothing to call");
  }
}
