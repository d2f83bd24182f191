import { inAccount } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { deleteAccountSetting } from "./delete-account-setting.ts";
import { listAccountSettings } from "./list-account-settings.ts";
import { putAccountSetting } from "./put-account-setting.ts";
import { putAccountSettingDefault } from "./put-account-setting-default.ts";

const missingOfSettings =
  "`awsvpcTrunking` and `containerInsights` (for new clusters) have their effect. The other settings are stored and listed, without effect.";

/** The operations on account settings. */
export const accountSettingOperations = {
  DeleteAccountSetting: {
    machine: "account",
    handler: deleteAccountSetting,
    resources: inAccount({ principalArn: "outside" }),
    level: "administer",
    errors: [],
  },
  ListAccountSettings: {
    machine: "account",
    handler: listAccountSettings,
    resources: inAccount({ principalArn: "outside" }),
    level: "read",
    errors: [],
  },
  PutAccountSetting: {
    machine: "account",
    handler: putAccountSetting,
    resources: inAccount({ principalArn: "outside" }),
    // The root user's call changes the whole account, and awsvpcTrunking affects instances of others.
    level: "administer",
    errors: [],
    missing: missingOfSettings,
  },
  PutAccountSettingDefault: {
    machine: "account",
    handler: putAccountSettingDefault,
    resources: inAccount(),
    level: "administer",
    errors: [],
    missing: missingOfSettings,
  },
} as const satisfies OperationRows;
