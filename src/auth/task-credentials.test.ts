import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { Sha256 } from "../lib/sha256.ts";
import { AuthError } from "./auth-error.ts";
import { type SignedCall, verifySignature } from "./sigv4.ts";
import { isTemporaryKey, TaskCredentialsIssuer, type TaskRole, taskCredentialsMs } from "./task-credentials.ts";

const nowMs = Date.UTC(2026, 10, 21, 5, 0, 0);
const key = new Uint8Array(32).fill(1);
const credentials = new TaskCredentialsIssuer(key);
const taskId = "0123456789abcdef0123456789abcdef";
const role: TaskRole = {
  taskArn: `arn:aws:ecs:eu-central-1:111122223333:task/lab/${taskId}`,
  roleArn: "arn:aws:iam::111122223333:role/some/path/run",
  use: "TaskApplication",
};
const minted = credentials.mint(role, nowMs);

const refusalOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AuthError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
};

const unrecognized = "UnrecognizedClientException: The security token included in the request is invalid.";
const expired = "ExpiredTokenException: The security token included in the request is expired";

describe("minted credentials", () => {
  test("have AWS's forms, and last six hours", () => {
    assert.match(minted.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
    assert.ok(isTemporaryKey(minted.accessKeyId));
    assert.ok(!isTemporaryKey("AKIAIOSFODNN7EXAMPLE"));
    assert.match(minted.secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
    assert.match(minted.credentialsId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(minted.sessionToken, /^[\x21-\x7e]{1,1000}$/);
    assert.equal(minted.expiresAt, nowMs + taskCredentialsMs);
    assert.equal(taskCredentialsMs, 21_600_000);
  });

  test("have a stable id for a task and a use, over time and restarts, and for nothing else", () => {
    const { credentialsId } = minted;
    assert.equal(new TaskCredentialsIssuer(key).mint(role, nowMs + 86_400_000).credentialsId, credentialsId);
    assert.equal(credentials.credentialsId({ ...role }), credentialsId);
    const others = [
      credentials.credentialsId({ ...role, use: "TaskExecution" }),
      credentials.credentialsId({ ...role, taskArn: `${role.taskArn}0` }),
      new TaskCredentialsIssuer(new Uint8Array(32).fill(2)).credentialsId(role),
    ];
    assert.equal(new Set([credentialsId, ...others]).size, 4);
    assert.doesNotMatch(credentialsId, new RegExp(taskId.slice(0, 8)));
  });

  test("are different each time", () => {
    const later = credentials.mint(role, nowMs + 1_000);
    for (const name of ["accessKeyId", "secretAccessKey", "sessionToken"] as const) {
      assert.notEqual(later[name], minted[name]);
    }
  });

  test("reveal neither the key nor, in the token, the secret", () => {
    const readable = Buffer.from(minted.sessionToken.split(".")[1] ?? "", "base64url").toString();
    assert.ok(!`${minted.sessionToken}${readable}`.includes(minted.secretAccessKey));
    assert.ok(!Buffer.from(minted.sessionToken, "base64url").includes(Buffer.from(minted.secretAccessKey, "base64")));
  });
});

describe("the owner of credentials", () => {
  test("is the role, in the name of the task", () => {
    const owner = new TaskCredentialsIssuer(key).owner(minted.accessKeyId, minted.sessionToken, nowMs);
    assert.deepEqual(owner, {
      secret: minted.secretAccessKey,
      userName: null,
      account: "111122223333",
      principalArn: `arn:aws:sts::111122223333:assumed-role/run/${taskId}`,
      task: { arn: role.taskArn, region: "eu-central-1" },
    });
  });

  test("is nobody once they have expired, to the millisecond", () => {
    const at = (ms: number) => refusalOf(() => credentials.owner(minted.accessKeyId, minted.sessionToken, ms));
    assert.equal(at(minted.expiresAt - 1), "accepted");
    assert.equal(at(minted.expiresAt), expired);
  });

  test("is nobody for the token of another server, of another key id, or none at all", () => {
    const { accessKeyId, sessionToken } = minted;
    const other = new TaskCredentialsIssuer(new Uint8Array(32).fill(2));
    assert.equal(
      refusalOf(() => other.owner(accessKeyId, sessionToken, nowMs)),
      unrecognized,
    );
    const sibling = credentials.mint({ ...role, use: "TaskExecution" }, nowMs);
    assert.equal(
      refusalOf(() => credentials.owner(sibling.accessKeyId, sessionToken, nowMs)),
      unrecognized,
    );
    for (const token of ["", ".", "..", "berth1..", `${sessionToken}.`, sessionToken.slice(7), "x".repeat(5_000)]) {
      assert.equal(
        refusalOf(() => credentials.owner(accessKeyId, token, nowMs)),
        unrecognized,
        token,
      );
    }
  });

  test("is nobody for a token that was changed anywhere", () => {
    const { accessKeyId, sessionToken } = minted;
    const anywhere = fc.tuple(fc.nat(sessionToken.length - 1), fc.constantFrom(..."AZaz09-_.+ "));
    fc.assert(
      fc.property(anywhere, ([at, letter]) => {
        const changed = sessionToken.slice(0, at) + letter + sessionToken.slice(at + 1);
        const said = refusalOf(() => credentials.owner(accessKeyId, changed, nowMs));
        assert.equal(said, changed === sessionToken ? "accepted" : unrecognized);
      }),
    );
    // Forged claims under a MAC from another token.
    const [form, , mac] = sessionToken.split(".");
    const claims = Buffer.from(JSON.stringify([role.taskArn, role.roleArn, role.use, nowMs * 2])).toString("base64url");
    const forged = refusalOf(() => credentials.owner(accessKeyId, [form, claims, mac].join("."), nowMs));
    assert.equal(forged, unrecognized);
  });
});

describe("a call signed with them", () => {
  async function sign(secretAccessKey: string, unsignableHeaders = new Set<string>()): Promise<SignedCall> {
    const { accessKeyId, sessionToken } = minted;
    const signer = new SignatureV4({
      service: "ecs",
      region: "eu-central-1",
      credentials: { accessKeyId, secretAccessKey, sessionToken },
      sha256: Sha256,
      applyChecksum: false,
    });
    const request = {
      method: "POST",
      protocol: "http:",
      hostname: "127.0.0.1",
      path: "/",
      query: {},
      headers: { host: "127.0.0.1:4280", "x-amz-target": "AmazonEC2ContainerServiceV20141113.GetTaskProtection" },
      body: "{}",
    };
    const { headers } = await signer.sign(request, { signingDate: new Date(nowMs), unsignableHeaders });
    return { signingName: "ecs", method: "POST", path: "/", query: "", headers, body: "{}", nowMs };
  }

  const find = credentials.owner.bind(credentials);
  const verify = (call: SignedCall) => verifySignature(call, (id, token, now) => find(id, token ?? "", now));

  test("is the task's", async () => {
    const call = await sign(minted.secretAccessKey);
    assert.equal(call.headers["x-amz-security-token"], minted.sessionToken);
    const caller = await verify(call);
    assert.deepEqual(caller, {
      accessKeyId: minted.accessKeyId,
      region: "eu-central-1",
      account: "111122223333",
      userName: null,
      principalArn: `arn:aws:sts::111122223333:assumed-role/run/${taskId}`,
      task: { arn: role.taskArn, region: "eu-central-1" },
    });
  });

  test("is refused with another secret, without the token or with the token unsigned", async () => {
    await assert.rejects(verify(await sign("x".repeat(40))), { code: "InvalidSignatureException" });
    const call = await sign(minted.secretAccessKey);
    const { "x-amz-security-token": _, ...headers } = call.headers;
    await assert.rejects(verify({ ...call, headers }), { code: "UnrecognizedClientException" });
    const unsigned = await sign(minted.secretAccessKey, new Set(["x-amz-security-token"]));
    await assert.rejects(verify(unsigned), { code: "InvalidSignatureException" });
    await assert.rejects(verify({ ...call, nowMs: minted.expiresAt }), { code: "ExpiredTokenException" });
  });
});
