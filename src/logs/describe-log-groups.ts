import type { Place } from "../ecs/arn.ts";
import { decodePageToken, encodePageToken } from "../ecs/page.ts";
import { type LogGroup, logGroupArn } from "./log-group.ts";
import { refuseLogs } from "./log-refusal.ts";
import type { LogsStep } from "./logs-state.ts";
import { optionalText, pageLimit, refuseBoth } from "./member-rules.ts";
import { groupIdentified } from "./named-group.ts";
import { StorePlan } from "./store-plan.ts";

export type DescribeLogGroupsRequest = {
  readonly logGroupNamePrefix?: string;
  readonly logGroupNamePattern?: string;
  readonly logGroupClass?: string;
  readonly logGroupIdentifiers?: readonly string[];
  readonly nextToken?: string;
  readonly limit?: number;
  readonly includeLinkedAccounts?: boolean;
  readonly accountIdentifiers?: readonly string[];
};

export type ListLogGroupsRequest = Omit<DescribeLogGroupsRequest, "logGroupNamePrefix" | "logGroupIdentifiers">;

/** AWS: groups in the order of their names, with the bytes that the store has of each. */
export function describeLogGroups(step: LogsStep, request: DescribeLogGroupsRequest): object {
  const { place } = step;
  const { groups, nextToken } = describedGroups(step, request);
  return new StorePlan({
    type: "stored-bytes",
    groupIds: groups.map(({ id }) => id),
    reply: (bytes) => ({
      logGroups: groups.map((group, index) => described(place, group, bytes[index] ?? 0)),
      ...nextToken,
    }),
  });
}

function described(place: Place, { name, createdAt, retentionDays }: LogGroup, storedBytes: number): object {
  const arn = logGroupArn(place, name);
  return {
    logGroupName: name,
    creationTime: createdAt,
    ...(retentionDays === null ? {} : { retentionInDays: retentionDays }),
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes,
    logGroupClass: "STANDARD",
    logGroupArn: arn,
    deletionProtectionEnabled: false,
  };
}

type Groups = { readonly groups: readonly LogGroup[]; readonly nextToken: { readonly nextToken?: string } };

function describedGroups(step: LogsStep, request: DescribeLogGroupsRequest): Groups {
  refuseBoth(request, "logGroupNamePrefix", "logGroupNamePattern");
  const prefix = optionalText("logGroupNamePrefix", request.logGroupNamePrefix) ?? "";
  const pattern = optionalText("logGroupNamePattern", request.logGroupNamePattern) ?? "";
  const limit = pageLimit(request.limit, { otherwise: 50, max: 50 });
  const isWanted = (name: string): boolean => name.startsWith(prefix) && name.includes(pattern);
  const { logGroupIdentifiers } = request;
  if (logGroupIdentifiers === undefined) return pageOf(step, "DescribeLogGroups", request, limit, isWanted);
  refuseOtherAccounts(step.place, request);
  return { groups: logGroupIdentifiers.map((each) => groupIdentified(step, each)), nextToken: {} };
}

/** AWS: a pattern has alternatives with `|`, each found anywhere in the name or, after `^`, at its beginning. */
export function listLogGroups(step: LogsStep, request: ListLogGroupsRequest): object {
  const { logGroupNamePattern = "" } = request;
  if (!/^[.\-_/#A-Za-z0-9^|]{0,129}$/.test(logGroupNamePattern)) {
    refuseLogs("InvalidParameterException", "Invalid log group name pattern.");
  }
  const alternatives = logGroupNamePattern.split("|");
  if (alternatives.length > alternativesMax) {
    refuseLogs("InvalidParameterException", `A log group name pattern has at most ${alternativesMax} alternatives.`);
  }
  const isWanted = (name: string): boolean =>
    alternatives.some((text) => (text.startsWith("^") ? name.startsWith(text.slice(1)) : name.includes(text)));
  const limit = pageLimit(request.limit, { otherwise: 50, max: 1_000 });
  const { groups, nextToken } = pageOf(step, "ListLogGroups", request, limit, isWanted);
  const logGroups = groups.map(({ name }) => ({
    logGroupName: name,
    logGroupArn: logGroupArn(step.place, name),
    logGroupClass: "STANDARD",
  }));
  return { logGroups, ...nextToken };
}

/** AWS: five. */
const alternativesMax = 5;

function pageOf(
  step: LogsStep,
  operation: string,
  request: DescribeLogGroupsRequest,
  limit: number,
  isWanted: (name: string) => boolean,
): Groups {
  refuseOtherAccounts(step.place, request);
  const token = optionalText("nextToken", request.nextToken);
  const after = token === null ? null : decodePageToken(operation, token);
  if (token !== null && after === null) refuseLogs("InvalidParameterException", "The specified nextToken is invalid.");
  const { groups, names } = step.state;
  const found: LogGroup[] = [];
  const isStandard = (request.logGroupClass ?? "STANDARD") === "STANDARD";
  for (const name of isStandard ? names.after(after) : []) {
    if (!isWanted(name)) continue;
    const last = found.at(-1);
    if (found.length === limit && last !== undefined) {
      return { groups: found, nextToken: { nextToken: encodePageToken(operation, last.name) } };
    }
    const group = groups.get(name);
    if (group !== undefined) found.push(group);
  }
  return { groups: found, nextToken: {} };
}

/** There are no monitoring accounts that see the groups of others. */
function refuseOtherAccounts({ account }: Place, { accountIdentifiers = [] }: DescribeLogGroupsRequest): void {
  if (accountIdentifiers.every((each) => each === account)) return;
  refuseLogs(
    "InvalidParameterException",
    "Berth has no linked accounts: accountIdentifiers may only name the caller's own.",
  );
}
