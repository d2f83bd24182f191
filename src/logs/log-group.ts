import { awsPartition, type Place } from "../ecs/arn.ts";
import type { DocumentKind } from "../ecs/documents/document-kind.ts";
import type { LogGroupReference } from "./log-questions.ts";

/** The document of a log group (kind `log-group`, key: its name). Its streams and events are in the log store. */
export type LogGroup = {
  readonly name: string;
  /** Another one for each group that was ever made, so that a new group has nothing of a deleted one of its name. */
  readonly id: string;
  readonly createdAt: number;
  /** Days; null keeps events as long as there is room. */
  readonly retentionDays: number | null;
  readonly tags: Readonly<Record<string, string>>;
};

export const logGroupKind: DocumentKind<LogGroup> = {
  name: "log-group",
  keyMember: "name",
  version: 1,
  shape: { name: "string", id: "string", createdAt: "number", retentionDays: "number?", tags: "object" },
};

/** The ARN that tags and newer operations use. */
export function logGroupArn({ region, account }: Place, name: string): string {
  return `arn:${awsPartition(region)}:logs:${region}:${account}:log-group:${name}`;
}

/** What the store needs to know of a group. */
export const referenceOf = ({ id, name, retentionDays }: LogGroup): LogGroupReference => ({ id, name, retentionDays });

/** The name in a group's ARN, with or without `:*`; null for an ARN of something else, or of another place. */
export function groupNameOfArn(place: Place, arn: string): string | null {
  const prefix = logGroupArn(place, "");
  if (!arn.startsWith(prefix)) return null;
  return arn.slice(prefix.length).replace(/:\*$/, "");
}
