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
  readonly account: string;
  readonly region: string;
  readonly type: string;
  readonly path: readonly string[];
};

/** The parts of an ECS ARN, or null when `text` is none. */
export function parseArn(text: string): EcsArn | null {
  const match = /^arn:aws[a-z-]*:ecs:([^:]*):([^:]*):([^/]+)\/(.+)$/.exec(text);
  if (match === null) return null;
  const [, region = "", account = "", type = "", rest = ""] = match;
  return { account, region, type, path: rest.split("/") };
}

/**
 * The name of the cluster that `reference` (name, ARN, or absent for `default`) names.
 * Refuses an ARN of another kind, account or region. AWS: an omitted cluster means `default`.
 */
export function clusterName(place: Place, reference: string | undefined): string {
  if (reference === undefined || reference === "") return "default";
  if (!reference.startsWith("arn:")) return reference;
  const arn = parseArn(reference);
  if (arn === null || arn.type !== "cluster" || arn.path.length !== 1) {
    refuse("InvalidParameterException", "Invalid identifier: Identifier is not a cluster ARN or name.");
  }
  if (arn.account !== place.account || arn.region !== place.region) {
    refuse("ClusterNotFoundException", "Cluster not found.");
  }
  return arn.path[0] as string;
}

/**
 * The id inside a reference to a task or container instance of `cluster`: an id, a short ARN (`type/id`) or a long ARN
 * (`type/cluster/id`). Null when it names another kind, place or cluster: such a thing is missing here.
 */
export function resourceId(
  place: Place,
  cluster: string,
  type: "task" | "container-instance",
  reference: string,
): string | null {
  if (!reference.startsWith("arn:")) return reference;
  const arn = parseArn(reference);
  if (arn === null || arn.type !== type || arn.account !== place.account || arn.region !== place.region) return null;
  if (arn.path.length === 1) return (arn.path[0] as string).replaceAll("-", "");
  return arn.path.length === 2 && arn.path[0] === cluster ? (arn.path[1] as string) : null;
}
