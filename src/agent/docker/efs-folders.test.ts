import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EfsFolders, efsPath } from "./efs-folders.ts";
import { HostRefusal } from "./policy/host-policy.ts";

const pathOf = (efsVolumeConfiguration: unknown): string | null =>
  efsPath({ name: "v", type: "efs", efsVolumeConfiguration });

test("an EFS volume is a folder of its file system, and nothing beside it", () => {
  const fileSystemId = "fs-0123456789abcdef0";
  assert.equal(pathOf({ fileSystemId }), fileSystemId);
  assert.equal(pathOf({ fileSystemId, rootDirectory: "/" }), fileSystemId);
  assert.equal(pathOf({ fileSystemId, rootDirectory: "/data//x/" }), `${fileSystemId}/data/x`);
  assert.equal(pathOf({ fileSystemId, rootDirectory: "/../../etc" }), `${fileSystemId}/etc`);
  assert.equal(
    pathOf({ fileSystemId, rootDirectory: "/", authorizationConfig: { accessPointId: "fsap-1" } }),
    `${fileSystemId}/fsap-1`,
  );
  for (const wrong of [
    undefined,
    {},
    { fileSystemId: ".." },
    { fileSystemId: "a/b" },
    { fileSystemId, rootDirectory: 1 },
  ]) {
    assert.equal(pathOf(wrong), null, JSON.stringify(wrong));
  }
  assert.equal(pathOf({ fileSystemId, authorizationConfig: { accessPointId: "../x" } }), null);
});

test("folders are created, and links that containers made lead nowhere else", async (context) => {
  const root = mkdtempSync(join(tmpdir(), "berth-efs-"));
  context.after(() => rmSync(root, { recursive: true }));
  const folders = new EfsFolders(root);
  await folders.make("fs-1/data/x");
  await folders.make("fs-1/fsap-1");
  assert.equal(await folders.real("fs-1/data/x"), join(root, "fs-1/data/x"));
  assert.equal(statSync(join(root, "fs-1/fsap-1")).mode & 0o777, 0o777);
  mkdirSync(join(root, "fs-2/secret"), { recursive: true });
  symlinkSync("/etc", join(root, "fs-1/out"));
  symlinkSync("../fs-2", join(root, "fs-1/other"));
  symlinkSync("data", join(root, "fs-1/inside"));
  assert.equal(await folders.real("fs-1/inside/x"), join(root, "fs-1/data/x"));
  for (const path of ["fs-1/out", "fs-1/out/new", "fs-1/other/secret"]) {
    await assert.rejects(folders.make(path), HostRefusal, path);
    await assert.rejects(folders.real(path), HostRefusal, path);
  }
});
