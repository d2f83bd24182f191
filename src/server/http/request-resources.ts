/**
 * The resources that a request names. The row of its operation has every member that can name one; a test walks the shapes of all
 * requests and fails if a member is missing.
 */
import { type Resource, wholeAccount } from "../../auth/authorize.ts";
import { arnPrefix, clusterArn, type EcsArn, type Place, parseArn } from "../../ecs/arn.ts";
import type { NamedResources, Naming } from "../../ecs/state/named-resources.ts";

/**
 * Everything that a parsed request names, at least one entry: the account as a whole when it names nothing. A reference to
 * another account or region has no cluster; the operation refuses it, or finds nothing.
 */
export function requestResources(
  { otherwise, members }: NamedResources,
  request: object,
  place: Place,
): readonly Resource[] {
  const clusters: Resource[] = [];
  const references: { readonly naming: Naming; readonly text: string }[] = [];
  for (const [path, naming] of Object.entries(members)) {
    for (const text of textsAt(request, path.split("."))) {
      if (naming === "cluster") clusters.push(namedCluster(place, text));
      else if (naming !== "outside" && text !== "") references.push({ naming, text });
    }
  }
  if (otherwise === "default-cluster" && clusters.length === 0) clusters.push(namedCluster(place, ""));
  // The cluster that ids and names in this request belong to.
  const own = clusters[0]?.cluster ?? null;
  const found = [...clusters, ...references.map(({ naming, text }) => named(place, own, naming, text))];
  return found.length === 0 ? [wholeAccount] : found;
}

/** The resource that a container instance's agent speaks for when it opens a socket. */
export function instanceResource(place: Place & { readonly cluster: string }, instanceId: string): Resource {
  const { cluster } = place;
  const arn = shown(`${arnPrefix(place)}container-instance/${cluster}/${instanceId}`);
  return { arn, type: "container-instance", cluster, onlyUsed: false };
}

/** The texts at a path such as `attachments[].attachmentArn`. */
function textsAt(value: unknown, path: readonly string[]): string[] {
  const [step, ...rest] = path;
  if (step === undefined) return typeof value === "string" ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  const isList = step.endsWith("[]");
  const name = isList ? step.slice(0, -2) : step;
  const member: unknown = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  if (!isList) return textsAt(member, rest);
  return Array.isArray(member) ? member.flatMap((item: unknown) => textsAt(item, rest)) : [];
}

/** AWS: an empty name means `default`, in a list too. */
function namedCluster(place: Place, reference: string): Resource {
  if (reference.startsWith("arn:")) {
    const resource = byArn(place, null, reference);
    return resource.type === "cluster" ? resource : nothingHere(reference);
  }
  const cluster = reference === "" ? "default" : reference;
  return { arn: shown(clusterArn(place, cluster)), type: "cluster", cluster, onlyUsed: false };
}

function named(place: Place, own: string | null, naming: Naming, text: string): Resource {
  const onlyUsed = naming.startsWith("used-");
  if (text.startsWith("arn:")) return { ...byArn(place, own, text), onlyUsed };
  const type = onlyUsed ? naming.slice("used-".length) : naming;
  if (type === "task-definition" || type === "capacity-provider") {
    return { arn: shown(`${arnPrefix(place)}${type}/${text}`), type, cluster: null, onlyUsed };
  }
  if (own === null) return nothingHere(text);
  return { arn: shown(`${arnPrefix(place)}${type}/${own}/${text}`), type, cluster: own, onlyUsed };
}

/** What an ARN names. One in the short form (`task/ID`) is of the cluster `own`; without `own` it names nothing. */
function byArn(place: Place, own: string | null, text: string): Resource {
  const arn = parseArn(text);
  if (arn === null || arn.account !== place.account || arn.region !== place.region) return nothingHere(text);
  const [first = "", second] = arn.path;
  switch (arn.type) {
    case "cluster":
      return second === undefined ? whole(place, arn, first) : nothingHere(text);
    case "task-definition":
    case "capacity-provider":
      return whole(place, arn, null);
    case "attachment":
    case "container-instance":
    case "service":
    case "service-deployment":
    case "service-revision":
    case "task": {
      if (second !== undefined) return whole(place, arn, first);
      if (own === null) return nothingHere(text);
      const isHex = arn.type === "task" || arn.type === "container-instance";
      return whole(place, { ...arn, path: [own, isHex ? first.replaceAll("-", "") : first] }, own);
    }
    default:
      return nothingHere(text);
  }
}

/** A resource by the parts of its ARN, spelled in the one way in which Berth shows it. */
function whole(place: Place, { type, path }: EcsArn, cluster: string | null): Resource {
  const arn = shown(`${arnPrefix(place)}${type}/${path.join("/")}`);
  return { arn, type, cluster, onlyUsed: false };
}

const nothingHere = (reference: string): Resource => ({
  arn: shown(reference),
  type: "unknown",
  cluster: null,
  onlyUsed: false,
});

/** LIMIT: the longest ARN has about 600 characters; an error repeats only the beginning of anything longer. */
const shownMax = 1_024;
const shown = (arn: string): string => (arn.length > shownMax ? arn.slice(0, shownMax) : arn);
