import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { makePrivate, NotPrivateError } from "./private-files.ts";

function folderWith(context: TestContext, files: Readonly<Record<string, number>>): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-private-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, mode] of Object.entries(files)) {
    writeFileSync(join(folder, name), name);
    chmodSync(join(folder, name), mode);
  }
  return folder;
}

const modeOf = (path: string): number => statSync(path).mode & 0o7777;
const isOurs = (name: string): boolean => name.startsWith("our");

test("our files lose other users' rights, and each is reported; other files are left alone", (context) => {
  const folder = folderWith(context, { "our.db": 0o644, "our.key": 0o666, "our-own": 0o600, theirs: 0o644 });
  assert.deepEqual(makePrivate(folder, isOurs), [
    { path: join(folder, "our.db"), was: "0644", now: "0600" },
    { path: join(folder, "our.key"), was: "0666", now: "0600" },
  ]);
  assert.deepEqual(
    ["our.db", "our.key", "our-own", "theirs"].map((name) => modeOf(join(folder, name))),
    [0o600, 0o600, 0o600, 0o644],
  );
  assert.deepEqual(makePrivate(folder, isOurs), []);
});

test("a folder in which others could put files loses their write right, unless it is sticky", (context) => {
  const folder = folderWith(context, {});
  for (const [mode, now] of [
    [0o777, 0o755],
    [0o770, 0o750],
    [0o1777, 0o1777],
    [0o755, 0o755],
  ] as const) {
    chmodSync(folder, mode);
    const repairs = makePrivate(folder, isOurs);
    assert.equal(modeOf(folder), now);
    assert.equal(repairs.length, mode === now ? 0 : 1);
  }
});

test("a link is never changed, and refused if others can access its target", (context) => {
  const folder = folderWith(context, {});
  const elsewhere = folderWith(context, { key: 0o644 });
  symlinkSync(join(elsewhere, "key"), join(folder, "our.key"));
  assert.throws(() => makePrivate(folder, isOurs), { name: "NotPrivateError", message: /our\.key .*: chmod 600 / });
  assert.equal(modeOf(join(elsewhere, "key")), 0o644);
  chmodSync(join(elsewhere, "key"), 0o400);
  assert.deepEqual(makePrivate(folder, isOurs), []);
});

test("what is not a file is left alone, and a missing folder is nobody's", (context) => {
  const folder = folderWith(context, {});
  mkdirSync(join(folder, "our-folder"), { mode: 0o755 });
  symlinkSync("/dev/full", join(folder, "our-device"));
  symlinkSync("nowhere", join(folder, "our-dangling-link"));
  assert.deepEqual(makePrivate(folder, isOurs), []);
  assert.deepEqual(makePrivate(join(folder, "absent"), isOurs), []);
  assert.equal(new NotPrivateError("x").name, "NotPrivateError");
});
