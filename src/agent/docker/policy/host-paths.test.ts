import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { HostPaths, realPathOnDisk } from "./host-paths.ts";
import { HostRefusal, strictPolicy } from "./host-policy.ts";

describe("host paths of containers", () => {
  let root: string;
  let paths: HostPaths;
  before(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), "berth-paths-")));
    await mkdir(join(root, "allowed/inside"), { recursive: true });
    await mkdir(join(root, "allowed-too"));
    await mkdir(join(root, "secret"));
    await writeFile(join(root, "allowed/file"), "");
    await symlink("../secret", join(root, "allowed/out"));
    await symlink("inside", join(root, "allowed/in"));
    await symlink("/", join(root, "allowed/root"));
    await symlink("nowhere", join(root, "allowed/dangling"));
    await symlink("loop", join(root, "allowed/loop"));
    await symlink("allowed", join(root, "link-to-allowed"));
    paths = new HostPaths({ ...strictPolicy, hostPaths: [join(root, "allowed")] }, realPathOnDisk);
  });
  after(() => rm(root, { recursive: true, force: true }));

  const refuses = (path: string, message: RegExp): Promise<void> =>
    assert.rejects(paths.mounted(path), (error) => {
      assert.ok(error instanceof HostRefusal, String(error));
      assert.match(error.message, message);
      return true;
    });

  it("may be an allowed path or anything below it, whichever way leads there", async () => {
    for (const [path, real] of [
      ["allowed", "allowed"],
      ["allowed/", "allowed"],
      ["allowed/./inside//", "allowed/inside"],
      ["secret/../allowed/inside", "allowed/inside"],
      ["allowed/file", "allowed/file"],
      ["allowed/in", "allowed/inside"],
      ["link-to-allowed/inside", "allowed/inside"],
      ["allowed/new/folders", "allowed/new/folders"],
      ["allowed/in/new", "allowed/inside/new"],
    ] as const) {
      assert.equal(await paths.mounted(`${root}/${path}`), join(root, real), path);
    }
  });

  it("may not leave it by a symbolic link, by dots, or by a name with the same beginning", async () => {
    const flag = /not allowed on this host; start the agent with --allow-host-path \//;
    for (const path of [
      "allowed/out",
      "allowed/out/new",
      "allowed/root/etc",
      "allowed/../secret",
      "allowed/inside/../../secret",
      "allowed-too",
      "secret",
      "",
    ]) {
      await refuses(`${root}/${path}`, flag);
    }
    await refuses("/etc", flag);
    await refuses("/", flag);
    await refuses(`${root}/allowed/out`, new RegExp(`allowed/out, which is ${root}/secret, is`));
  });

  it("may not be relative, a link that leads nowhere or in a circle, or below a file", async () => {
    await refuses("allowed", /not absolute/);
    await refuses("", /not absolute/);
    await refuses(`${root}/allowed/dangling`, /is dangling/);
    await refuses(`${root}/allowed/dangling/new`, /is dangling/);
    await refuses(`${root}/allowed/loop`, /cannot be resolved/);
    await refuses(`${root}/allowed/file/new`, /cannot be resolved/);
  });

  it("may be the place that an allowed link leads to", async () => {
    const linked = new HostPaths({ ...strictPolicy, hostPaths: [join(root, "link-to-allowed")] }, realPathOnDisk);
    assert.equal(await linked.mounted(`${root}/link-to-allowed/inside`), join(root, "allowed/inside"));
    const everything = new HostPaths({ ...strictPolicy, hostPaths: ["/"] }, realPathOnDisk);
    assert.equal(await everything.mounted(`${root}/secret`), join(root, "secret"));
  });

  it("are no longer real when a container has put a link in the way", async () => {
    const real = await paths.mounted(`${root}/allowed/inside`);
    assert.equal(await paths.isStillReal(real), true);
    await rename(join(root, "allowed/inside"), join(root, "allowed/moved"));
    await symlink("/etc", join(root, "allowed/inside"));
    assert.equal(await paths.isStillReal(real), false);
  });

  it("on another machine are allowed only if all are, because its links are not visible", async () => {
    const policy = { ...strictPolicy, hostPaths: ["/srv"] };
    await assert.rejects(new HostPaths(policy, null).mounted("/srv/data"), /--allow-host-path \/$/);
    const all = new HostPaths({ ...policy, hostPaths: ["/"] }, null);
    assert.equal(await all.mounted("/srv//data/"), "/srv/data");
  });

  it("may be devices only where those are allowed", async () => {
    const devices = new HostPaths({ ...strictPolicy, devices: ["/dev/null"], hostPaths: ["/"] }, realPathOnDisk);
    assert.equal(await devices.device("/dev/null"), "/dev/null");
    await assert.rejects(devices.device("/dev/zero"), /the device \/dev\/zero is .*--allow-device \/dev\/zero$/);
    const privileged = new HostPaths({ ...strictPolicy, privileged: true }, realPathOnDisk);
    assert.equal(await privileged.device("/dev/zero"), "/dev/zero");
  });
});
