/**
 * How long ECS takes for what it does by itself, in milliseconds. These are settings: `ecsTimeline` has ECS's own values, and
 * `berth dev --time-scale N` makes them N times shorter, so that you can rehearse a rollout in seconds. It leaves out how long
 * finished things stay visible ({@link retentionNames}): people and scripts read those at their own pace.
 */
export const ecsTimeline = {
  /** AWS: a stopped task is described for an hour. */
  stoppedTaskRetentionMs: 3_600_000,
  /** AWS: so is an INACTIVE container instance. */
  inactiveInstanceRetentionMs: 3_600_000,
  /** LIMIT: AWS describes INACTIVE services for a time that it does not tell; an hour, as for tasks. */
  inactiveServiceRetentionMs: 3_600_000,
  /** AWS: service revisions and deployments are kept for 90 days. */
  serviceHistoryMs: 7_776_000_000,
  /** LIMIT: AWS keeps deleted clusters for an undocumented time; a day lets slow tools see INACTIVE. */
  inactiveClusterRetentionMs: 86_400_000,
  /** LIMIT: how long an ENI of the simulated network takes to be made or removed: long enough to be seen, short enough for a test. */
  networkInterfaceMs: 200,
  /** LIMIT: an agent that does not confirm an ENI in five minutes will not; AWS stops the task with a timeout. */
  attachmentTimeoutMs: 300_000,
  /** AWS: a task that does not reach RUNNING, as when a dependency never becomes HEALTHY, is stopped after three hours. */
  startTimeoutMs: 10_800_000,
  /** LIMIT: AWS stops a task that waits for capacity after a time that it does not tell; users report minutes. */
  provisioningTimeoutMs: 900_000,
  /** AWS: a task without load balancer and health check counts as healthy when it has been RUNNING for so long. */
  healthyHoldMs: 40_000,
  /** LIMIT: how soon after one look at a service the next follows when its tasks change; AWS does not tell its own pace. */
  serviceLookMs: 1_000,
  /** LIMIT: a service whose tasks fit nowhere is tried again when capacity comes, and at this pace when none comes. */
  placementRetryMs: 60_000,
  /** LIMIT: the first pause of a service whose tasks do not start; each failure in a row doubles it. */
  startBackoffMs: 15_000,
  /** AWS: the longest of those pauses is 27 minutes. */
  startBackoffMaxMs: 1_620_000,
  /** AWS: an event that would repeat the last one of its kind is held back for six hours. */
  serviceEventRepeatMs: 21_600_000,
  /** LIMIT: how long a rollout that alarms watch is held open when its tasks are there; AWS computes a time that it does not tell. */
  alarmBakeMs: 300_000,
  /** LIMIT: how long a second is in the deadlines of drains and in the lost-agent policy, so that these keep step with the rest. */
  drainSecondMs: 1_000,
  /** LIMIT: how long zones must be out of balance in a steady service before tasks are moved; AWS does not tell. */
  rebalanceAfterMs: 60_000,
} as const;

export type Timeline = Readonly<Record<keyof typeof ecsTimeline, number>>;

/** How long finished things can still be described. No scale shortens these. */
export const retentionNames = [
  "stoppedTaskRetentionMs",
  "inactiveInstanceRetentionMs",
  "inactiveServiceRetentionMs",
  "serviceHistoryMs",
  "inactiveClusterRetentionMs",
] as const satisfies readonly (keyof Timeline)[];

const isRetention = (name: string): boolean => (retentionNames as readonly string[]).includes(name);

/** What takes at least so long at any scale. */
const atLeast = new Map<keyof Timeline, number>([
  // LIMIT: agents confirm ENIs at their own pace, which no scale changes; in so much time even one on a busy machine has.
  ["attachmentTimeoutMs", 5_000],
  // LIMIT: images are pulled and started at their own pace, too; less than this would stop tasks that start well.
  ["startTimeoutMs", 3_000],
]);

/** ECS's timeline made `scale` times shorter, to the millisecond and never to nothing; retention keeps its length. */
export function scaledTimeline(scale: number): Timeline {
  const scaled = Object.entries(ecsTimeline).map(([name, ms]) => {
    const least = atLeast.get(name as keyof Timeline) ?? 1;
    return [name, isRetention(name) ? ms : Math.max(least, Math.round(ms / scale))];
  });
  return Object.fromEntries(scaled) as Timeline;
}
