import type { AnsweredName } from "../../../src/ecs/machine/operations.ts";
import type { RefusalCode } from "../../../src/ecs/refusals.ts";
import { must } from "../../../src/lib/assert.ts";
import { agentUserAgent, define, register, resources, runOne, untilTask, type World } from "../world.ts";

/** What exists before the cases run. Cases may use it but not change it; what they change they create themselves. */
export type Given = World & {
  /** Has `instance` and `spare`, and `task` on `instance`. */
  readonly cluster: string;
  readonly instance: string;
  /** A c5.large with the custom attribute `rack`. */
  readonly spare: string;
  /** RUNNING, of `definition`. */
  readonly task: string;
  readonly definition: string;
  readonly inactiveDefinition: string;
  readonly awsvpcDefinition: string;
  /** In `cluster`, ACTIVE, registered as by an agent that never connected. */
  readonly silent: string;
  /** In `cluster`, deregistered. */
  readonly inactiveInstance: string;
  /** ACTIVE, without container instances. */
  readonly emptyCluster: string;
  /** INACTIVE. */
  readonly deletedCluster: string;
};

/** An id that nothing has. */
export const nobody = "f".repeat(32);

/** A case in which the operation does its job. */
export type AnswerCase = {
  readonly operation: AnsweredName;
  readonly says: string;
  readonly run: (given: Given) => Promise<void>;
};

/** A refused request. `text` is null if nobody knows what ECS says. */
export type RefusalCase = {
  readonly operation: AnsweredName;
  readonly says: string;
  readonly code: RefusalCode;
  readonly text: string | RegExp | null;
  readonly request: (given: Given) => object;
};

export type Cases = { readonly answers: readonly AnswerCase[]; readonly refusals: readonly RefusalCase[] };

export const answers = (operation: AnsweredName, says: string, run: (given: Given) => Promise<void>): AnswerCase => ({
  operation,
  says,
  run,
});

export const refuses = (
  operation: AnsweredName,
  says: string,
  request: (given: Given) => object,
  code: RefusalCode,
  text: string | RegExp | null = null,
): RefusalCase => ({ operation, says, code, text, request });

/** The two refusals of every operation that names a cluster, an unknown one and one that is INACTIVE. */
export function refusesOtherClusters(operation: AnsweredName, request: (given: Given) => object): RefusalCase[] {
  return [
    refuses(
      operation,
      "a cluster that never existed",
      (given) => ({ ...request(given), cluster: "never-was" }),
      "ClusterNotFoundException",
      "Cluster not found.",
    ),
    refuses(
      operation,
      "an INACTIVE cluster",
      (given) => ({ ...request(given), cluster: given.deletedCluster }),
      "ClusterNotFoundException",
      "The referenced cluster was inactive.",
    ),
  ];
}

/** The refusals of every operation that returns pages. */
export function refusesBadPages(
  operation: AnsweredName,
  request: (given: Given) => object,
  sizeMax: number,
): RefusalCase[] {
  const of = (says: string, more: object) =>
    refuses(operation, says, (given) => ({ ...request(given), ...more }), "InvalidParameterException");
  return [
    of("pages of zero", { maxResults: 0 }),
    of("pages that are too large", { maxResults: sizeMax + 1 }),
    of("a token from elsewhere", { nextToken: "bm90IG91cnM=" }),
  ];
}

export async function furnish(world: World): Promise<Given> {
  const { ecs } = world;
  const [cluster, emptyCluster, deletedCluster] = ["given", "given-empty", "given-deleted"];
  for (const clusterName of [cluster, emptyCluster, deletedCluster]) await ecs.createCluster({ clusterName });
  await ecs.deleteCluster({ cluster: deletedCluster });
  const instance = await register(ecs, cluster);
  const definition = await define(ecs, "given");
  const task = await runOne(ecs, cluster, definition);
  await untilTask(ecs, cluster, task, "RUNNING");
  const inactiveDefinition = await define(ecs, "given-inactive");
  await ecs.deregisterTaskDefinition({ taskDefinition: inactiveDefinition });
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family: "given-awsvpc",
    networkMode: "awsvpc",
    containerDefinitions: [{ name: "main", image: "nginx", memory: 64 }],
  });
  const inactiveInstance = await register(ecs, cluster);
  await ecs.deregisterContainerInstance({ cluster, containerInstance: inactiveInstance });
  const registered = await ecs.registerContainerInstance({
    cluster,
    totalResources: resources(1_024, 2_048),
    attributes: [{ name: "ecs.instance-type", value: "c5.large" }],
  });
  const spare = must(registered.containerInstance?.containerInstanceArn, "the spare instance");
  const target = { targetType: "container-instance", targetId: spare } as const;
  await ecs.putAttributes({ cluster, attributes: [{ name: "rack", value: "1", ...target }] });
  return {
    ...world,
    cluster,
    instance,
    spare,
    task,
    definition,
    inactiveDefinition,
    awsvpcDefinition: must(taskDefinition?.taskDefinitionArn, "the awsvpc definition"),
    silent: await register(world.client({ userAgent: agentUserAgent }), cluster),
    inactiveInstance,
    emptyCluster,
    deletedCluster,
  };
}
