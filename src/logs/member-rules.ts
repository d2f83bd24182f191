import { refuseLogs } from "./log-refusal.ts";

type TextRule = { readonly max: number; readonly pattern: RegExp };

const groupName: TextRule = { max: 512, pattern: /^[.\-_/#A-Za-z0-9]+$/ };
const groupIdentifier: TextRule = { max: 2_048, pattern: /^[\w#+=/:,.@*-]*$/ };
const streamName: TextRule = { max: 512, pattern: /^[^:*]*$/ };

/** AWS: what names may be. */
export const memberRules = {
  logGroupName: groupName,
  logGroupNamePrefix: groupName,
  logGroupNamePattern: { max: 512, pattern: /^[.\-_/#A-Za-z0-9]*$/ },
  logGroupIdentifier: groupIdentifier,
  logStreamName: streamName,
  logStreamNamePrefix: streamName,
  nextToken: { max: 4_096, pattern: /^/ },
} as const satisfies Readonly<Record<string, TextRule>>;

export type RuledMember = keyof typeof memberRules;

/** Refuses an absent member, or one that breaks its rule. AWS: the texts. */
export function requiredText(member: RuledMember, value: string | undefined): string {
  if (value === undefined) refuseConstraint("null", member, "Member must not be null");
  return checkedText(member, value);
}

/** Null for an absent member. Refuses one that breaks its rule. */
export function optionalText(member: RuledMember, value: string | undefined): string | null {
  return value === undefined ? null : checkedText(member, value);
}

function checkedText(member: RuledMember, value: string): string {
  const { max, pattern } = memberRules[member];
  const shown = `'${value.slice(0, shownMax)}'`;
  if (value.length < 1) refuseConstraint(shown, member, "Member must have length greater than or equal to 1");
  if (value.length > max) refuseConstraint(shown, member, `Member must have length less than or equal to ${max}`);
  if (!pattern.test(value)) {
    const source = pattern.source.replace(/^\^(.*)\$$/, "$1").replaceAll("\\/", "/");
    refuseConstraint(shown, member, `Member must satisfy regular expression pattern: ${source}`);
  }
  return value;
}

/** LIMIT: how much of a value an error repeats. */
const shownMax = 256;

/** The number of items of a page. Refuses one that is out of range. */
export function pageLimit(value: number | undefined, { otherwise, max }: { otherwise: number; max: number }): number {
  if (value === undefined) return otherwise;
  if (value < 1) refuseConstraint(`'${value}'`, "limit", "Member must have value greater than or equal to 1");
  if (value > max) refuseConstraint(`'${value}'`, "limit", `Member must have value less than or equal to ${max}`);
  return value;
}

/** Refuses with AWS's text for a member that breaks a constraint of the API model. `shown` is its value with quotes, or null. */
export function refuseConstraint(shown: string, member: string, constraint: string): never {
  refuseLogs(
    "InvalidParameterException",
    `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}

/** Refuses a request with more than one of two members that exclude each other. */
export function refuseBoth(request: object, first: string, second: string): void {
  const given = request as Readonly<Record<string, unknown>>;
  if (given[first] === undefined || given[second] === undefined) return;
  refuseLogs("InvalidParameterException", `${first} and ${second} are mutually exclusive: give one of them.`);
}
