import { refuseLogs } from "./log-refusal.ts";
import { checkedTags } from "./log-tags.ts";
import type { LogsStep } from "./logs-state.ts";
import { requiredText } from "./member-rules.ts";

export type CreateLogGroupRequest = {
  readonly logGroupName?: string;
  readonly kmsKeyId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly logGroupClass?: string;
  readonly deletionProtectionEnabled?: boolean;
};

/** LIMIT: documents of an account and region in memory, far more than its services and stages; AWS allows a million. */
const groupsMax = 10_000;

/** Refuses a name that exists, and what Berth has no effect for. */
export function createLogGroup(step: LogsStep, request: CreateLogGroupRequest): object {
  const { groups } = step.state;
  const name = requiredText("logGroupName", request.logGroupName);
  if (name.startsWith("aws/")) {
    refuseLogs("InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS.");
  }
  refuseWithoutEffect(request);
  const tags = checkedTags({}, request.tags ?? {});
  if (groups.has(name)) {
    refuseLogs("ResourceAlreadyExistsException", "The specified log group already exists");
  }
  if (groups.size >= groupsMax) refuseLogs("LimitExceededException", "Resource limit exceeded.");
  const id = step.random.stream("log-groups").hex(32);
  groups.put(name, { name, id, createdAt: step.now, retentionDays: null, tags });
  return {};
}

function refuseWithoutEffect(request: CreateLogGroupRequest): void {
  const { kmsKeyId, logGroupClass = "STANDARD", deletionProtectionEnabled = false } = request;
  if (kmsKeyId !== undefined) {
    refuseLogs("InvalidParameterException", "Berth has no KMS keys: create the log group without kmsKeyId.");
  }
  if (logGroupClass !== "STANDARD") {
    refuseLogs("InvalidParameterException", `Berth has log groups of the class STANDARD only, not ${logGroupClass}.`);
  }
  if (deletionProtectionEnabled) {
    refuseLogs("InvalidParameterException", "Berth has no deletion protection for log groups.");
  }
}
