import { groupNameOfArn, type LogGroup } from "./log-group.ts";
import { refuseLogs, refuseMissingGroup } from "./log-refusal.ts";
import type { LogsStep } from "./logs-state.ts";
import { optionalText, refuseBoth, requiredText } from "./member-rules.ts";

export type NamesGroup = { readonly logGroupName?: string; readonly logGroupIdentifier?: string };

/** The group that a request names. Refuses a name that is none, and a group that does not exist. */
export function groupNamed(step: LogsStep, name: string | undefined): LogGroup {
  return existing(step, requiredText("logGroupName", name));
}

/** The group that a request names by `logGroupName` or by `logGroupIdentifier`, a name or an ARN. Refuses as {@link groupNamed}. */
export function groupOf(step: LogsStep, request: NamesGroup): LogGroup {
  refuseBoth(request, "logGroupName", "logGroupIdentifier");
  const identifier = optionalText("logGroupIdentifier", request.logGroupIdentifier);
  return identifier === null ? groupNamed(step, request.logGroupName) : groupIdentified(step, identifier);
}

/** The group with a name or an ARN. Refuses an ARN of another account or region, which nothing here can read. */
export function groupIdentified(step: LogsStep, identifier: string): LogGroup {
  if (!identifier.startsWith("arn:")) return existing(step, identifier);
  const name = groupNameOfArn(step.place, identifier);
  if (name === null) refuseLogs("InvalidParameterException", "Invalid log group identifier.");
  return existing(step, name);
}

function existing(step: LogsStep, name: string): LogGroup {
  return step.state.groups.get(name) ?? refuseMissingGroup();
}
