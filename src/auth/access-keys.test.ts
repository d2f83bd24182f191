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
import type { Clock, Timer } from "../lib/clock.ts";
import { emptyMemoryDisk, type MemoryDisk, MemoryStore } from "../store/memory/memory-store.ts";
import { AccessKeys } from "./access-keys.ts";
import { AccessKeyError } from "./key-request.ts";
import { SealError, SealKey } from "./seal-key.ts";

const clock: Clock = {
  now: () => 1_000,
  wall: () => 1_000,
  setTimer: () => ({ cancel: () => {} }),
  defer: (run) => run(),
};

/** A clock that a test sets. The test fires the newest timer by hand. */
class HandClock implements Clock {
  ms = 1_000;
  timer: { readonly delayMs: number; readonly fire: () => void } | null = null;

  /** Keys expire by the wall clock, so nothing here may use this one. */
  now(): number {
    return 0;
  }

  wall(): number {
    return this.ms;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { delayMs, fire };
    this.timer = timer;
    return {
      cancel: () => {
        if (this.timer === timer) this.timer = null;
      },
    };
  }

  defer(run: () => void): void {
    run();
  }
}

const documentsOf = (kind: string) =>
  disk.partitions.get("access-keys")?.documents.get(kind) ?? new Map<string, string>();

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
  test("have AWS's form, and belong to a user or to the root of an account", async () => {
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

  test("are still there after a restart, and listed without their secrets", async () => {
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
      assert.deepEqual(Object.keys(key).sort(), [
        "accessKeyId",
        "account",
        "clusters",
        "createdAt",
        "expired",
        "expiresAt",
        "lastUsedAt",
        "origin",
        "role",
        "userName",
      ]);
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

  test("are also damaged if a member has another type; a damaged last use harms nothing", async () => {
    const before = await open();
    const request = {
      account: "123456789012",
      userName: "a",
      role: "agent",
      clusters: ["a"],
      expiresAt: 5_000,
    } as const;
    const { accessKeyId } = await before.createKey(request);
    const other = await before.createKey({ account: "123456789012", userName: null });
    for (const { accessKeyId: id } of [{ accessKeyId }, other]) before.use(id);
    await before.close();
    const whole = documentsOf("access-key").get(accessKeyId) ?? "";
    const members = { role: "root", clusters: [1], expiresAt: "never", origin: null, sealedSecret: 1, userName: 1 };
    for (const [member, value] of Object.entries(members)) {
      documentsOf("access-key").set(accessKeyId, JSON.stringify({ ...JSON.parse(whole), [member]: value }));
      const after = await open();
      assert.match(after.damaged.join(), /it is not the document of an access key/, member);
      assert.deepEqual([after.find(accessKeyId), after.listKeys().length], [null, 1], member);
    }
    for (const body of ["null", "{", "{}", '{"usedAt":"today"}']) {
      documentsOf("access-key-use").set(other.accessKeyId, body);
      const after = await open();
      assert.deepEqual([after.listKeys()[0]?.lastUsedAt, after.find(other.accessKeyId)?.secret], [null, other.secret]);
    }
    const last = await open();
    assert.equal(await last.deleteKey(accessKeyId), true);
    assert.equal(documentsOf("access-key-use").has(accessKeyId), false);
  });

  test("are gone for good once deleted", async () => {
    const keys = await open();
    const { accessKeyId } = await keys.createKey({ account: "123456789012", userName: "a" });
    assert.equal(await keys.deleteKey(accessKeyId), true);
    assert.equal(keys.find(accessKeyId), null);
    assert.equal(await keys.deleteKey(accessKeyId), false);
    assert.deepEqual((await open()).listKeys(), []);
  });

  test("are unknown if they come with a session token", async () => {
    const keys = await open();
    const { accessKeyId } = await keys.createKey({ account: "123456789012", userName: "ci" });
    assert.ok(keys.find(accessKeyId, null));
    assert.equal(keys.find(accessKeyId, "token"), null);
  });

  test("are not created for an invalid account or user name", async () => {
    const keys = await open();
    for (const account of ["", "12345678901", "12345678901a"]) {
      await assert.rejects(keys.createKey({ account, userName: "a" }), AccessKeyError);
    }
    for (const userName of ["", "a b", "a/b", "x".repeat(65)]) {
      await assert.rejects(keys.createKey({ account: "123456789012", userName }), AccessKeyError);
    }
    assert.deepEqual(keys.listKeys(), []);
  });

  test("that could not be stored are unknown", async () => {
    const failing = new MemoryStore({ disk, beforeAppend: async () => "fail" });
    const keys = await AccessKeys.open(clock, failing, sealKeyPath);
    await assert.rejects(keys.createKey({ account: "123456789012", userName: "a" }));
    assert.deepEqual(keys.listKeys(), []);
  });
});

describe("roles, clusters and expiry of a key", () => {
  const account = "123456789012";

  test("are those requested, also after a restart; the default is an unlimited admin key", async () => {
    const keys = await open();
    const plain = await keys.createKey({ account, userName: null });
    assert.deepEqual([plain.role, plain.clusters, plain.expiresAt, plain.userName], ["admin", null, null, null]);
    const request = { account, userName: null, role: "agent", clusters: ["b", "a", "b"], expiresAt: 5_000 } as const;
    const { accessKeyId } = await keys.createKey(request);
    for (const each of [keys, await open()]) {
      const listed = each.listKeys().find((key) => key.accessKeyId === accessKeyId);
      assert.deepEqual(
        [listed?.role, listed?.clusters, listed?.expiresAt, listed?.userName, listed?.expired],
        ["agent", ["a", "b"], 5_000, "agent", false],
      );
      const { principal, origin } = each.use(accessKeyId) ?? {};
      assert.equal(origin, accessKeyId);
      assert.deepEqual(principal, {
        type: "key",
        arn: `arn:aws:iam::${account}:user/agent`,
        role: "agent",
        clusters: ["a", "b"],
        accessKeyId,
      });
      assert.deepEqual(each.counts(), { admin: 1, operator: 0, "read-only": 0, agent: 1 });
    }
  });

  test("must exist", async () => {
    const keys = await open();
    const wrong: readonly object[] = [
      { role: "root" },
      { role: "toString" },
      { clusters: [] },
      { clusters: ["a/b"] },
      { clusters: ["a", ""] },
      { clusters: ["x".repeat(256)] },
      { clusters: Array.from({ length: 21 }, (_, i) => `c${i}`) },
      { expiresAt: 1_000 },
      { expiresAt: Number.NaN },
      { expiresAt: 8.64e15 },
    ];
    for (const members of wrong) {
      await assert.rejects(
        keys.createKey({ account, userName: "a", ...members }),
        AccessKeyError,
        JSON.stringify(members),
      );
    }
    assert.deepEqual(keys.listKeys(), []);
  });

  test("of a key from before roles existed are an admin's", async () => {
    const keys = await open();
    await keys.createKey({ account, userName: "new" });
    const accessKeyId = "AKIAOLDOLDOLDOLDOLD2";
    const sealedSecret = SealKey.open(sealKeyPath, false).seal("s3cret", JSON.stringify([accessKeyId, account, "old"]));
    documentsOf("access-key").set(
      accessKeyId,
      JSON.stringify({ account, userName: "old", createdAt: 7, sealedSecret }),
    );
    const loaded = await open();
    assert.equal(loaded.find(accessKeyId)?.secret, "s3cret");
    const old = loaded.listKeys().find((key) => key.accessKeyId === accessKeyId);
    assert.deepEqual([old?.role, old?.clusters, old?.expiresAt, old?.origin], ["admin", null, null, accessKeyId]);
  });

  test("cannot be changed or removed by editing the document", async () => {
    const keys = await open();
    const request = { account, userName: "a", role: "read-only", clusters: ["a"], expiresAt: 5_000 } as const;
    const { accessKeyId } = await keys.createKey(request);
    const body = documentsOf("access-key").get(accessKeyId) ?? "";
    const { role, clusters, expiresAt, origin, ...old } = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual([role, clusters, expiresAt, origin], ["read-only", ["a"], 5_000, accessKeyId]);
    for (const changed of [
      { ...old, role: "admin", clusters, expiresAt, origin },
      { ...old, role, clusters: null, expiresAt, origin },
      { ...old, role, clusters, expiresAt: null, origin },
      { ...old, role, clusters, expiresAt, origin: "AKIAAAAAAAAAAAAAAAAA" },
      old,
    ]) {
      documentsOf("access-key").set(accessKeyId, JSON.stringify(changed));
      await assert.rejects(open(), SealError, JSON.stringify(changed));
    }
  });

  test("ends the key to the millisecond, for good, and listeners are called on time", async () => {
    const hand = new HandClock();
    const keys = await AccessKeys.open(hand, new MemoryStore({ disk }), sealKeyPath);
    const ended: string[] = [];
    keys.onEnd((id) => ended.push(id));
    keys.watch(assert.ifError);
    const { accessKeyId } = await keys.createKey({ account, userName: "a", expiresAt: 31_000 });
    assert.equal(hand.timer?.delayMs, 30_000, "a new key counts at once");
    hand.ms = 30_999;
    assert.ok(keys.find(accessKeyId) && keys.use(accessKeyId) && keys.isGood(accessKeyId));
    hand.ms = 31_000;
    hand.timer?.fire();
    assert.deepEqual(ended, [accessKeyId]);
    for (const ms of [31_000, 1_000]) {
      hand.ms = ms;
      hand.timer?.fire();
      assert.throws(() => keys.find(accessKeyId), { code: "ExpiredTokenException" }, `at ${ms}`);
      assert.equal(keys.use(accessKeyId), null);
      assert.ok(!keys.isGood(accessKeyId));
      assert.equal(keys.listKeys()[0]?.expired, true);
    }
    assert.deepEqual(ended, [accessKeyId], "once");
    await keys.close();
    assert.equal(hand.timer, null, "nothing keeps the process alive");
  });

  test("are called when it is deleted", async () => {
    const keys = await open();
    const ended: string[] = [];
    keys.onEnd((id) => ended.push(id));
    const { accessKeyId } = await keys.createKey({ account, userName: "a" });
    const deleted = keys.deleteKey(accessKeyId);
    assert.deepEqual(ended, [], "not before it is durable");
    await deleted;
    assert.deepEqual(ended, [accessKeyId]);
    assert.equal(keys.use(accessKeyId), null);
  });

  test("pass to the key that replaces it, which owns what the old one registered", async () => {
    const hand = new HandClock();
    const keys = await AccessKeys.open(hand, new MemoryStore({ disk }), sealKeyPath);
    const old = await keys.createKey({ account, userName: "a", role: "agent", clusters: ["a"], expiresAt: 101_000 });
    hand.ms = 50_000;
    const next = await keys.rotateKey(old.accessKeyId, { overlapMs: 10_000 });
    assert.ok(next !== null && next.accessKeyId !== old.accessKeyId && next.secret !== old.secret);
    const { role, clusters, expiresAt, origin } = next;
    assert.deepEqual([role, clusters, expiresAt, origin], ["agent", ["a"], 150_000, old.accessKeyId]);
    const third = await keys.rotateKey(next.accessKeyId, { overlapMs: 0, role: "operator", clusters: ["b"] });
    assert.deepEqual([third?.role, third?.clusters, third?.origin], ["operator", ["b"], old.accessKeyId]);
    assert.throws(() => keys.find(next.accessKeyId), { code: "ExpiredTokenException" });
    hand.ms = 59_999;
    for (const each of [keys, await AccessKeys.open(hand, new MemoryStore({ disk }), sealKeyPath)]) {
      assert.equal(each.find(old.accessKeyId)?.secret, old.secret);
    }
    hand.ms = 60_000;
    assert.throws(() => keys.find(old.accessKeyId), { code: "ExpiredTokenException" });
    assert.equal(await keys.rotateKey("AKIAAAAAAAAAAAAAAAAA", { overlapMs: 0 }), null);
  });
});

describe("the last use of a key", () => {
  const account = "123456789012";

  test("is known at once, written once a minute, and still there after a restart", async () => {
    const hand = new HandClock();
    const keys = await AccessKeys.open(hand, new MemoryStore({ disk }), sealKeyPath);
    keys.watch(assert.ifError);
    const { accessKeyId } = await keys.createKey({ account, userName: "a" });
    assert.equal(keys.listKeys()[0]?.lastUsedAt, null);
    for (let i = 0; i < 1_000; i++) {
      hand.ms += 1;
      keys.use(accessKeyId);
    }
    assert.equal(keys.listKeys()[0]?.lastUsedAt, 2_000);
    assert.equal(documentsOf("access-key-use").size, 0);
    assert.ok((hand.timer?.delayMs ?? 0) <= 60_000);
    hand.timer?.fire();
    await keys.close();
    assert.equal((await open()).listKeys()[0]?.lastUsedAt, 2_000);
  });

  test("is written at the end, and deleted with its key", async () => {
    const keys = await open();
    const [used, deleted] = [
      await keys.createKey({ account, userName: "a" }),
      await keys.createKey({ account, userName: "b" }),
    ];
    keys.use(used.accessKeyId);
    keys.use(deleted.accessKeyId);
    await keys.close();
    assert.equal(documentsOf("access-key-use").size, 2);
    keys.use(deleted.accessKeyId);
    await keys.deleteKey(deleted.accessKeyId);
    await keys.close();
    assert.deepEqual([...documentsOf("access-key-use").keys()], [used.accessKeyId]);
  });

  test("that could not be written is reported and written later", async () => {
    let fails = false;
    const store = new MemoryStore({ disk, beforeAppend: async () => (fails ? "fail" : "ok") });
    const hand = new HandClock();
    const keys = await AccessKeys.open(hand, store, sealKeyPath);
    const told = Promise.withResolvers<unknown>();
    keys.watch(told.resolve);
    const { accessKeyId } = await keys.createKey({ account, userName: "a" });
    keys.use(accessKeyId);
    fails = true;
    hand.timer?.fire();
    assert.ok((await told.promise) instanceof Error);
    fails = false;
    await keys.close();
    assert.equal(documentsOf("access-key-use").size, 1);
  });
});

test("no account has more keys than its share", async () => {
  const keys = await open();
  const account = "123456789012";
  for (let i = 0; i < 6_000; i++) await keys.createKey({ account, userName: "a" });
  await assert.rejects(keys.createKey({ account, userName: "a" }), /123456789012 has 6000 access keys already/);
  await keys.createKey({ account: "210987654321", userName: "a" });
});

describe("the seal key", () => {
  test("is created at first use, for its owner only, and nothing else is left in the folder", async () => {
    await open();
    assert.equal(statSync(sealKeyPath).mode & 0o777, 0o600);
    assert.equal(readFileSync(sealKeyPath).length, 32);
    assert.deepEqual(readdirSync(folder), ["seal.key"]);
  });

  test("derives keys for other purposes, the same after a restart", async () => {
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

  test("must be the one that sealed the keys", async () => {
    await (await open()).createKey({ account: "123456789012", userName: "a" });
    const other = join(folder, "other.key");
    writeFileSync(other, Buffer.alloc(32, 7));
    await assert.rejects(open(other), (error: unknown) => {
      assert.ok(error instanceof SealError);
      assert.match(error.message, /other\.key is not the one that sealed the access keys/);
      return true;
    });
  });

  test("is never recreated while there are keys that a new one could not open", async () => {
    await (await open()).createKey({ account: "123456789012", userName: "a" });
    rmSync(sealKeyPath);
    await assert.rejects(open(), (error) => error instanceof SealError && /is missing/.test(error.message));
    assert.equal(existsSync(sealKeyPath), false);
  });

  test("must have the right size", async () => {
    writeFileSync(sealKeyPath, "short");
    chmodSync(sealKeyPath, 0o600);
    await assert.rejects(open(), (error) => error instanceof SealError && /must have 32 bytes/.test(error.message));
  });

  test("unseals a secret only in the document that it was sealed for", async () => {
    const { accessKeyId } = await (await open()).createKey({ account: "123456789012", userName: "a" });
    const documents = disk.partitions.get("access-keys")?.documents.get("access-key");
    const body = documents?.get(accessKeyId);
    assert.ok(documents && body);
    documents.set(accessKeyId, body.replace("123456789012", "210987654321"));
    await assert.rejects(open(), SealError);
  });
});
