import type { ApiClient } from "../api-client.ts";
import { UsageError } from "../flags/flags.ts";
import { aligned, counted, idOf, instanceName } from "../text-table.ts";

/** A container instance that a drain is about. */
export type DrainInstance = {
  readonly arn: string;
  readonly name: string;
  readonly status: string;
  readonly tasks: number;
};

type Described = {
  readonly containerInstanceArn: string;
  readonly ec2InstanceId?: string;
  readonly status: string;
  readonly runningTasksCount?: number;
  readonly pendingTasksCount?: number;
};
type DescribeReply = {
  readonly containerInstances: readonly Described[];
  readonly failures: readonly { arn: string }[];
};
type ListReply = { readonly containerInstanceArns: readonly string[]; readonly nextToken?: string };
type ClusterMember = { readonly cluster?: string };

/** AWS: what DescribeContainerInstances accepts and ListContainerInstances returns at once. */
const perCall = 100;
/** LIMIT: for an ambiguous prefix, the message names a few of the matches. */
const ambiguousShown = 5;

const isWhole = (reference: string): boolean => reference.startsWith("arn:") || /^[0-9a-f]{32}$/.test(reference);

/**
 * The container instances that `references` mean, each once, in order. A reference is an id, an ARN, or a prefix of an EC2 id or
 * id that matches only one container instance of the cluster. Throws UsageError for one that matches none or several.
 */
export async function resolveInstances(
  api: ApiClient,
  cluster: ClusterMember,
  references: readonly string[],
): Promise<DrainInstance[]> {
  const whole = references.filter(isWhole);
  const byReference = new Map<string, DrainInstance>();
  for (const instance of await describeInstances(api, cluster, whole)) {
    const found = whole.find((reference) => idOf(reference) === idOf(instance.arn));
    if (found !== undefined) byReference.set(found, instance);
  }
  const missing = whole.find((reference) => !byReference.has(reference));
  if (missing !== undefined) throw notFound(missing, cluster);
  const beginnings = references.filter((reference) => !isWhole(reference));
  if (beginnings.length > 0) {
    const all = await allInstances(api, cluster);
    for (const beginning of beginnings) byReference.set(beginning, onlyOne(beginning, all, cluster));
  }
  const found = references.map((reference) => byReference.get(reference)).filter((each) => each !== undefined);
  return [...new Map(found.map((instance) => [instance.arn, instance])).values()];
}

/** All container instances of the cluster that are not INACTIVE, by name. */
export async function allInstances(api: ApiClient, cluster: ClusterMember): Promise<DrainInstance[]> {
  const all = await describeInstances(api, cluster, await listInstances(api, cluster));
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** LIMIT: a screen of container instances to choose from; the AWS CLI lists them all. */
const candidatesShown = 20;

/** Container instances to choose from, each on a line after the first. */
export function candidatesText(instances: readonly DrainInstance[]): string {
  if (instances.length === 0) return " The cluster has none.";
  const rows = instances
    .slice(0, candidatesShown)
    .map(({ name, status, tasks }) => [name, status, counted(tasks, "task")]);
  const more = instances.length - rows.length;
  return ["", ...aligned(rows, "  "), ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}

/** The names of container instances by ARN, as far as the cluster knows them. */
export async function namesOf(
  api: ApiClient,
  cluster: ClusterMember,
  arns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const instances = await describeInstances(api, cluster, [...new Set(arns)]);
  return new Map(instances.map(({ arn, name }) => [arn, name]));
}

function onlyOne(beginning: string, all: readonly DrainInstance[], cluster: ClusterMember): DrainInstance {
  const exact = all.find(({ name }) => name === beginning);
  if (exact !== undefined) return exact;
  const found = all.filter(({ arn, name }) => name.startsWith(beginning) || idOf(arn).startsWith(beginning));
  const [first, ...others] = found;
  if (first === undefined) throw notFound(beginning, cluster);
  if (others.length === 0) return first;
  const shown = found.slice(0, ambiguousShown).map(({ name }) => name);
  const more = found.length - shown.length;
  throw new UsageError(
    `${beginning} could be ${counted(found.length, "container instance")}: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`,
  );
}

function notFound(reference: string, { cluster = "default" }: ClusterMember): UsageError {
  return new UsageError(
    `There is no container instance ${reference} in the cluster ${idOf(cluster)}: give an id, an ARN, or how an EC2 id begins.`,
  );
}

async function listInstances(api: ApiClient, cluster: ClusterMember): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const request = { ...cluster, maxResults: perCall, ...(nextToken === undefined ? {} : { nextToken }) };
    const reply = (await api.ecs("ListContainerInstances", request)) as ListReply;
    arns.push(...reply.containerInstanceArns);
    nextToken = reply.nextToken;
  } while (nextToken !== undefined);
  return arns;
}

async function describeInstances(
  api: ApiClient,
  cluster: ClusterMember,
  references: readonly string[],
): Promise<DrainInstance[]> {
  const found: DrainInstance[] = [];
  for (let from = 0; from < references.length; from += perCall) {
    const request = { ...cluster, containerInstances: references.slice(from, from + perCall) };
    const { containerInstances } = (await api.ecs("DescribeContainerInstances", request)) as DescribeReply;
    for (const instance of containerInstances) {
      const { containerInstanceArn: arn, status, runningTasksCount = 0, pendingTasksCount = 0 } = instance;
      found.push({ arn, name: instanceName(instance), status, tasks: runningTasksCount + pendingTasksCount });
    }
  }
  return found;
}
