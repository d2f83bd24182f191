import type { ControlPlane } from "../src/cluster-runner/control-plane.ts";

type ClusterPlace = { readonly account: string; readonly region: string; readonly cluster: string };

/** Where the benchmarks' instances and tasks are, unless they say otherwise. */
export const place: ClusterPlace = { account: "123456789012", region: "us-east-1", cluster: "default" };

/** The places of `count` clusters, the first of which is `place`. */
export const placesOf = (count: number): ClusterPlace[] =>
  Array.from({ length: count }, (_, at) => (at === 0 ? place : { ...place, cluster: `cluster-${at}` }));

const caller = { principalArn: `arn:aws:iam::${place.account}:root`, isAgent: false } as const;

/** An agent's registration, with as many attributes as the official agent sends. */
const registration = {
  totalResources: [
    { name: "CPU", type: "INTEGER", integerValue: 1_000_000 },
    { name: "MEMORY", type: "INTEGER", integerValue: 10_000_000 },
    { name: "PORTS", type: "STRINGSET", stringSetValue: ["22", "2375", "2376", "51678", "51679"] },
    { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
  ],
  attributes: Array.from({ length: 57 }, (_, at) => ({ name: `ecs.capability.benchmark-capability-${at}` })),
};

/**
 * Creates the cluster, `count` connected instances without hosts behind them, and the task definition `bench`. Returns the
 * instances' ARNs.
 */
export async function makeFleet(controlPlane: ControlPlane, count: number, where = place): Promise<string[]> {
  const { cluster } = where;
  const call = (operation: "CreateCluster" | "RegisterContainerInstance" | "RegisterTaskDefinition", request: object) =>
    controlPlane.call({ ...where, operation, request, caller });
  await call("CreateCluster", { clusterName: cluster });
  await call("RegisterTaskDefinition", {
    family: "bench",
    containerDefinitions: [{ name: "main", image: "bench", cpu: 1, memory: 6, essential: true }],
  });
  const register = async (): Promise<string> => {
    const reply = (await call("RegisterContainerInstance", { ...registration, cluster })) as {
      containerInstance: { containerInstanceArn: string };
    };
    const arn = reply.containerInstance.containerInstanceArn;
    const report = {
      type: "agent-connected",
      isNewProcess: true,
      instanceId: arn.slice(arn.lastIndexOf("/") + 1),
      agentVersion: "1.100.0",
      agentHash: "benchmark",
      dockerVersion: "DockerVersion: 25.0.8",
    } as const;
    await controlPlane.submit(where, { type: "agent-report", report });
    return arn;
  };
  const arns: string[] = [];
  while (arns.length < count) {
    arns.push(...(await Promise.all(Array.from({ length: Math.min(200, count - arns.length) }, register))));
  }
  return arns;
}

/** Runs `count` tasks (a multiple of ten) of the definition `bench`. */
export async function runTasks(controlPlane: ControlPlane, count: number, where = place): Promise<void> {
  const request = { taskDefinition: "bench", count: 10, cluster: where.cluster };
  for (let done = 0; done < count; done += 500) {
    await Promise.all(
      Array.from({ length: Math.min(50, (count - done) / 10) }, () =>
        controlPlane.call({ ...where, operation: "RunTask", request, caller }),
      ),
    );
  }
}
