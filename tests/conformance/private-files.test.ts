/** Files with secrets, as the programs leave them and as they find them. */
import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startAgent } from "../agent-process.ts";
import { runBerth, startBerth } from "../berth-process.ts";
import { logged } from "../logged-events.ts";

const fixture = (name: string): string => new URL(`../fixtures/tls/${name}`, import.meta.url).pathname;

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-modes-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The names in a folder whose modes allow other users in. */
const open = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0);

test("what others could read in a data directory is repaired and reported, whoever starts on it", async (context) => {
  const dataDir = temporaryFolder(context);
  assert.equal(runBerth(["keys", "create", "--data-dir", dataDir]).code, 0);
  assert.deepEqual(open(dataDir), []);
  const widen = (): void => {
    for (const name of readdirSync(dataDir)) chmodSync(join(dataDir, name), 0o644);
  };
  widen();
  writeFileSync(join(dataDir, "notes"), "", { mode: 0o644 });
  const { err, code } = runBerth(["keys", "list", "--data-dir", dataDir]);
  assert.match(
    err,
    /^berth: Other users had access to \S+seal\.key \(mode 0644\)\. The mode is now 0600\. .* create new keys\.$/m,
  );
  assert.match(err, /^berth: Other users had access to \S+berth\.sqlite \(mode 0644\)\. The mode is now 0600\.$/m);
  assert.deepEqual([code, open(dataDir)], [0, ["notes"]]);

  widen();
  const server = await startBerth("serve", ["--data-dir", dataDir]);
  try {
    assert.deepEqual(open(dataDir), ["notes"]);
    assert.ok(
      logged(server.complaints(), "file-mode-repaired").some(
        ({ path, was, now }) => String(path).endsWith("seal.key") && was === "0644" && now === "0600",
      ),
    );
  } finally {
    await server.end("SIGTERM");
  }
});

test("a TLS key that others can read is refused, and the message says what to type", (context) => {
  const dataDir = temporaryFolder(context);
  const key = join(dataDir, "tls.key");
  copyFileSync(fixture("localhost.key"), key);
  chmodSync(key, 0o644);
  const files = ["--tls-cert", fixture("localhost.pem"), "--tls-key", key];
  const { code, err } = runBerth(["serve", "--port", "0", "--data-dir", dataDir, ...files]);
  assert.equal(err, `berth: The key ${key} can be read by others (mode 0644): chmod 600 ${key}\n`);
  assert.equal(code, 1);
});

test("an agent keeps its state to itself, and removes others' access", async (context) => {
  const dataDir = join(temporaryFolder(context), "agent");
  const dev = await startBerth("dev", ["--in-memory", "--instances", "0"]);
  context.after(() => dev.end("SIGKILL"));
  const start = () =>
    startAgent({
      endpoint: dev.listening.url,
      dataDir,
      key: { accessKeyId: "any", secretAccessKey: "any" },
      flags: ["--runtime", "simulated", "--region", "us-east-1"],
    });
  const first = start();
  await first.next("registered");
  await first.end("SIGTERM");
  assert.deepEqual(open(dataDir), []);
  chmodSync(join(dataDir, "agent.json"), 0o666);
  chmodSync(dataDir, 0o777);
  const second = start();
  await second.next("registered");
  await second.end("SIGTERM");
  assert.match(second.err(), /Other users had access to \S+agent\.json \(mode 0666\)/);
  assert.deepEqual([open(dataDir), statSync(dataDir).mode & 0o777], [[], 0o755]);
});
