import { type AccountSetting, checkedSettingName, settingNames, settingReply } from "../documents/account-setting.ts";
import { limits } from "../limits.ts";
import { page } from "../page.ts";
import { refuse } from "../refusals.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { ownSetting, settingInForce, settingsPrincipal } from "./settings-in-force.ts";

export type ListAccountSettingsRequest = {
  readonly name?: string;
  readonly value?: string;
  readonly principalArn?: string;
  readonly effectiveSettings?: boolean;
  readonly nextToken?: string;
  readonly maxResults?: number;
};

/**
 * The settings of a principal (by default the caller): those it set itself or, with `effectiveSettings`, all that are in force for it,
 * including root's and initial ones. Pages of 10 by name. Refuses with InvalidParameterException unknown names and principals, a value
 * without a name, and bad pages.
 */
export function listAccountSettings(
  step: AccountStep,
  request: ListAccountSettingsRequest,
  given: AccountGiven,
): object {
  if (request.value !== undefined && request.name === undefined) {
    refuse("InvalidParameterException", "A setting value can only be given together with a setting name.");
  }
  const principal = settingsPrincipal(step, request.principalArn ?? given.caller.principalArn);
  const names = request.name === undefined ? settingNames : [checkedSettingName(request.name)];
  const found = request.effectiveSettings === true ? settingInForce : ownSetting;
  const settings = names
    .map((name) => found(step, principal, name))
    .filter((setting): setting is AccountSetting => setting !== undefined)
    // AWS: a setting in force is shown as the requested principal's, wherever it comes from.
    .map((setting) => ({ ...setting, principalArn: principal }))
    .filter((setting) => request.value === undefined || setting.value === request.value);
  const { items, nextToken } = page(settings, (setting) => setting.name, {
    operation: "ListAccountSettings",
    nextToken: request.nextToken,
    maxResults: request.maxResults,
    defaultSize: limits.accountSettingsPageSize,
    maxSize: limits.accountSettingsPageSize,
  });
  return { settings: items.map(settingReply), nextToken };
}
