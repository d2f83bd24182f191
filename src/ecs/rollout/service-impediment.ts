/** What the events of a service say about what is in its way, and how often. Pure. */
import { type Impediment, type ImpedimentReason, newsOf } from "../documents/impediment.ts";
import type { ServiceCondition } from "../documents/service-condition.ts";
import type { Timeline } from "../timeline.ts";
import { impedimentText } from "./impediment-text.ts";
import type { ServiceAction } from "./service-announcements.ts";

/** What becomes of the condition of a service, and what its events say. Null for nothing. */
export type Impeded = {
  readonly members: { readonly impediment: Impediment; readonly impedimentsTold: Told } | null;
  readonly news: { readonly line: string; readonly event: ServiceAction | null } | null;
};

type Told = ServiceCondition["impedimentsTold"];

/**
 * What follows when something is in the way of a service. AWS: an event that would repeat the last one of its kind is held back while the
 * condition lasts, or for six hours; it lasts until the service is steady, since one whose tasks come and go gets on and does not with each of
 * them.
 */
export function impeded(
  condition: ServiceCondition,
  reason: ImpedimentReason,
  isOfBalance: boolean,
  now: number,
  timeline: Timeline,
): Impeded {
  const known = condition.impediment;
  const news = newsOf(reason);
  const told = stillTold(condition, now, timeline);
  // Two reasons that take turns are told once each.
  const isHeldBack = isTold(told, news);
  if (isHeldBack && known !== null && JSON.stringify(known.reason) === JSON.stringify(reason)) {
    return { members: null, news: null };
  }
  const since = known !== null && newsOf(known.reason) === news ? known.since : now;
  const impediment = { reason, isOfBalance, since };
  if (isHeldBack) return { members: { impediment, impedimentsTold: told }, news: null };
  const members = { impediment, impedimentsTold: withTold(told, news, now) };
  return { members, news: { line: impedimentText(reason), event: actions[reason.type] } };
}

/** What the service's events have said when they say `news` now; null when they said it already and it is held back. */
export function toldWith(condition: ServiceCondition, news: string, now: number, timeline: Timeline): Told | null {
  const told = stillTold(condition, now, timeline);
  return isTold(told, news) ? null : withTold(told, news, now);
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

const stillTold = ({ impedimentsTold }: ServiceCondition, now: number, { serviceEventRepeatMs }: Timeline): Told =>
  impedimentsTold.filter(({ at }) => now < at + serviceEventRepeatMs);

const isTold = (told: Told, news: string): boolean => told.some((line) => line.news === news);

/** LIMIT: there are few reasons for which a task is not placed; beyond these the oldest is told again. */
const toldMax = 12;

const withTold = (told: Told, news: string, at: number): Told => [...told, { news, at }].slice(-toldMax);
