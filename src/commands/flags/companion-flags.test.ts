import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StartError } from "../../server/start-error.ts";
import { companionFlags, companionFrom, companionKeyFlag, signedCompanionFrom } from "./companion-flags.ts";
import { parseFlags, UsageError } from "./flags.ts";

const typed = (...argv: string[]) =>
  parseFlags({ usage: "", about: "", flags: { ...companionFlags, ...companionKeyFlag }, examples: [] }, argv);
const url = ["--companion", "http://127.0.0.1:5000"];

test("--companion is an address without a path, and --companion-services are built-in ones", () => {
  assert.equal(companionFrom(typed()), null);
  const origin = "http://127.0.0.1:5000";
  assert.deepEqual(companionFrom(typed("--companion", `${origin}/`)), {
    url: origin,
    services: new Set(),
    credentials: null,
  });
  assert.deepEqual(companionFrom(typed(...url, "--companion-services", " sts, "))?.services, new Set(["sts"]));
  for (const wrong of ["127.0.0.1:5000", "ws://a", "http://a/b", "http://a?b", "http://"]) {
    assert.throws(() => companionFrom(typed("--companion", wrong)), UsageError, wrong);
  }
  assert.throws(
    () => companionFrom(typed("--companion", "http://me:secret@a")),
    (error: unknown) => error instanceof UsageError && !error.message.includes("secret"),
  );
  for (const wrong of ["s3", "ecs", "sts,s3"]) {
    assert.throws(() => companionFrom(typed(...url, "--companion-services", wrong)), /Built in are .*sts/, wrong);
  }
  assert.throws(() => companionFrom(typed("--companion-services", "sts")), /needs --companion URL/);
});

test("the key of the companion comes from the environment or from a private file, and must be there", () => {
  assert.equal(signedCompanionFrom(typed(), {}), null);
  assert.throws(() => signedCompanionFrom(typed("--companion-credentials", "x"), {}), /needs --companion URL/);
  assert.throws(
    () => signedCompanionFrom(typed(...url), {}),
    /--companion-credentials FILE, or BERTH_COMPANION_ACCESS_KEY_ID/,
  );
  const environment = {
    BERTH_COMPANION_ACCESS_KEY_ID: "id",
    BERTH_COMPANION_SECRET_ACCESS_KEY: "secret",
    BERTH_COMPANION_SESSION_TOKEN: "",
  };
  const credentials = { accessKeyId: "id", secretAccessKey: "secret", sessionToken: null };
  assert.deepEqual(signedCompanionFrom(typed(...url), environment)?.credentials, credentials);

  const directory = mkdtempSync(join(tmpdir(), "berth-companion-"));
  const fromFile = (text: string, mode = 0o600) => {
    const file = join(directory, "credentials");
    writeFileSync(file, text);
    chmodSync(file, mode);
    return signedCompanionFrom(typed(...url, "--companion-credentials", file), {})?.credentials;
  };
  try {
    const section = "[default]\naws_access_key_id = id\nAWS_SECRET_ACCESS_KEY=secret\n";
    assert.deepEqual(fromFile(`# mine\n[other]\naws_access_key_id=no\n${section}`), credentials);
    assert.deepEqual(fromFile(`${section}aws_session_token=t\n`), { ...credentials, sessionToken: "t" });
    assert.throws(() => fromFile("[other]\naws_access_key_id=id\naws_secret_access_key=secret\n"), StartError);
    assert.throws(() => fromFile(section, 0o644), /can be read by others/);
    const missing = typed(...url, "--companion-credentials", join(directory, "none"));
    assert.throws(() => signedCompanionFrom(missing, {}), StartError);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
