import { must } from "../../lib/assert.ts";
import { type ImpedimentReason, newsOf } from "../documents/impediment.ts";
import type { ServiceCondition } from "../documents/service-condition.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { conditionOf } from "../state/service-documents.ts";
import { changeCondition } from "./change-standing.ts";
import { impedimentText } from "./impediment-text.ts";
import { announceAction, type ServiceAction, tellService } from "./service-announcements.ts";

/**
 * Notes what is in the way of a service, and says so in its events unless they said it before. AWS: an event that would repeat the last
 * one of its kind is held back while the condition lasts, or for six hours; it lasts until the service is steady, since one whose tasks
 * come and go gets on and does not with each of them. `detail` has the members of the event, where AWS has one beside the line.
 */
export function impede(
  step: ClusterStep,
  serviceName: string,
  reason: ImpedimentReason,
  detail: Readonly<Record<string, unknown>> = {},
  isOfBalance = false,
): void {
  const service = must(step.state.services.get(serviceName), "a service");
  const condition = conditionOf(step.state, serviceName);
  const known = condition.impediment;
  const news = newsOf(reason);
  const told = stillTold(step, condition);
  // Two reasons that take turns are told once each.
  const isHeldBack = told.some((line) => line.news === news);
  if (isHeldBack && known !== null && JSON.stringify(known.reason) === JSON.stringify(reason)) return;
  const since = known !== null && newsOf(known.reason) === news ? known.since : step.now;
  const impedimentsTold = isHeldBack ? told : [...told, { news, at: step.now }].slice(-toldMax);
  step.state.serviceConditions.put(serviceName, {
    ...condition,
    impediment: { reason, isOfBalance, since },
    impedimentsTold,
  });
  if (isHeldBack) return;
  tellService(step, serviceName, impedimentText(reason));
  const action = actions[reason.type];
  if (action !== null) announceAction(step, service, action, detail);
}

/** AWS: the event beside the line of the service's events; null where there is none. */
const actions: Readonly<Record<ImpedimentReason["type"], ServiceAction | null>> = {
  "no-instances": "SERVICE_TASK_PLACEMENT_FAILURE",
  "no-room": "SERVICE_TASK_PLACEMENT_FAILURE",
  "no-room-on-fargate": "SERVICE_TASK_PLACEMENT_FAILURE",
  "too-many-tasks-wait": "SERVICE_TASK_PLACEMENT_FAILURE",
  "empty-providers": "SERVICE_TASK_PLACEMENT_FAILURE",
  "no-room-in-zone": "SERVICE_TASK_PLACEMENT_FAILURE",
  "protected-from-rebalance": "TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION",
  "tasks-do-not-start": "SERVICE_TASK_START_IMPAIRED",
  "deployment-failed": null,
  "deployment-configuration": null,
  "protected-tasks": null,
};

/** Adds a line about a failed task to the service's events unless they said the same of another one, as {@link impede} does. */
export function tellTaskFailure(step: ClusterStep, serviceName: string, taskId: string, failure: string): void {
  if (!step.state.services.has(serviceName)) return;
  const condition = conditionOf(step.state, serviceName);
  const told = stillTold(step, condition);
  const news = `task failed: ${failure}`;
  if (told.some((line) => line.news === news)) return;
  const impedimentsTold = [...told, { news, at: step.now }].slice(-toldMax);
  step.state.serviceConditions.put(serviceName, { ...condition, impedimentsTold });
  tellService(step, serviceName, `(task ${taskId}) stopped: ${failure}`);
}

const stillTold = (step: ClusterStep, { impedimentsTold }: ServiceCondition): ServiceCondition["impedimentsTold"] =>
  impedimentsTold.filter(({ at }) => step.now < at + step.timeline.serviceEventRepeatMs);

/** LIMIT: there are few reasons for which a task is not placed; beyond these the oldest is told again. */
const toldMax = 12;

/** The service gets on again. */
export function clearImpediment(step: ClusterStep, serviceName: string): void {
  changeCondition(step, serviceName, (condition) =>
    condition.impediment === null ? condition : { ...condition, impediment: null },
  );
}
