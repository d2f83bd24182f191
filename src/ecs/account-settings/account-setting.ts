import type { AccountStep } from "../account-step.ts";
import type { EffectiveSettings } from "../call.ts";
import { refuse } from "../refusals.ts";

/** The document of a setting (kind `account-setting`, key: the principal, a space, the name). */
export type AccountSetting = { readonly principalArn: string; readonly name: string; readonly value: string };

type Rule = {
  readonly values: readonly string[];
  /** In force where nobody set anything. */
  readonly initial: string;
  /** Why a value that is listed by name is refused now. */
  readonly refused?: { readonly value: string; readonly because: string };
  /** AWS: a setting of the type `aws_managed` is only shown. */
  readonly isManaged?: true;
};

const longArnFormat: Rule = {
  values: ["enabled", "disabled"],
  initial: "enabled",
  refused: { value: "disabled", because: "The long ARN format can no longer be disabled." },
};

const enabledOrDisabled: readonly string[] = ["enabled", "disabled"];

// AWS: the account settings of the developer guide with their values; in order of name.
const rules: Readonly<Record<string, Rule>> = {
  awsvpcTrunking: { values: enabledOrDisabled, initial: "disabled" },
  containerInsights: { values: ["enabled", "disabled", "enhanced"], initial: "disabled" },
  containerInstanceLongArnFormat: longArnFormat,
  defaultLogDriverMode: { values: ["blocking", "non-blocking"], initial: "non-blocking" },
  dualStackIPv6: { values: enabledOrDisabled, initial: "disabled" },
  fargateEventWindows: { values: enabledOrDisabled, initial: "disabled" },
  fargateFIPSMode: { values: enabledOrDisabled, initial: "disabled" },
  fargateTaskRetirementWaitPeriod: { values: ["0", "7", "14"], initial: "7" },
  guardDutyActivate: { values: ["on", "off"], initial: "off", isManaged: true },
  serviceLongArnFormat: longArnFormat,
  tagResourceAuthorization: { values: ["on", "off"], initial: "on" },
  taskLongArnFormat: longArnFormat,
};

/** All names of settings, in order. */
export const settingNames: readonly string[] = Object.keys(rules);

/** A setting in API shape. */
export function settingReply({ name, value, principalArn }: AccountSetting): object {
  return { name, value, principalArn, type: ruleOf(name).isManaged ? "aws_managed" : "user" };
}

/** The name of a request. Refuses with InvalidParameterException one that is absent or unknown. */
export function checkedSettingName(name: string | undefined): string {
  if (name === undefined || !Object.hasOwn(rules, name)) {
    refuse("InvalidParameterException", `Account setting name should be one of [${settingNames.join(", ")}]`);
  }
  return name;
}

/** The value of a request for `name`. Refuses with InvalidParameterException what the setting cannot be set to. */
export function checkedSettingValue(name: string, value: string | undefined): string {
  const { values, refused, isManaged } = ruleOf(name);
  if (isManaged) refuse("InvalidParameterException", `The account setting ${name} is managed by AWS.`);
  if (value === undefined || !values.includes(value)) {
    refuse("InvalidParameterException", `The value of ${name} should be one of [${values.join(", ")}]`);
  }
  if (value === refused?.value) refuse("InvalidParameterException", refused.because);
  return value;
}

/** AWS: the root user's settings are those of everybody who has none of their own. */
export function rootArn(step: AccountStep): string {
  const partition = step.arnPrefix.slice(0, step.arnPrefix.indexOf(":ecs:"));
  return `${partition}:iam::${step.place.account}:root`;
}

/**
 * The principal whose settings are meant: `principalArn`, or the caller when absent. A session of a role stands for the
 * role. Refuses with InvalidParameterException what is no user, role or root of this account.
 */
export function settingsPrincipal(step: AccountStep, principalArn: string): string {
  const match = /^(arn:aws[a-z-]*):(?:iam|sts)::([0-9]{12}):(.+)$/.exec(principalArn);
  const [, partition, account, resource = ""] = match ?? [];
  if (account !== step.place.account || !/^(root|(user|role|assumed-role)\/.+)$/.test(resource)) {
    refuse(
      "InvalidParameterException",
      "The principal ARN is not that of a user, a role or the root user of this account.",
    );
  }
  const session = /^assumed-role\/([^/]+)\/.+$/.exec(resource);
  return `${partition}:iam::${account}:${session === null ? resource : `role/${session[1]}`}`;
}

/** The setting that is in force for `principal`: its own, that of root, or the initial one (which is shown as root's). */
export function settingInForce(step: AccountStep, principal: string, name: string): AccountSetting {
  const root = rootArn(step);
  return (
    ownSetting(step, principal, name) ??
    ownSetting(step, root, name) ?? { principalArn: root, name, value: ruleOf(name).initial }
  );
}

/** What `principal` itself has set. */
export function ownSetting(step: AccountStep, principal: string, name: string): AccountSetting | undefined {
  return step.state.settings.get(settingKey(principal, name));
}

/** All settings in force for a caller, by name; those of the account for a caller that cannot have any. */
export function effectiveSettings(step: AccountStep, principalArn: string): EffectiveSettings {
  const isPrincipal = /^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root$|(user|role|assumed-role)\/.)/.test(principalArn);
  const isHere = principalArn.includes(`::${step.place.account}:`);
  const principal = isPrincipal && isHere ? settingsPrincipal(step, principalArn) : rootArn(step);
  return Object.fromEntries(settingNames.map((name) => [name, settingInForce(step, principal, name).value]));
}

/** Puts a checked setting. */
export function putSetting(step: AccountStep, setting: AccountSetting): AccountSetting {
  step.state.settings.put(settingKey(setting.principalArn, setting.name), setting);
  return setting;
}

export function settingKey(principal: string, name: string): string {
  return `${principal} ${name}`;
}

function ruleOf(name: string): Rule {
  const rule = rules[name];
  if (rule === undefined) refuse("InvalidParameterException", `Account setting ${name} is unknown.`);
  return rule;
}
