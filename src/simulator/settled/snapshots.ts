import type { Outcome } from "../checkers/checker.ts";
import type { World } from "../world.ts";

/** LIMIT: what one Describe call accepts. */
const idsMax = 100;
/** LIMIT: a snapshot is given up if the disk is slower than this. */
const patienceMs = 10_000;

type Shown = readonly Readonly<Record<string, unknown>>[];

/** Describes the instances, the tasks and again the instances of every cluster, and passes that to the checkers. */
export async function takeSnapshots(world: World): Promise<void> {
  for (const partition of [...world.state.partitions.values()]) {
    const cluster = /^cluster\/[^/]+\/[^/]+\/(.+)$/.exec(partition.name)?.[1];
    if (cluster === undefined) continue;
    // Tasks that become durable later raise the version of their instance, which then is not compared.
    const versions = new Map([...partition.instances()].map(({ arn, version }) => [arn, version]));
    const containerInstances = [...versions.keys()].slice(0, idsMax);
    const tasks = [...partition.tasks()].filter(({ lastStatus }) => lastStatus !== "STOPPED").map(({ arn }) => arn);
    if (containerInstances.length === 0 || tasks.length > idsMax || tasks.length === 0) continue;
    // Sent in one turn, so that the machine processes them in order with little in between.
    let outcomes: readonly Outcome[] = [];
    const calls = [
      world.call("DescribeContainerInstances", { cluster, containerInstances }),
      world.call("DescribeTasks", { cluster, tasks }),
      world.call("DescribeContainerInstances", { cluster, containerInstances }),
    ];
    Promise.all(calls).then(
      (all) => {
        outcomes = all;
      },
      (error: unknown) => world.broken("a snapshot", error),
    );
    await world.clock.runUntil(() => outcomes.length > 0, patienceMs);
    const [before, described, after] = outcomes.map((outcome) => (outcome.type === "reply" ? outcome.reply : null));
    if (!before || !described || !after) continue;
    const instances = before.containerInstances as Shown;
    world.checkers.snapshot(
      {
        cluster,
        instancesBefore: instances.filter(
          (shown) => versions.get(shown.containerInstanceArn as string) === shown.version,
        ),
        tasks: described.tasks as Shown,
        instancesAfter: after.containerInstances as Shown,
      },
      world.state,
    );
  }
}
