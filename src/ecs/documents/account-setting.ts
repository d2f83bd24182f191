import { refuse } from "../refusals.ts";
import type { DocumentKind } from "./document-kind.ts";

/** The document of a setting (kind `account-setting`; key: the principal, a space, the name). */
export type AccountSetting = { readonly principalArn: string; readonly name: string; readonly value: string };

type Rule = {
  readonly values: readonly string[];
  /** The value in force if nobody set one. */
  readonly initial: string;
  /** Why a value that is listed by name is no longer accepted. */
  readonly refused?: { readonly value: string; readonly because: string };
  /** AWS: a setting of type `aws_managed` can only be read. */
  readonly isManaged?: true;
};

const longArnFormat: Rule = {
  values: ["enabled", "disabled"],
  initial: "enabled",
  refused: { value: "disabled", because: "The long ARN format can no longer be disabled." },
};

const enabledOrDisabled: readonly string[] = ["enabled", "disabled"];

// AWS: the account settings in the developer guide with their values, sorted by name.
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

/** All names of settings, sorted. */
export const settingNames: readonly string[] = Object.keys(rules);

/** A setting in API shape. */
export function settingReply({ name, value, principalArn }: AccountSetting): object {
  return { name, value, principalArn, type: ruleOf(name).isManaged ? "aws_managed" : "user" };
}

/** The setting name of a request. Refuses an absent or unknown one with InvalidParameterException. */
export function checkedSettingName(name: string | undefined): string {
  if (name === undefined || !Object.hasOwn(rules, name)) {
    refuse("InvalidParameterException", `Account setting name should be one of [${settingNames.join(", ")}]`);
  }
  return name;
}

/** The value of a request for the setting `name`. Refuses invalid values with InvalidParameterException. */
export function checkedSettingValue(name: string, value: string | undefined): string {
  const { values, refused, isManaged } = ruleOf(name);
  if (isManaged) refuse("InvalidParameterException", `The account setting ${name} is managed by AWS.`);
  if (value === undefined || !values.includes(value)) {
    refuse("InvalidParameterException", `The value of ${name} should be one of [${values.join(", ")}]`);
  }
  if (value === refused?.value) refuse("InvalidParameterException", refused.because);
  return value;
}

/** The value in force if nobody set one. */
export const initialValue = (name: string): string => ruleOf(name).initial;

function ruleOf(name: string): Rule {
  const rule = rules[name];
  if (rule === undefined) refuse("InvalidParameterException", `Account setting ${name} is unknown.`);
  return rule;
}

export const accountSettingKind: DocumentKind<AccountSetting> = {
  name: "account-setting",
  keyMember: null,
  version: 1,
  shape: { principalArn: "string", name: "string", value: "string" },
};
