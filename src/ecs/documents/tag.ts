import { type EcsArn, isHere, type Place, parseArn } from "../arn.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { Shape } from "./document-shape.ts";

/** A tag of a resource. AWS: key 1-128, value 0-256 characters. */
export type Tag = { readonly key: string; readonly value: string };

/** A tag in a request. */
export type RequestTag = { readonly key?: string; readonly value?: string };

// AWS: the tag pattern of the API reference: letters, spaces, digits and these symbols.
const tagCharacters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * The tags of a request that creates something. An absent or empty list means none, because clients send `tags: []`. Refuses invalid tags
 * with InvalidParameterException.
 */
export function newTags(tags: readonly RequestTag[] | undefined): readonly Tag[] {
  if (tags === undefined || tags.length === 0) return [];
  return withTags([], tags);
}

/**
 * `existing` with `added` merged: a known key gets the new value in place, a new one comes last. Refuses an absent or empty list with
 * ClientException; invalid keys or values, a key named twice, and more than 50 tags with InvalidParameterException. AWS: keys that begin
 * with `aws:` are its own and don't count.
 */
export function withTags(existing: readonly Tag[], added: readonly RequestTag[] | undefined): readonly Tag[] {
  if (added === undefined || added.length === 0) refuse("ClientException", "Tags can not be empty.");
  const named = new Set<string>();
  const merged = new Map(existing.map((tag) => [tag.key, tag.value]));
  for (const tag of added) {
    const key = checkedTagKey(tag.key);
    if (named.has(key))
      refuse("InvalidParameterException", `Duplicate tag keys found. The key '${key}' is given twice.`);
    named.add(key);
    merged.set(key, checkedTagValue(key, tag.value ?? ""));
  }
  const tags = [...merged].map(([key, value]) => ({ key, value }));
  if (tags.filter((tag) => !isReserved(tag.key)).length > limits.tagsPerResource) {
    refuse("InvalidParameterException", `A resource can have at most ${limits.tagsPerResource} tags.`);
  }
  return tags;
}

/**
 * `existing` without the tags named by `keys`; an unknown key is ignored. Refuses with InvalidParameterException an absent or empty list,
 * and keys that are invalid or begin with `aws:`.
 */
export function withoutTags(existing: readonly Tag[], keys: readonly string[] | undefined): readonly Tag[] {
  if (keys === undefined || keys.length === 0) refuse("InvalidParameterException", "Tag keys can not be empty.");
  const gone = new Set(keys.map(checkedTagKey));
  return existing.filter((tag) => !gone.has(tag.key));
}

function checkedTagKey(key: string | undefined): string {
  if (key === undefined || key.length < 1 || key.length > limits.tagKeyCharacters) {
    refuse("InvalidParameterException", `Tag keys must be between 1 and ${limits.tagKeyCharacters} characters long.`);
  }
  if (!tagCharacters.test(key)) {
    refuse("InvalidParameterException", `The tag key '${key}' contains invalid characters.`);
  }
  if (isReserved(key)) {
    refuse("InvalidParameterException", `The tag key '${key}' is invalid: keys that begin with 'aws:' are reserved.`);
  }
  return key;
}

function checkedTagValue(key: string, value: string): string {
  if (value.length > limits.tagValueCharacters) {
    refuse("InvalidParameterException", `Tag values must be at most ${limits.tagValueCharacters} characters long.`);
  }
  if (!tagCharacters.test(value)) {
    refuse("InvalidParameterException", `The value of the tag '${key}' contains invalid characters.`);
  }
  return value;
}

function isReserved(key: string): boolean {
  return key.slice(0, 4).toLowerCase() === "aws:";
}

/** What a tag operation's ARN identifies, among the resources that Berth has. */
export type TaggedResource =
  | { readonly type: "cluster"; readonly cluster: string }
  | { readonly type: "capacity-provider"; readonly name: string }
  | { readonly type: "task-definition"; readonly family: string; readonly revision: number }
  /** The id of a service is its name. */
  | { readonly type: "task" | "container-instance" | "service"; readonly cluster: string; readonly id: string };

/**
 * The resource with this ARN. Refuses with InvalidParameterException an absent ARN, one of another service, partition, account, region or
 * type, and the short ARN of a task, container instance or service.
 * AWS: only long ARNs can be tagged.
 */
export function taggedResource(place: Place, resourceArn: string | undefined): TaggedResource {
  const arn = resourceArn === undefined ? null : parseArn(resourceArn);
  if (arn === null || !isHere(place, arn)) refuseArn();
  const [first = "", second] = arn.path;
  if (first === "" || arn.path.length > 2) refuseArn();
  if (arn.type === "cluster" && second === undefined) return { type: "cluster", cluster: first };
  if (arn.type === "capacity-provider" && second === undefined) return { type: "capacity-provider", name: first };
  if (arn.type === "task-definition" && second === undefined) return taggedRevision(first);
  if (arn.type === "task" || arn.type === "container-instance" || arn.type === "service") {
    return taggedInCluster(arn, first, second);
  }
  return refuseArn();
}

function taggedRevision(path: string): TaggedResource {
  const match = /^([A-Za-z0-9_-]+):([1-9][0-9]*)$/.exec(path);
  if (match === null) refuseArn();
  return { type: "task-definition", family: match[1] as string, revision: Number(match[2]) };
}

function taggedInCluster(arn: EcsArn, cluster: string, id: string | undefined): TaggedResource {
  if (id === undefined) {
    refuse("InvalidParameterException", "Long arn format must be used for tagging operations");
  }
  if (arn.type !== "task" && arn.type !== "container-instance" && arn.type !== "service") refuseArn();
  return { type: arn.type, cluster, id };
}

function refuseArn(): never {
  refuse("InvalidParameterException", "The ARN provided is invalid.");
}

export const tagsShape: Shape = [{ key: "string", value: "string" }];
