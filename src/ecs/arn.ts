import { refuse } from "./refusals.ts";

/** Where a machine stands: the account (12 digits) and the region. */
export type Place = { readonly account: string; readonly region: string };

/** The ARN prefix of a place, up to and with the last colon. */
export function arnPrefix(place: Place): string {
  return `arn:${awsPartition(place.region)}:ecs:${place.region}:${place.account}:`;
}

function awsPartition(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  return "aws";
}

export const clusterArn = (place: Place, name: string): string => `${arnPrefix(place)}cluster/${name}`;
export const containerInstanceArn = (place: Place, cluster: string, id: string): string =>
  `${arnPrefix(place)}container-instance/${cluster}/${id}`;
export const taskArn = (place: Place, cluster: string, id: string): string =>
  `${arnPrefix(place)}task/${cluster}/${id}`;
export const containerArn = (place: Place, cluster: string, taskId: string, id: string): string =>
  `${arnPrefix(place)}container/${cluster}/${taskId}/${id}`;
export const attachmentArn = (place: Place, cluster: string, id: string): string =>
  `${arnPrefix(place)}attachment/${cluster}/${id}`;
export const serviceArn = (place: Place, cluster: string, name: string): string =>
  `${arnPrefix(place)}service/${cluster}/${name}`;
export const serviceDeploymentArn = (place: Place, cluster: string, service: string, id: string): string =>
  `${arnPrefix(place)}service-deployment/${cluster}/${service}/${id}`;
export const serviceRevisionArn = (place: Place, cluster: string, service: string, id: string): string =>
  `${arnPrefix(place)}service-revision/${cluster}/${service}/${id}`;
export const taskDefinitionArn = (place: Place, family: string, revision: number): string =>
  `${arnPrefix(place)}task-definition/${family}:${revision}`;

/** An ECS ARN, split. `path` holds what follows the resource type. */
export type EcsArn = {
  readonly partition: string;
  readonly account: string;
  readonly region: string;
  readonly type: string;
  readonly path: readonly string[];
};

/** The parts of an ECS ARN, or null when `text` is none. */
export function parseArn(text: string): EcsArn | null {
  const match = /^arn:(aws[a-z-]*):ecs:([^:]*):([^:]*):([^/]+)\/(.+)$/.exec(text);
  if (match === null) return null;
  const [, partition = "", region = "", account = "", type = "", rest = ""] = match;
  return { partition, account, region, type, path: rest.split("/") };
}

/** True for an ARN of this account and region, in the partition of the region. */
export const isHere = (place: Place, arn: EcsArn): boolean =>
  arn.account === place.account && arn.region === place.region && arn.partition === awsPartition(place.region);

/**
 * The name of the cluster that `reference` (name, ARN, or absent for `default`) names.
 * Refuses an ARN of another kind, account or region, and what can be no cluster's name. AWS: an omitted cluster means
 * `default`; the texts for another kind and for a bad name as users see them.
 */
export function clusterName(place: Place, reference: string | undefined): string {
  if (reference === undefined || reference === "") return "default";
  if (!reference.startsWith("arn:")) return checkedClusterName(reference);
  const arn = parseArn(reference);
  if (arn === null) {
    refuse("InvalidParameterException", "Invalid identifier: Identifier is not a cluster ARN or name.");
  }
  if (arn.type !== "cluster") refuse("InvalidParameterException", `Unsupported resource type: ${arn.type}`);
  if (!isHere(place, arn)) refuse("ClusterNotFoundException", "Cluster not found.");
  return checkedClusterName(arn.path.join("/"));
}

function checkedClusterName(name: string): string {
  if (/^[a-zA-Z0-9\-_]{1,255}$/.test(name)) return name;
  return refuse("InvalidParameterException", `Cluster must match ^[a-zA-Z0-9\\-_]{1,255}$, but was ${name}`);
}

type NamedType = "task" | "container-instance" | "service";

/**
 * The id (of a service the name) inside a reference to a thing of `cluster`: an id, a short ARN (`type/id`) or a long ARN
 * (`type/cluster/id`). Refuses ARNs of another kind, partition, account, region or cluster.
 * AWS: the texts for another kind, another region and another cluster as users see them; the others follow these.
 */
export function namedResource(place: Place, cluster: string, type: NamedType, reference: string): string {
  if (!reference.startsWith("arn:")) return reference;
  const arn = parseArn(reference);
  if (arn === null) refuse("InvalidParameterException", "Invalid identifier: Identifier is not an Amazon ECS ARN.");
  if (arn.type !== type) refuse("InvalidParameterException", `Unsupported resource type: ${arn.type}`);
  if (arn.partition !== awsPartition(place.region)) refuse("InvalidParameterException", "Invalid Partition in ARN");
  if (arn.region !== place.region) refuse("InvalidParameterException", "Invalid Region in ARN");
  if (arn.account !== place.account) refuse("InvalidParameterException", "Invalid Account in ARN");
  const [first = "", second] = arn.path;
  if (second === undefined) return type === "service" ? first : first.replaceAll("-", "");
  if (first !== cluster) {
    refuse(
      "InvalidParameterException",
      `Invalid identifier: Identifier is for cluster ${first}. Your cluster is ${cluster}`,
    );
  }
  return arn.path.slice(1).join("/");
}

/** As `namedResource` for what agents report, with null instead of a refusal: such a thing is unknown here. */
export function resourceId(
  place: Place,
  cluster: string,
  type: "task" | "container-instance",
  reference: string,
): string | null {
  if (!reference.startsWith("arn:")) return reference;
  const arn = parseArn(reference);
  if (arn === null || arn.type !== type || !isHere(place, arn)) return null;
  if (arn.path.length === 1) return (arn.path[0] as string).replaceAll("-", "");
  return arn.path.length === 2 && arn.path[0] === cluster ? (arn.path[1] as string) : null;
}
