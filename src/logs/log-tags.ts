import { groupNameOfArn, type LogGroup } from "./log-group.ts";
import { refuseLogs, refuseMissingGroup } from "./log-refusal.ts";
import type { LogsStep } from "./logs-state.ts";
import { refuseConstraint } from "./member-rules.ts";
import { groupNamed } from "./named-group.ts";

type Tags = Readonly<Record<string, string>>;

/** AWS: the quotas of tags. */
const tagsMax = 50;
const keyCharactersMax = 128;
const valueCharactersMax = 256;
const tagCharacters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export function tagResource(step: LogsStep, request: { readonly resourceArn?: string; readonly tags?: Tags }): object {
  return tagged(step, groupOfResource(step, request.resourceArn), request.tags);
}

export function untagResource(
  step: LogsStep,
  request: { readonly resourceArn?: string; readonly tagKeys?: readonly string[] },
): object {
  return untagged(step, groupOfResource(step, request.resourceArn), request.tagKeys);
}

export function listTagsForResource(step: LogsStep, request: { readonly resourceArn?: string }): object {
  return { tags: groupOfResource(step, request.resourceArn).tags };
}

export function tagLogGroup(step: LogsStep, request: { readonly logGroupName?: string; readonly tags?: Tags }): object {
  return tagged(step, groupNamed(step, request.logGroupName), request.tags);
}

export function untagLogGroup(
  step: LogsStep,
  request: { readonly logGroupName?: string; readonly tags?: readonly string[] },
): object {
  return untagged(step, groupNamed(step, request.logGroupName), request.tags);
}

export function listTagsLogGroup(step: LogsStep, request: { readonly logGroupName?: string }): object {
  return { tags: groupNamed(step, request.logGroupName).tags };
}

/** `existing` with `added`. Refuses keys and values that break AWS's rules, and more than fifty tags. */
export function checkedTags(existing: Tags, added: Tags): Tags {
  for (const [key, value] of Object.entries(added)) {
    if (key.length < 1 || key.length > keyCharactersMax || !tagCharacters.test(key)) invalidTag("key", key);
    if (/^aws:/i.test(key)) refuseLogs("InvalidParameterException", "Tag keys that begin with aws: are reserved.");
    if (value.length > valueCharactersMax || !tagCharacters.test(value)) invalidTag("value", value);
  }
  const tags = { ...existing, ...added };
  if (Object.keys(tags).length > tagsMax) {
    refuseLogs("TooManyTagsException", `A resource can have no more than ${tagsMax} tags.`);
  }
  return tags;
}

function invalidTag(what: string, text: string): never {
  refuseLogs("InvalidParameterException", `The tag ${what} '${text.slice(0, keyCharactersMax)}' is not valid.`);
}

function groupOfResource(step: LogsStep, arn: string | undefined): LogGroup {
  if (arn === undefined) refuseConstraint("null", "resourceArn", "Member must not be null");
  const name = groupNameOfArn(step.place, arn);
  if (name === null) refuseLogs("InvalidParameterException", "The resource ARN is not that of a log group here.");
  return step.state.groups.get(name) ?? refuseMissingGroup();
}

function tagged(step: LogsStep, group: LogGroup, added: Tags | undefined): object {
  if (added === undefined) refuseConstraint("null", "tags", "Member must not be null");
  step.state.groups.put(group.name, { ...group, tags: checkedTags(group.tags, added) });
  return {};
}

function untagged(step: LogsStep, group: LogGroup, keys: readonly string[] | undefined): object {
  if (keys === undefined) refuseConstraint("null", "tagKeys", "Member must not be null");
  const gone = new Set(keys);
  const tags = Object.fromEntries(Object.entries(group.tags).filter(([key]) => !gone.has(key)));
  step.state.groups.put(group.name, { ...group, tags });
  return {};
}
