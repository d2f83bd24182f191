import { checkedSettingName, settingReply } from "../documents/account-setting.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { ownSetting, settingInForce, settingKey, settingsPrincipal } from "./settings-in-force.ts";

export type DeleteAccountSettingRequest = { readonly name?: string; readonly principalArn?: string };

/**
 * Deletes a principal's own setting, so the default applies again, and shows what it was. If there is no own setting, nothing changes and
 * the reply shows the one in force. Refuses unknown names and principals (InvalidParameterException).
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
