import { checkedSettingName, checkedSettingValue, settingReply } from "../documents/account-setting.ts";
import type { AccountStep } from "../state/account-step.ts";
import { putSetting, rootArn } from "./settings-in-force.ts";

export type PutAccountSettingDefaultRequest = { readonly name?: string; readonly value?: string };

/**
 * Sets an account setting for every principal without its own. AWS: it is kept and shown as the root user's. Refuses unknown names and
 * values with InvalidParameterException.
 */
export function putAccountSettingDefault(step: AccountStep, request: PutAccountSettingDefaultRequest): object {
  const name = checkedSettingName(request.name);
  const value = checkedSettingValue(name, request.value);
  return { setting: settingReply(putSetting(step, { principalArn: rootArn(step), name, value })) };
}
