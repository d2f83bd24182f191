import assert from "node:assert/strict";
import { test } from "node:test";
import { strictPolicy } from "../../agent/docker/policy/host-policy.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { hostPolicyFlags, hostPolicyFrom, typedPolicyFlag } from "./host-policy-flags.ts";

const command = { usage: "", about: "", flags: hostPolicyFlags, examples: [] };
const policyOf = (...argv: string[]) => hostPolicyFrom(parseFlags(command, argv));

test("without flags the policy is the strict one, and each flag allows its own", () => {
  assert.deepEqual(policyOf(), strictPolicy);
  assert.deepEqual(policyOf("--allow-privileged"), { ...strictPolicy, privileged: true });
  assert.deepEqual(policyOf("--allow-host-pid", "--allow-host-ipc"), { ...strictPolicy, hostPid: true, hostIpc: true });
  assert.deepEqual(policyOf("--no-host-network"), { ...strictPolicy, hostNetwork: false });
  assert.deepEqual(policyOf("--allow-volume-options"), { ...strictPolicy, volumeOptions: true });
});

test("paths are absolute, without trailing slashes and dots; capabilities use the kernel's names", () => {
  const { hostPaths, devices } = policyOf(
    "--allow-host-path",
    "/srv//a/../b/",
    "--allow-host-path=/",
    "--allow-device",
    "/dev/dri",
  );
  assert.deepEqual([hostPaths, devices], [["/srv/b", "/"], ["/dev/dri"]]);
  assert.deepEqual(policyOf("--allow-capability", "cap_net_admin").capabilities, ["NET_ADMIN"]);
  assert.deepEqual(policyOf("--allow-volume", "pg_data").volumes, ["pg_data"]);
});

test("meaningless values are refused", () => {
  for (const argv of [
    ["--allow-host-path", "srv"],
    ["--allow-host-path", "./srv"],
    ["--allow-host-path", ""],
    ["--allow-device", "fuse"],
    ["--allow-volume", "/etc"],
    ["--allow-volume", "a:b"],
    ["--allow-capability", "NET ADMIN"],
    Array.from({ length: 101 }, (_, index) => `--allow-host-path=/${index}`),
  ]) {
    assert.throws(() => policyOf(...argv), UsageError, argv.join(" "));
  }
});

test("a flag on the command line is found, repeated ones too", () => {
  assert.equal(typedPolicyFlag(parseFlags(command, [])), null);
  assert.equal(typedPolicyFlag(parseFlags(command, ["--allow-host-pid"])), "allow-host-pid");
  assert.equal(typedPolicyFlag(parseFlags(command, ["--allow-device", "/dev/fuse"])), "allow-device");
});
