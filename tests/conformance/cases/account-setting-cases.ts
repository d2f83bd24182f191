import assert from "node:assert/strict";
import type { ECS } from "@aws-sdk/client-ecs";
import { account } from "../world.ts";
import { answers, type Cases, refuses, refusesBadPages } from "./given.ts";

const root = `arn:aws:iam::${account}:root`;
const role = `arn:aws:iam::${account}:role/deployer`;

async function effective(ecs: ECS, principalArn: string, name: "containerInsights" | "awsvpcTrunking") {
  const { settings } = await ecs.listAccountSettings({ principalArn, name, effectiveSettings: true });
  return settings?.[0]?.value;
}

/** The refusals that all operations of settings share. */
const refusesSetting = (operation: "PutAccountSetting" | "PutAccountSettingDefault" | "DeleteAccountSetting") => [
  refuses(operation, "an unknown setting", () => ({ name: "colour", value: "red" }), "InvalidParameterException"),
  refuses(operation, "no setting", () => ({ value: "enabled" }), "InvalidParameterException"),
];

export const accountSettingCases: Cases = {
  answers: [
    answers("PutAccountSetting", "applies to its principal only", async ({ ecs }) => {
      const { setting } = await ecs.putAccountSetting({
        name: "containerInsights",
        value: "enhanced",
        principalArn: role,
      });
      assert.deepEqual([setting?.name, setting?.value, setting?.principalArn], ["containerInsights", "enhanced", role]);
      assert.equal(await effective(ecs, role, "containerInsights"), "enhanced");
      assert.equal(await effective(ecs, root, "containerInsights"), "disabled");
    }),
    answers("PutAccountSettingDefault", "applies to everybody without their own", async ({ ecs }) => {
      await ecs.putAccountSettingDefault({ name: "awsvpcTrunking", value: "enabled" });
      assert.equal(await effective(ecs, `${role}-other`, "awsvpcTrunking"), "enabled");
      await ecs.putAccountSettingDefault({ name: "awsvpcTrunking", value: "disabled" });
      assert.equal(await effective(ecs, `${role}-other`, "awsvpcTrunking"), "disabled");
    }),
    answers("DeleteAccountSetting", "the default applies again", async ({ ecs }) => {
      await ecs.putAccountSetting({ name: "awsvpcTrunking", value: "enabled", principalArn: role });
      const { setting } = await ecs.deleteAccountSetting({ name: "awsvpcTrunking", principalArn: role });
      assert.equal(setting?.name, "awsvpcTrunking");
      assert.equal(await effective(ecs, role, "awsvpcTrunking"), "disabled");
    }),
    answers("ListAccountSettings", "one's own, or all that apply", async ({ ecs }) => {
      await ecs.putAccountSetting({ name: "containerInsights", value: "enabled", principalArn: `${role}-list` });
      const own = await ecs.listAccountSettings({ principalArn: `${role}-list` });
      assert.deepEqual(
        own.settings?.map(({ name, value, type }) => [name, value, type]),
        [["containerInsights", "enabled", "user"]],
      );
      const all = await ecs.listAccountSettings({ effectiveSettings: true });
      assert.ok((all.settings?.length ?? 0) > 5);
    }),
  ],
  refusals: [
    ...refusesSetting("PutAccountSetting"),
    ...refusesSetting("PutAccountSettingDefault"),
    ...refusesSetting("DeleteAccountSetting"),
    refuses(
      "PutAccountSetting",
      "an unknown value",
      () => ({ name: "containerInsights", value: "loud" }),
      "InvalidParameterException",
    ),
    refuses(
      "PutAccountSetting",
      "a principal of another account",
      () => ({ name: "containerInsights", value: "enabled", principalArn: "arn:aws:iam::999999999999:root" }),
      "InvalidParameterException",
    ),
    ...refusesBadPages("ListAccountSettings", () => ({}), 10),
    refuses("ListAccountSettings", "an unknown setting", () => ({ name: "colour" }), "InvalidParameterException"),
    refuses("ListAccountSettings", "a value without a name", () => ({ value: "enabled" }), "InvalidParameterException"),
  ],
};
