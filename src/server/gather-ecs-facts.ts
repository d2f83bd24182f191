import type { ControlPlane } from "../cluster-runner/control-plane.ts";
import { instanceOf } from "../cluster-runner/partitions/cluster-place.ts";
import type { Place } from "../ecs/arn.ts";
import type { InstanceAddresses } from "../ecs/container-instances/private-address.ts";
import type { AnsweredName } from "../ecs/machine/operations.ts";
import { Refusal } from "../ecs/refusals.ts";
import type { Caller } from "../ecs/state/call.ts";
import { must } from "../lib/assert.ts";
import type { EcsFacts, FactsOfInstance, FactsOfService, FactsOfTask } from "../service-machine/ecs-facts.ts";

/** LIMIT: things of all clusters that one call looks at. 2,000 tasks took 20 ms (50 ms at first); this many take a fifth of a second, in 400 calls. */
const thingsMax = 20_000;

type WithoutAddress = Omit<FactsOfInstance, "privateAddress">;

type Asking = {
  readonly controlPlane: Pick<ControlPlane, "call" | "submit">;
  readonly place: Place;
  readonly caller: Caller;
  found: number;
};

/**
 * Everything in all clusters of an account in a region that has an address, asked for with ECS's own operations, a page at a time. Rejects with
 * RequestLimitExceeded beyond {@link thingsMax}.
 */
export async function gatherEcsFacts(
  controlPlane: Asking["controlPlane"],
  place: Place,
  caller: Caller,
): Promise<EcsFacts> {
  const asking: Asking = { controlPlane, place, caller, found: 0 };
  const tasks: FactsOfTask[] = [];
  const instances: FactsOfInstance[] = [];
  const services: FactsOfService[] = [];
  for await (const clusters of pages(asking, "ListClusters", {}, "clusterArns")) {
    for (const cluster of clusters) {
      for await (const each of pages(asking, "ListTasks", { cluster, desiredStatus: "RUNNING" }, "taskArns")) {
        tasks.push(...(await described<FactsOfTask>(asking, "DescribeTasks", cluster, "tasks", each)));
      }
      const inCluster: WithoutAddress[] = [];
      for await (const each of pages(asking, "ListContainerInstances", { cluster }, "containerInstanceArns")) {
        const found = await described(asking, "DescribeContainerInstances", cluster, "containerInstances", each);
        inCluster.push(...(found as WithoutAddress[]));
      }
      instances.push(...(await withAddresses(controlPlane, inCluster)));
      for await (const each of pages(asking, "ListServices", { cluster, maxResults: 10 }, "serviceArns")) {
        services.push(...(await described<FactsOfService>(asking, "DescribeServices", cluster, "services", each)));
      }
    }
  }
  return { tasks, instances, services };
}

/** Asks the cluster itself, because no operation of ECS shows the address of an instance. */
async function withAddresses(
  controlPlane: Asking["controlPlane"],
  instances: readonly WithoutAddress[],
): Promise<FactsOfInstance[]> {
  const [first] = instances;
  if (first === undefined) return [];
  const place = must(instanceOf(first.containerInstanceArn), "the place of an instance that a cluster has");
  const addresses = (await controlPlane.submit(place, { type: "instance-addresses" })) as InstanceAddresses;
  return instances.map((each) => ({ ...each, privateAddress: addresses[each.containerInstanceArn] ?? null }));
}

async function* pages(
  asking: Asking,
  operation: AnsweredName,
  request: object,
  member: string,
): AsyncGenerator<readonly string[]> {
  let nextToken: string | null = null;
  do {
    const reply = await call(asking, operation, { ...request, ...(nextToken !== null && { nextToken }) });
    const arns = (reply[member] ?? []) as readonly string[];
    asking.found += arns.length;
    if (asking.found > thingsMax) {
      const text = `Berth looks at no more than ${thingsMax} clusters, tasks, services and container instances for a call of EC2.`;
      throw new Refusal("RequestLimitExceeded", text);
    }
    if (arns.length > 0) yield arns;
    nextToken = (reply.nextToken as string | null | undefined) ?? null;
  } while (nextToken !== null);
}

async function described<T>(
  asking: Asking,
  operation: AnsweredName,
  cluster: string,
  member: string,
  arns: readonly string[],
): Promise<readonly T[]> {
  const reply = await call(asking, operation, { cluster, [member]: arns });
  return (reply[member] ?? []) as readonly T[];
}

/** A cluster that is deleted meanwhile has nothing. */
async function call(
  { controlPlane, place, caller }: Asking,
  operation: AnsweredName,
  request: object,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const reply = await controlPlane.call({ ...place, operation, request, caller, host: null });
    return reply as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof Refusal && error.code === "ClusterNotFoundException") return {};
    throw error;
  }
}
