import { refuse } from "./refusals.ts";

/** An account (12 digits) and a region. */
export type Place = { readonly account: string; readonly region: string };

/** The ARN prefix of a place, including the last colon. */
export function arnPrefix(place: Place): string {
  return `arn:${awsPartition(place.region)}:ecs:${place.region}:${place.account}:`;
}

/** AWS: the first part of the ARNs of a region. */
export function awsPartition(region: string): string {
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

/** The parts of an ECS ARN, or null if `text` isn't one. */
export function parseArn(text: string): EcsArn | null {
  const match = /^arn:(aws[a-z-]*):ecs:([^:]*):([^:]*):([^/]+)\/(.+)$/.exec(text);
  if (match === null) return null;
  const [, partition = "", region = "", account = "", type = "", rest = ""] = match;
  return { partition, account, region, type, path: rest.split("/") };
}

/** True if the ARN is in this account and region, and in the region's partition. */
export const isHere = (place: Place, arn: EcsArn): boolean =>
  arn.account === place.account && arn.region === place.region && arn.partition === awsPartition(place.region);

/** AWS: what the second to fifth colon of an ARN separate, as the error text for a missing one names it. */
const colons = [
  "Second colon (partition/vendor delimiter)",
  "Third colon (vendor/region delimiter)",
  "Fourth colon (region/namespace delimiter)",
  "Fifth colon (namespace/relative-id delimiter)",
];

/**
 * The parts after the type in `reference`, which begins with `arn:` and must name a resource of `type` in this place. `separators` is how
 * many slashes it may have. Refuses a truncated ARN with ClientException, and one with another service, type, partition, region, account or
 * number of slashes with InvalidParameterException.
 * AWS: users report the texts for the fifth colon, another type, region or account, and the separators; the others follow these.
 */
export function arnPath(
  place: Place,
  type: string,
  reference: string,
  separators: { readonly min: number; readonly max: number },
): readonly string[] {
  const parts = reference.split(":");
  const missing = colons[parts.length - 2];
  if (missing !== undefined) {
    refuse("ClientException", `com.amazon.arn.ARNSyntaxException: ${missing} not found: ${reference}`);
  }
  const [, partition, service, region, account, ...rest] = parts;
  const [named = "", ...path] = rest.join(":").split("/");
  const invalid = (text: string): never => refuse("InvalidParameterException", text);
  if (service !== "ecs") invalid("Invalid identifier: Identifier is not an Amazon ECS ARN.");
  if (named !== type) invalid(`Unsupported resource type: ${named}`);
  if (partition !== awsPartition(place.region)) invalid("Invalid Partition in ARN");
  if (region !== place.region) invalid("Invalid Region in ARN");
  if (account !== place.account) invalid(`Identifier is for ${account}. Your accountId is ${place.account}`);
  if (path.length < separators.min || path.length > separators.max || path.includes("")) {
    invalid("Invalid identifier: Unexpected number of separators");
  }
  return path;
}

/**
 * The name of the cluster in `reference`: a name, an ARN, or absent for `default`. Refuses what `arnPath` refuses, and invalid names. AWS:
 * an omitted cluster means `default`; users report the text for a bad name.
 */
export function clusterName(place: Place, reference: string | undefined): string {
  if (reference === undefined || reference === "") return "default";
  if (!reference.startsWith("arn:")) return checkedClusterName(reference);
  const [name = ""] = arnPath(place, "cluster", reference, { min: 1, max: 1 });
  return checkedClusterName(name);
}

function checkedClusterName(name: string): string {
  if (/^[a-zA-Z0-9\-_]{1,255}$/.test(name)) return name;
  return refuse("InvalidParameterException", `Cluster must match ^[a-zA-Z0-9\\-_]{1,255}$, but was ${name}`);
}

type NamedType = "task" | "container-instance" | "service";

/**
 * The id (for a service, the name) in a reference to a resource of `cluster`: an id, a short ARN (`type/id`) or a long ARN
 * (`type/cluster/id`). Refuses what `arnPath` refuses, and ARNs of another cluster. AWS: users report the text for another cluster.
 */
export function namedResource(place: Place, cluster: string, type: NamedType, reference: string): string {
  if (!reference.startsWith("arn:")) return reference;
  const [first = "", second] = arnPath(place, type, reference, { min: 1, max: 2 });
  if (second === undefined) return type === "service" ? first : first.replaceAll("-", "");
  if (first !== cluster) {
    refuse(
      "InvalidParameterException",
      `Invalid identifier: Identifier is for cluster ${first}. Your cluster is ${cluster}`,
    );
  }
  return second;
}

/** As `namedResource`, for what agents report: null instead of a refusal, because the resource is simply unknown here. */
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
