/**
 * How long ECS takes for what it does by itself, in milliseconds. These are settings: `ecsTimeline` has ECS's own values, and
 * `berth dev --time-scale N` makes them N times shorter, so you can rehearse a rollout in seconds. The scale doesn't shorten how long
 * finished things stay visible ({@link retentionNames}), because people and scripts read those at their own pace.
 */
export const ecsTimeline = {
  /** AWS: a stopped task can be described for an hour. */
  stoppedTaskRetentionMs: 3_600_000,
  /** AWS: INACTIVE container instances can be described for an hour. */
  inactiveInstanceRetentionMs: 3_600_000,
  /** LIMIT: AWS describes INACTIVE services for an undocumented time; an hour, as for tasks. */
  inactiveServiceRetentionMs: 3_600_000,
  /** AWS: service revisions and deployments are kept for 90 days. */
  serviceHistoryMs: 7_776_000_000,
  /** LIMIT: AWS keeps deleted clusters for an undocumented time; a day lets slow tools see INACTIVE. */
  inactiveClusterRetentionMs: 86_400_000,
  /** LIMIT: how long the simulated network takes to create or remove an ENI: long enough to see, short enough for a test. */
  networkInterfaceMs: 200,
  /** LIMIT: if an agent hasn't confirmed an ENI within five minutes, it won't; AWS stops the task with a timeout. */
  attachmentTimeoutMs: 300_000,
  /** AWS: a task that doesn't reach RUNNING within three hours is stopped, for example if a dependency never becomes HEALTHY. */
  startTimeoutMs: 10_800_000,
  /** LIMIT: AWS stops a task that waits for capacity after an undocumented time; users report minutes. */
  provisioningTimeoutMs: 900_000,
  /** AWS: a task without load balancer and health check is healthy once it has been RUNNING for this long. */
  healthyHoldMs: 40_000,
  /** LIMIT: the shortest time between two looks at a service whose tasks change; AWS doesn't document its own. */
  serviceLookMs: 1_000,
  /** LIMIT: if a service's tasks fit nowhere, Berth retries when capacity appears, and otherwise this often. */
  placementRetryMs: 60_000,
  /** LIMIT: the first pause of a service whose tasks don't start; each further failure doubles it. */
  startBackoffMs: 15_000,
  /** AWS: the longest of these pauses is 27 minutes. */
  startBackoffMaxMs: 1_620_000,
  /** AWS: an event that repeats the last one of its kind is held back for six hours. */
  serviceEventRepeatMs: 21_600_000,
  /** LIMIT: how long alarms watch a rollout after its tasks are running; AWS computes an undocumented time. */
  alarmBakeMs: 300_000,
  /** LIMIT: the length of a second in drain deadlines and the lost-agent policy, so they scale with the rest. */
  drainSecondMs: 1_000,
  /** LIMIT: how long the zones of a steady service must be unbalanced before tasks move; AWS doesn't document it. */
  rebalanceAfterMs: 60_000,
} as const;

export type Timeline = Readonly<Record<keyof typeof ecsTimeline, number>>;

/** How long finished things can be described. No scale shortens these. */
export const retentionNames = [
  "stoppedTaskRetentionMs",
  "inactiveInstanceRetentionMs",
  "inactiveServiceRetentionMs",
  "serviceHistoryMs",
  "inactiveClusterRetentionMs",
] as const satisfies readonly (keyof Timeline)[];

const isRetention = (name: string): boolean => (retentionNames as readonly string[]).includes(name);

/** The shortest values at any scale. */
const atLeast = new Map<keyof Timeline, number>([
  // LIMIT: agents confirm ENIs at their own pace, which no scale changes; this is enough even on a busy machine.
  ["attachmentTimeoutMs", 5_000],
  // LIMIT: images are also pulled and started at their own pace; with less, tasks that start well would be stopped.
  ["startTimeoutMs", 3_000],
]);

/** ECS's timeline made `scale` times shorter, at least one millisecond each. Retention is unchanged. */
export function scaledTimeline(scale: number): Timeline {
  const scaled = Object.entries(ecsTimeline).map(([name, ms]) => {
    const least = atLeast.get(name as keyof Timeline) ?? 1;
    return [name, isRetention(name) ? ms : Math.max(least, Math.round(ms / scale))];
  });
  return Object.fromEntries(scaled) as Timeline;
}
