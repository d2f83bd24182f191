import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkHostConfig,
  type HostPolicy,
  HostRefusal,
  isWithin,
  type OwnModes,
  offeredUnder,
  strictPolicy,
  withheldBy,
} from "./host-policy.ts";

/** What the policy says about a container with this host config. Null if it is allowed. */
function verdict(hostConfig: object, policy: Partial<HostPolicy> = {}, own: OwnModes = {}): string | null {
  try {
    checkHostConfig(hostConfig as Readonly<Record<string, unknown>>, own, { ...strictPolicy, ...policy });
    return null;
  } catch (error) {
    assert.ok(error instanceof HostRefusal);
    return error.message;
  }
}

const privileged = { privileged: true };

/** Host configs that are refused without flags: what the refusal names, and a policy that allows them. */
const refused: readonly (readonly [object, RegExp, Partial<HostPolicy> | null])[] = [
  [
    { Privileged: true },
    /^privileged containers are not allowed on this host; .* with --allow-privileged$/,
    privileged,
  ],
  [{ PidMode: "host" }, /pidMode host .*--allow-host-pid/, { hostPid: true }],
  [{ IpcMode: "host" }, /ipcMode host .*--allow-host-ipc/, { hostIpc: true }],
  [{ PidMode: "container:another" }, /pidMode container:another is not allowed on this host$/, null],
  [{ IpcMode: "container:another" }, /ipcMode container:another/, null],
  [{ NetworkMode: "container:another" }, /network mode container:another/, null],
  [{ NetworkMode: "berth-10.64.0.0" }, /network mode berth-10/, null],
  [{ CapAdd: ["CHOWN", "SYS_ADMIN"] }, /SYS_ADMIN .*--allow-capability SYS_ADMIN/, { capabilities: ["SYS_ADMIN"] }],
  [{ CapAdd: ["CAP_SYS_MODULE"] }, /SYS_MODULE/, privileged],
  [{ CapAdd: ["cap_net_admin"] }, /NET_ADMIN/, { capabilities: ["NET_ADMIN"] }],
  [{ CapAdd: ["ALL"] }, /the capability ALL/, privileged],
  [{ CapAdd: ["SYS_TIME"] }, /SYS_TIME/, { capabilities: ["ALL"] }],
  [{ SecurityOpt: ["apparmor=unconfined"] }, /security option apparmor=unconfined .*--allow-privileged/, privileged],
  [{ SecurityOpt: ["seccomp=unconfined"] }, /seccomp/, privileged],
  [{ SecurityOpt: ["label:disable"] }, /label:disable/, privileged],
  [{ SecurityOpt: ["systempaths=unconfined"] }, /systempaths/, privileged],
  [{ SecurityOpt: ["no-new-privileges:false"] }, /no-new-privileges:false/, privileged],
  [{ Sysctls: { "kernel.core_pattern": "|/x" } }, /kernel setting kernel.core_pattern/, privileged],
  [{ Sysctls: { "net./../kernel.core_pattern": "|/x" } }, /kernel setting net/, privileged],
  [{ Sysctls: { "fs.mqueue./../../kernel.x": "1" } }, /kernel setting fs/, privileged],
  [{ Sysctls: { "net.core.somaxconn": "9" }, NetworkMode: "host" }, /net.core.somaxconn/, privileged],
  [{ Sysctls: { "kernel.shmmax": "9" }, IpcMode: "host" }, /kernel.shmmax/, { ...privileged, hostIpc: true }],
  [{ Ulimits: [{ Name: "rtprio", Soft: 99, Hard: 99 }] }, /ulimit rtprio/, privileged],
  [{ Tmpfs: { "/t": "size=1m,bind" } }, /tmpfs \/t/, privileged],
  [{ Tmpfs: { "/t": "rshared" } }, /tmpfs \/t/, privileged],
];

test("without flags a container stays isolated, and each refusal names the flag that allows it", () => {
  for (const [hostConfig, message, policy] of refused) {
    const shown = JSON.stringify(hostConfig);
    const hostIpc = policy?.hostIpc === true && policy.privileged === true ? { hostIpc: true } : {};
    assert.match(verdict(hostConfig, hostIpc) ?? "allowed", message, shown);
    if (policy !== null) assert.equal(verdict(hostConfig, policy), null, shown);
  }
});

test("what stays in the container is allowed", () => {
  for (const hostConfig of [
    {},
    { Privileged: false, CapAdd: null, SecurityOpt: [], Tmpfs: null },
    { NetworkMode: "bridge", PidMode: "", IpcMode: "none" },
    { NetworkMode: "host" },
    { CapAdd: ["NET_BIND_SERVICE", "CAP_SYS_PTRACE", "chown"], CapDrop: ["ALL"] },
    { SecurityOpt: ["no-new-privileges", "no-new-privileges:true"] },
    { Sysctls: { "net.ipv4.ip_forward": "1", "kernel.shmmax": "1", "fs.mqueue.msg_max": "5" } },
    { Ulimits: [{ Name: "nofile", Soft: 9, Hard: 9 }] },
    { Tmpfs: { "/t": "noexec,ro,mode=1777,size=8m" } },
  ]) {
    assert.equal(verdict(hostConfig), null, JSON.stringify(hostConfig));
  }
});

test("the namespaces that the agent made for the task belong to its containers only", () => {
  const own = { networkMode: "container:p", pidMode: "container:p", ipcMode: "container:p" };
  const joined = { NetworkMode: "container:p", PidMode: "container:p", IpcMode: "container:p" };
  assert.equal(verdict(joined, {}, own), null);
  assert.match(verdict({ ...joined, PidMode: "container:q" }, {}, own) ?? "", /pidMode container:q/);
});

test("SYS_PTRACE is harmless only among the container's own processes", () => {
  const hostConfig = { CapAdd: ["SYS_PTRACE"], PidMode: "host" };
  assert.match(verdict(hostConfig, { hostPid: true }) ?? "", /SYS_PTRACE/);
  assert.equal(verdict(hostConfig, { hostPid: true, capabilities: ["SYS_PTRACE"] }), null);
});

test("network mode host can be disabled, and then its attribute is withheld", () => {
  const policy = { ...strictPolicy, hostNetwork: false };
  assert.match(verdict({ NetworkMode: "host" }, policy) ?? "", /start the agent without --no-host-network$/);
  const attributes = withheldBy(policy).flatMap(({ attribute }) => attribute ?? []);
  assert.ok(attributes.includes("com.amazonaws.ecs.capability.task-iam-role-network-host"));
});

test("the attribute of privileged containers is offered only where they are allowed", () => {
  const attributes = [{ name: "com.amazonaws.ecs.capability.privileged-container" }, { name: "ecs.os-type" }];
  assert.deepEqual(offeredUnder(strictPolicy, attributes), [{ name: "ecs.os-type" }]);
  assert.deepEqual(offeredUnder({ ...strictPolicy, privileged: true }, attributes), attributes);
});

test("a path is within a folder if its components are", () => {
  for (const [path, folder, is] of [
    ["/srv/data", "/srv/data", true],
    ["/srv/data/x", "/srv/data", true],
    ["/srv/database", "/srv/data", false],
    ["/srv", "/srv/data", false],
    ["/anything", "/", true],
  ] as const) {
    assert.equal(isWithin(path, folder), is, `${path} in ${folder}`);
  }
});
