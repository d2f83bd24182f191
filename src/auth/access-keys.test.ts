import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { must } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { emptyMemoryDisk, type MemoryDisk, MemoryStore } from "../store/memory/memory-store.ts";
import { AccessKeyError, AccessKeys } from "./access-keys.ts";
import { SealError } from "./seal-key.ts";

const clock: Clock = {
  now: () => 1_000,
  wall: () => 1_000,
  setTimer: () => ({ cancel: () => {} }),
  defer: (run) => run(),
};

let folder: string;
let sealKeyPath: string;
let disk: MemoryDisk;

const open = (path = sealKeyPath): Promise<AccessKeys> => AccessKeys.open(clock, new MemoryStore({ disk }), path);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-access-keys-"));
  sealKeyPath = join(folder, "seal.key");
  disk = emptyMemoryDisk();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("access keys", () => {
  test("have the form that AWS gives them, and belong to a user or to the root of an account", async () => {
    const keys = await open();
    const user = await keys.createKey({ account: "123456789012", userName: "ci" });
    assert.match(user.accessKeyId, /^AKIA[A-Z2-7]{16}$/);
    assert.match(user.secret, /^[A-Za-z0-9+/]{40}$/);
    assert.equal(keys.find(user.accessKeyId)?.principalArn, "arn:aws:iam::123456789012:user/ci");
    assert.equal(keys.find(user.accessKeyId)?.secret, user.secret);
    const root = await keys.createKey({ account: "123456789012", userName: null });
    assert.equal(keys.find(root.accessKeyId)?.principalArn, "arn:aws:iam::123456789012:root");
    assert.notEqual(root.secret, user.secret);
    assert.equal(keys.find("AKIAAAAAAAAAAAAAAAAA"), null);
  });

  test("are there again after a restart, listed without their secrets", async () => {
    const before = await open();
    const first = await before.createKey({ account: "123456789012", userName: "a" });
    const second = await before.createKey({ account: "210987654321", userName: null });
    const after = await open();
    assert.equal(after.find(first.accessKeyId)?.secret, first.secret);
    assert.equal(after.find(second.accessKeyId)?.account, "210987654321");
    const listed = after.listKeys();
    assert.deepEqual(
      listed.map(({ accessKeyId }) => accessKeyId),
      [first.accessKeyId, second.accessKeyId].sort(),
    );
    for (const key of listed) {
      assert.deepEqual(Object.keys(key).sort(), ["accessKeyId", "account", "createdAt", "userName"]);
      assert.equal(key.createdAt, 1_000);
    }
  });

  test("that are damaged are refused and named, and can be deleted; the others work", async () => {
    const before = await open();
    const owner = { account: "123456789012", userName: null };
    const [good, ...bad] = [
      await before.createKey(owner),
      await before.createKey(owner),
      await before.createKey(owner),
    ];
    const bodies = must(disk.partitions.get("access-keys")?.documents.get("access-key"), "the documents");
    const [notJson, changed] = bad.map(({ accessKeyId }) => accessKeyId) as [string, string];
    bodies.set(notJson, '{"account":');
    bodies.set(changed, must(bodies.get(changed), "a key").replace("123456789012", "210987654321"));
    const after = await open();
    assert.equal(after.find(good.accessKeyId)?.secret, good.secret);
    for (const id of [notJson, changed]) assert.equal(after.find(id), null);
    assert.deepEqual(
      after.damaged.map((text) => text.slice(0, text.indexOf(". The key"))).sort(),
      [
        `memory, partition "access-keys", document access-key "${changed}": its secret cannot be unsealed`,
        `memory, partition "access-keys", document access-key "${notJson}": it is not the document of an access key`,
      ].sort(),
    );
    for (const id of [notJson, changed]) assert.equal(await after.deleteKey(id), true);
    assert.deepEqual([after.damaged, (await open()).damaged], [[], []]);
  });

  test("are gone for good when deleted", async () => {
    const keys = await open();
    const { accessKeyId } = await keys.createKey({ account: "123456789012", userName: "a" });
    assert.equal(await keys.deleteKey(accessKeyId), true);
    assert.equal(keys.find(accessKeyId), null);
    assert.equal(await keys.deleteKey(accessKeyId), false);
    assert.deepEqual((await open()).listKeys(), []);
  });

  test("are not known together with a session token", async () => {
    const keys = await open();
    const { accessKeyId } = await keys.createKey({ account: "123456789012", userName: "ci" });
    assert.ok(keys.find(accessKeyId, null));
    assert.equal(keys.find(accessKeyId, "token"), null);
  });

  test("are not made for what is no account or user name", async () => {
    const keys = await open();
    for (const account of ["", "12345678901", "12345678901a"]) {
      await assert.rejects(keys.createKey({ account, userName: "a" }), AccessKeyError);
    }
    for (const userName of ["", "a b", "a/b", "x".repeat(65)]) {
      await assert.rejects(keys.createKey({ account: "123456789012", userName }), AccessKeyError);
    }
    assert.deepEqual(keys.listKeys(), []);
  });

  test("that could not be stored are not known", async () => {
    const failing = new MemoryStore({ disk, beforeAppend: async () => "fail" });
    const keys = await AccessKeys.open(clock, failing, sealKeyPath);
    await assert.rejects(keys.createKey({ account: "123456789012", userName: "a" }));
    assert.deepEqual(keys.listKeys(), []);
  });
});

describe("the seal key", () => {
  test("is made at first use, for its owner only, and nothing else is left in the folder", async () => {
    await open();
    assert.equal(statSync(sealKeyPath).mode & 0o777, 0o600);
    assert.equal(readFileSync(sealKeyPath).length, 32);
    assert.deepEqual(readdirSync(folder), ["seal.key"]);
  });

  test("gives keys for other purposes, the same after a restart", async () => {
    const first = (await open()).deriveKey("tasks");
    const again = await open();
    assert.deepEqual(again.deriveKey("tasks"), first);
    assert.equal(first.length, 32);
    assert.notDeepEqual(again.deriveKey("other"), first);
    assert.notDeepEqual(Buffer.from(first), readFileSync(sealKeyPath));
  });

  test("keeps secrets out of the store", async () => {
    const { secret } = await (await open()).createKey({ account: "123456789012", userName: "a" });
    const bodies = [...disk.partitions.values()].flatMap(({ documents }) =>
      [...documents.values()].flatMap((byKey) => [...byKey.values()]),
    );
    assert.equal(bodies.length, 1);
    assert.doesNotMatch(bodies.join(), new RegExp(secret.replace(/[+/]/g, "\\$&")));
    assert.ok(!bodies.join().includes(Buffer.from(secret).toString("base64")));
  });

  test("must be the one that the keys were sealed with", async () => {
    await (await open()).createKey({ account: "123456789012", userName: "a" });
    const other = join(folder, "other.key");
    writeFileSync(other, Buffer.alloc(32, 7));
    await assert.rejects(open(other), (error: unknown) => {
      assert.ok(error instanceof SealError);
      assert.match(error.message, /other\.key is not the one that the access keys were sealed with/);
      return true;
    });
  });

  test("is never made anew while there are keys that it could not open", async () => {
    await (await open()).createKey({ account: "123456789012", userName: "a" });
    rmSync(sealKeyPath);
    await assert.rejects(open(), (error) => error instanceof SealError && /is missing/.test(error.message));
    assert.equal(existsSync(sealKeyPath), false);
  });

  test("must have its size", async () => {
    writeFileSync(sealKeyPath, "short");
    chmodSync(sealKeyPath, 0o600);
    await assert.rejects(open(), (error) => error instanceof SealError && /must have 32 bytes/.test(error.message));
  });

  test("opens a secret only in the document that it was sealed for", async () => {
    const { accessKeyId } = await (await open()).createKey({ account: "123456789012", userName: "a" });
    const documents = disk.partitions.get("access-keys")?.documents.get("access-key");
    const body = documents?.get(accessKeyId);
    assert.ok(documents && body);
    documents.set(accessKeyId, body.replace("123456789012", "210987654321"));
    await assert.rejects(open(), SealError);
  });
});
