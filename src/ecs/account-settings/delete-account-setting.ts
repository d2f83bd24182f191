import { checkedSettingName, settingReply } from "../documents/account-setting.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { ownSetting, settingInForce, settingKey, settingsPrincipal } from "./settings-in-force.ts";

export type DeleteAccountSettingRequest = { readonly name?: string; readonly principalArn?: string };

/**
 * Takes a principal's own setting away, so that the default is in force again, and shows what it was; without an own
 * one nothing changes and the setting in force is shown. Refuses unknown names and principals (InvalidParameterException).
 */
export function deleteAccountSetting(
  step: AccountStep,
  request: DeleteAccountSettingRequest,
  given: AccountGiven,
): object {
  const name = checkedSettingName(request.name);
  const principal = settingsPrincipal(step, request.principalArn ?? given.caller.principalArn);
  const setting = ownSetting(step, principal, name) ?? settingInForce(step, principal, name);
  step.state.settings.delete(settingKey(principal, name));
  return { setting: settingReply({ ...setting, principalArn: principal }) };
}
