import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthError } from "./auth-error.ts";
import { principalId, SessionCredentialsIssuer } from "./session-credentials.ts";
import { isTemporaryKey } from "./task-credentials.ts";

const issuer = new SessionCredentialsIssuer(new Uint8Array(32));
const session = {
  account: "123456789012",
  principalArn: "arn:aws:sts::123456789012:assumed-role/deploy/ci",
  expiresAt: 10_000,
  nonce: "00ff",
};
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AuthError) return error.code;
    throw error;
  }
  return "none";
};

test("a session's credentials say whose they are until they expire, whoever has the key", () => {
  const { accessKeyId, secretAccessKey, sessionToken } = issuer.mint(session);
  assert.ok(isTemporaryKey(accessKeyId), accessKeyId);
  assert.match(secretAccessKey, /^[\w+/]{40}$/);
  const again = new SessionCredentialsIssuer(new Uint8Array(32));
  assert.ok(again.isToken(sessionToken));
  assert.deepEqual(again.owner(accessKeyId, sessionToken, 9_999), {
    secret: secretAccessKey,
    account: session.account,
    userName: null,
    principalArn: session.principalArn,
  });
  assert.equal(
    code(() => again.owner(accessKeyId, sessionToken, 10_000)),
    "ExpiredTokenException",
  );
  assert.notEqual(issuer.mint({ ...session, nonce: "01" }).secretAccessKey, secretAccessKey);
});

test("a forged, foreign or mismatched token is nobody's", () => {
  const { accessKeyId, sessionToken } = issuer.mint(session);
  const other = issuer.mint({ ...session, principalArn: "arn:aws:sts::123456789012:assumed-role/admin/ci" });
  const [form = "", , mac = ""] = sessionToken.split(".");
  const claims = Buffer.from(JSON.stringify(["999999999999", session.principalArn, 10_000, "00ff"])).toString(
    "base64url",
  );
  const wrong = [
    () => issuer.owner(accessKeyId, `${form}.${claims}.${mac}`, 1),
    () => issuer.owner(accessKeyId, other.sessionToken, 1),
    () => issuer.owner(accessKeyId, `${sessionToken}.x`, 1),
    () => issuer.owner(accessKeyId, "x".repeat(10_000), 1),
    () => issuer.owner(accessKeyId, "", 1),
    () => new SessionCredentialsIssuer(new Uint8Array(32).fill(1)).owner(accessKeyId, sessionToken, 1),
  ];
  for (const [index, run] of wrong.entries()) assert.equal(code(run), "UnrecognizedClientException", String(index));
  assert.ok(!issuer.isToken("berth1.x.y"));
});

test("the id of a key has its account where AWS's tools read it", () => {
  for (const account of ["000000000000", "123456789012", "999999999999"]) {
    const { accessKeyId } = issuer.mint({ ...session, account });
    let bits = 0n;
    for (const char of accessKeyId.slice(4, 14))
      bits = (bits << 5n) | BigInt("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(char));
    // AWS: of the first 48 bits, those behind the first and before the last seven.
    const decoded = ((bits >> 2n) & 0x7fff_ffff_ff80n) >> 7n;
    assert.equal(decoded.toString().padStart(12, "0"), account);
  }
});

test("a principal has one id, and no other has it", () => {
  const id = principalId("AROA", "arn:aws:iam::1:role/a");
  assert.match(id, /^AROA[A-Z2-7]{17}$/);
  assert.equal(principalId("AROA", "arn:aws:iam::1:role/a"), id);
  assert.notEqual(principalId("AROA", "arn:aws:iam::1:role/b"), id);
  assert.notEqual(principalId("AIDA", "arn:aws:iam::1:role/a").slice(4), id.slice(4));
});
