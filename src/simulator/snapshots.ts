import type { Outcome } from "./checkers/checker.ts";
import type { World } from "./world.ts";

/** LIMIT: what one Describe call takes. */
const idsMax = 100;
/** LIMIT: a snapshot is given up when the disk is slower than this. */
const patienceMs = 10_000;

type Shown = readonly Readonly<Record<string, unknown>>[];

/** Describes the instances, the tasks and again the instances of every cluster, and shows that to the checkers. */
export async function takeSnapshots(world: World): Promise<void> {
  for (const partition of [...world.state.partitions.values()]) {
    const cluster = /^cluster\/[^/]+\/[^/]+\/(.+)$/.exec(partition.name)?.[1];
    if (cluster === undefined) continue;
    const containerInstances = [...partition.instances()].map(({ arn }) => arn).slice(0, idsMax);
    const tasks = [...partition.tasks()].filter(({ lastStatus }) => lastStatus !== "STOPPED").map(({ arn }) => arn);
    if (containerInstances.length === 0 || tasks.length > idsMax || tasks.length === 0) continue;
    const outcomes: Outcome[] = [];
    // Made in one turn, so that the machine takes them one after the other with little in between.
    for (const [operation, request] of [
      ["DescribeContainerInstances", { cluster, containerInstances }],
      ["DescribeTasks", { cluster, tasks }],
      ["DescribeContainerInstances", { cluster, containerInstances }],
    ] as const) {
      world.call(operation, request).then(
        (outcome) => outcomes.push(outcome),
        () => {},
      );
    }
    await world.clock.runUntil(() => outcomes.length === 3, patienceMs);
    const [before, described, after] = outcomes.map((outcome) => (outcome.type === "reply" ? outcome.reply : null));
    if (!before || !described || !after) continue;
    world.checkers.snapshot(
      {
        cluster,
        instancesBefore: before.containerInstances as Shown,
        tasks: described.tasks as Shown,
        instancesAfter: after.containerInstances as Shown,
      },
      world.state,
    );
  }
}
