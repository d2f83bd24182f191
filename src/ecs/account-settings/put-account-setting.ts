import { checkedSettingName, checkedSettingValue, settingReply } from "../documents/account-setting.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { putSetting, settingsPrincipal } from "./settings-in-force.ts";

export type PutAccountSettingRequest = {
  readonly name?: string;
  readonly value?: string;
  readonly principalArn?: string;
};

/**
 * Sets an account setting for a principal, by default the caller. AWS: root's settings are the default for everybody. Refuses unknown
 * names, values and principals with InvalidParameterException.
 */
export function putAccountSetting(step: AccountStep, request: PutAccountSettingRequest, given: AccountGiven): object {
  const name = checkedSettingName(request.name);
  const value = checkedSettingValue(name, request.value);
  const principalArn = settingsPrincipal(step, request.principalArn ?? given.caller.principalArn);
  return { setting: settingReply(putSetting(step, { principalArn, name, value })) };
}
