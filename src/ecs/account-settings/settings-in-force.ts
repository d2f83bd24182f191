import { type AccountSetting, initialValue, settingNames } from "../documents/account-setting.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";
import type { EffectiveSettings } from "../state/call.ts";

/** AWS: the root user's settings apply to every principal without its own. */
export function rootArn(step: AccountStep): string {
  const partition = step.arnPrefix.slice(0, step.arnPrefix.indexOf(":ecs:"));
  return `${partition}:iam::${step.place.account}:root`;
}

/**
 * The principal whose settings are meant: `principalArn`, or the caller if absent. A session of a role counts as the role. Refuses with
 * InvalidParameterException anything but a user, role or root of this account.
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

/** The setting in force for `principal`: its own, root's, or the initial one (shown as root's). */
export function settingInForce(step: AccountStep, principal: string, name: string): AccountSetting {
  const root = rootArn(step);
  return (
    ownSetting(step, principal, name) ??
    ownSetting(step, root, name) ?? { principalArn: root, name, value: initialValue(name) }
  );
}

/** What `principal` itself has set. */
export function ownSetting(step: AccountStep, principal: string, name: string): AccountSetting | undefined {
  return step.state.settings.get(settingKey(principal, name));
}

/** All settings in force for a caller, by name. A caller that can't have settings gets the account's. */
export function effectiveSettings(step: AccountStep, principalArn: string): EffectiveSettings {
  // Every call in a cluster needs these, and settings hardly ever change.
  const known = step.state.effectiveSettings.get(principalArn);
  if (known !== undefined) return known;
  const isPrincipal = /^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root$|(user|role|assumed-role)\/.)/.test(principalArn);
  const isHere = principalArn.includes(`::${step.place.account}:`);
  const principal = isPrincipal && isHere ? settingsPrincipal(step, principalArn) : rootArn(step);
  const settings = Object.fromEntries(settingNames.map((name) => [name, settingInForce(step, principal, name).value]));
  // LIMIT: settings of this many callers are cached; beyond that, some are looked up again.
  if (step.state.effectiveSettings.size >= 1_000) step.state.effectiveSettings.clear();
  step.state.effectiveSettings.set(principalArn, settings);
  return settings;
}

/**
 * Puts a checked setting. Refuses with ClientException if the account has as many as it may have.
 * DIFFERS: Berth doesn't know which principals exist, so it limits the settings of an account and region to 10,000.
 */
export function putSetting(step: AccountStep, setting: AccountSetting): AccountSetting {
  const { settings } = step.state;
  const key = settingKey(setting.principalArn, setting.name);
  if (settings.size >= limits.accountSettings && !settings.has(key)) {
    refuse("ClientException", `The limit of ${limits.accountSettings} account settings has been reached.`);
  }
  settings.put(key, setting);
  return setting;
}

export function settingKey(principal: string, name: string): string {
  return `${principal} ${name}`;
}
