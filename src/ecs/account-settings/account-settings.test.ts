import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallAccount } from "../small-account.ts";
import type { EffectiveSettings } from "../state/call.ts";

type Setting = { name: string; value: string; principalArn: string; type: string };
type Listed = { settings: Setting[]; nextToken: string | null };

const ann = "arn:aws:iam::111122223333:user/ann";
const ben = "arn:aws:iam::111122223333:user/ben";
const root = "arn:aws:iam::111122223333:root";

function effective(account: SmallAccount, principalArn: string, name: string): string | undefined {
  return account.ask<EffectiveSettings>({ type: "effective-settings", principalArn })[name];
}

test("the setting in force is the principal's own, otherwise root's, otherwise the initial one", () => {
  const account = new SmallAccount();
  assert.equal(effective(account, ann, "awsvpcTrunking"), "disabled");
  assert.deepEqual(account.call("PutAccountSettingDefault", { name: "awsvpcTrunking", value: "enabled" }), {
    setting: { name: "awsvpcTrunking", value: "enabled", principalArn: root, type: "user" },
  });
  assert.equal(effective(account, ann, "awsvpcTrunking"), "enabled");
  account.call("PutAccountSetting", { name: "awsvpcTrunking", value: "disabled" });
  assert.equal(effective(account, ann, "awsvpcTrunking"), "disabled");
  assert.equal(effective(account, ben, "awsvpcTrunking"), "enabled");
  assert.deepEqual(account.call("DeleteAccountSetting", { name: "awsvpcTrunking" }), {
    setting: { name: "awsvpcTrunking", value: "disabled", principalArn: ann, type: "user" },
  });
  assert.equal(effective(account, ann, "awsvpcTrunking"), "enabled");
  assert.equal(account.refusal("DeleteAccountSetting", { name: "awsvpcTrunking" }), "accepted");
});

test("root's setting is the default for everybody, and a session has its role's setting", () => {
  const account = new SmallAccount();
  account.principalArn = root;
  account.call("PutAccountSetting", { name: "containerInsights", value: "enhanced" });
  assert.equal(effective(account, ben, "containerInsights"), "enhanced");
  const role = "arn:aws:iam::111122223333:role/agent";
  account.call("PutAccountSetting", { name: "awsvpcTrunking", value: "enabled", principalArn: role });
  assert.equal(effective(account, "arn:aws:sts::111122223333:assumed-role/agent/i-1", "awsvpcTrunking"), "enabled");
  assert.equal(effective(account, "arn:aws:sts::111122223333:federated-user/x", "containerInsights"), "enhanced");
  assert.equal(effective(account, ann, "awsvpcTrunking"), "disabled");
});

test("every setting accepts its values and no others", () => {
  const account = new SmallAccount();
  const values: Record<string, string[]> = {
    awsvpcTrunking: ["enabled", "disabled"],
    containerInsights: ["enabled", "disabled", "enhanced"],
    containerInstanceLongArnFormat: ["enabled"],
    defaultLogDriverMode: ["blocking", "non-blocking"],
    dualStackIPv6: ["enabled", "disabled"],
    fargateEventWindows: ["enabled", "disabled"],
    fargateFIPSMode: ["enabled", "disabled"],
    fargateTaskRetirementWaitPeriod: ["0", "7", "14"],
    guardDutyActivate: [],
    serviceLongArnFormat: ["enabled"],
    tagResourceAuthorization: ["on", "off"],
    taskLongArnFormat: ["enabled"],
  };
  const tried = new Set(["on", "off", "1", "", ...Object.values(values).flat()]);
  for (const [name, allowed] of Object.entries(values)) {
    for (const operation of ["PutAccountSetting", "PutAccountSettingDefault"]) {
      for (const value of tried) {
        const expected = allowed.includes(value) ? /^accepted$/ : /^InvalidParameterException: /;
        assert.match(account.refusal(operation, { name, value }), expected, `${name} ${value}`);
      }
      assert.match(account.refusal(operation, { name }), /^InvalidParameterException: /);
    }
  }
  assert.match(account.refusal("PutAccountSetting", { name: "taskLongArnFormat", value: "disabled" }), /no longer/);
  assert.match(account.refusal("PutAccountSetting", { name: "guardDutyActivate", value: "on" }), /managed by AWS/);
});

test("unknown names and principals are refused", () => {
  const account = new SmallAccount();
  for (const name of [undefined, "", "color", "toString"]) {
    for (const operation of ["PutAccountSetting", "PutAccountSettingDefault", "DeleteAccountSetting"]) {
      assert.match(account.refusal(operation, { name, value: "on" }), /^InvalidParameterException: .*one of/);
    }
  }
  for (const principalArn of ["ann", "arn:aws:iam::999999999999:user/ann", "arn:aws:iam::111122223333:group/a"]) {
    const request = { name: "awsvpcTrunking", value: "enabled", principalArn };
    for (const operation of ["PutAccountSetting", "DeleteAccountSetting", "ListAccountSettings"]) {
      assert.match(account.refusal(operation, request), /^InvalidParameterException: The principal ARN/);
    }
  }
});

test("ListAccountSettings shows own settings or, with effectiveSettings, all in force", () => {
  const account = new SmallAccount();
  assert.deepEqual(account.call("ListAccountSettings"), { settings: [], nextToken: null });
  account.call("PutAccountSetting", { name: "awsvpcTrunking", value: "enabled" });
  account.call("PutAccountSettingDefault", { name: "containerInsights", value: "enabled" });
  const own = account.call<Listed>("ListAccountSettings").settings;
  assert.deepEqual(own, [{ name: "awsvpcTrunking", value: "enabled", principalArn: ann, type: "user" }]);
  assert.deepEqual(account.call<Listed>("ListAccountSettings", { principalArn: ben }).settings, []);
  const list = (request: object) =>
    account.call<Listed>("ListAccountSettings", { effectiveSettings: true, ...request });
  const first = list({});
  const second = list({ nextToken: first.nextToken });
  assert.deepEqual([first.settings.length, second.settings.length, second.nextToken], [10, 2, null]);
  const all = new Map([...first.settings, ...second.settings].map((setting) => [setting.name, setting]));
  assert.equal(all.size, 12);
  assert.deepEqual([all.get("awsvpcTrunking")?.value, all.get("awsvpcTrunking")?.principalArn], ["enabled", ann]);
  assert.deepEqual([all.get("containerInsights")?.value, all.get("containerInsights")?.principalArn], ["enabled", ann]);
  assert.equal(list({ principalArn: ben }).settings[0]?.principalArn, ben);
  assert.equal(all.get("guardDutyActivate")?.type, "aws_managed");
  assert.equal(all.get("taskLongArnFormat")?.value, "enabled");
  assert.equal(all.get("defaultLogDriverMode")?.value, "non-blocking");
  assert.equal(list({ name: "awsvpcTrunking" }).settings.length, 1);
  assert.equal(list({ name: "awsvpcTrunking", value: "disabled" }).settings.length, 0);
  assert.equal(list({ name: "awsvpcTrunking", principalArn: ben }).settings[0]?.value, "disabled");
  assert.match(account.refusal("ListAccountSettings", { value: "enabled" }), /^InvalidParameterException/);
  assert.match(account.refusal("ListAccountSettings", { maxResults: 11 }), /between 1 and 10/);
});
