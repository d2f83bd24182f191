/** Goal: accepts what AWS's own signer signs, and refuses any change to it. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { Sha256 } from "../lib/sha256.ts";
import { AuthError, type AuthErrorCode } from "./auth-error.ts";
import { type KeyOwner, type SignedCall, verifySignature } from "./sigv4.ts";

const nowMs = Date.UTC(2026, 10, 21, 0, 2, 0);
const accessKeyId = "AKIAIOSFODNN7EXAMPLE";
const owner: KeyOwner = {
  secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  account: "123456789012",
  userName: "ci",
  principalArn: "arn:aws:iam::123456789012:user/ci",
};
const find = (id: string): KeyOwner | null => (id === accessKeyId ? owner : null);

type Signing = {
  readonly call?: Partial<Omit<SignedCall, "headers">> & { readonly headers?: Readonly<Record<string, string>> };
  readonly query?: Record<string, string | string[]>;
  readonly secret?: string;
  readonly keyId?: string;
  readonly service?: string;
  readonly signedAtMs?: number;
  readonly applyChecksum?: boolean;
  readonly unsigned?: readonly string[];
};

/** A call signed as by a client: over the headers that go out, except those in `unsigned`. */
async function sign(signing: Signing = {}): Promise<SignedCall> {
  const { call = {}, signedAtMs = nowMs } = signing;
  const body = call.body ?? '{"cluster":"default"}';
  const signer = new SignatureV4({
    service: signing.service ?? "ecs",
    region: "eu-central-1",
    credentials: { accessKeyId: signing.keyId ?? accessKeyId, secretAccessKey: signing.secret ?? owner.secret },
    sha256: Sha256,
    applyChecksum: signing.applyChecksum ?? false,
  });
  const headers: Record<string, string> = {
    host: "127.0.0.1:4280",
    "content-type": "application/x-amz-json-1.1",
    "content-length": String(Buffer.byteLength(body)),
    "x-amz-target": "AmazonEC2ContainerServiceV20141113.ListTasks",
    "amz-sdk-invocation-id": "2d8d3a05-2c6b-4f77-8f2c-0123456789ab",
    "amz-sdk-request": "attempt=1; max=3",
    "user-agent": "a client",
    ...call.headers,
  };
  const request = {
    method: call.method ?? "POST",
    protocol: "http:",
    hostname: "127.0.0.1",
    path: call.path ?? "/",
    query: signing.query ?? {},
    headers,
    body,
  };
  const signed = await signer.sign(request, {
    signingDate: new Date(signedAtMs),
    unsignableHeaders: new Set(signing.unsigned ?? []),
  });
  return {
    signingName: call.signingName ?? "ecs",
    method: request.method,
    path: request.path,
    query: call.query ?? "",
    headers: signed.headers,
    body: call.body ?? Buffer.from(body),
    nowMs: call.nowMs ?? nowMs,
  };
}

async function refused(call: SignedCall, code: AuthErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(verifySignature(call, find), (error: unknown) => {
    assert.ok(error instanceof AuthError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

const withHeaders = (call: SignedCall, headers: Record<string, string | string[] | undefined>): SignedCall => ({
  ...call,
  headers: { ...call.headers, ...headers },
});

const authorizationOf = (call: SignedCall): string => String(call.headers.authorization);
const mismatch = /^The request signature we calculated does not match the signature you provided/;

describe("a right signature", () => {
  test("identifies the caller", async () => {
    assert.deepEqual(await verifySignature(await sign(), find), {
      accessKeyId,
      region: "eu-central-1",
      account: "123456789012",
      userName: "ci",
      principalArn: "arn:aws:iam::123456789012:user/ci",
      task: null,
    });
  });

  test("may cover an empty body, a text body, a body hash, a session token", async () => {
    for (const signed of [
      await sign({ call: { body: "" } }),
      await sign({ call: { body: '{"a":"ü"}' } }),
      await sign({ applyChecksum: true }),
      await sign({ call: { headers: { "x-amz-security-token": "token" } } }),
    ]) {
      assert.equal((await verifySignature(signed, find)).accessKeyId, accessKeyId);
    }
  });

  test("may cover the query of a WebSocket, with its repeated and encoded parts, also in a Go client's form", async () => {
    const query = { clusterArn: "c", dockerVersion: "DockerVersion: 20.10.24+dfsg1", seqNum: "1", x: ["b", "a"] };
    const encoded = "seqNum=1&dockerVersion=DockerVersion%3A%2020.10.24%2Bdfsg1&x=b&x=a&clusterArn=c";
    const call = { method: "GET", path: "/acs/ws", query: encoded, body: "" };
    const signed = await sign({ call, query });
    await verifySignature(signed, find);
    await verifySignature({ ...signed, query: encoded.replace("%20", "+") }, find);
    await refused({ ...signed, query: encoded.replace("seqNum=1", "seqNum=2") }, "InvalidSignatureException", mismatch);
    await refused({ ...signed, query: `${encoded}&sendCredentials=true` }, "InvalidSignatureException", mismatch);
    await refused({ ...signed, path: "/tcs/ws" }, "InvalidSignatureException", mismatch);
    await refused({ ...signed, query: `${encoded}&__proto__=1` }, "InvalidSignatureException", mismatch);
  });

  test("allows unsigned headers to change on the way", async () => {
    const call = withHeaders(await sign(), {
      "user-agent": "a proxy",
      via: "1.1 proxy",
      "x-forwarded-for": "10.0.0.1",
    });
    assert.equal((await verifySignature(call, find)).accessKeyId, accessKeyId);
  });
});

test("the hash passed to the signer is SHA-256, and HMAC with a secret", async () => {
  for (const secret of [undefined, "text", Buffer.from([0, 255]), new Uint8Array([1, 2, 3]).subarray(1).buffer]) {
    const own = new Sha256(secret);
    own.update(Buffer.from("AW"));
    own.update(Buffer.from("S4"));
    const bytes = typeof secret === "string" ? secret : new Uint8Array(secret ?? []);
    const known = secret === undefined ? createHash("sha256") : createHmac("sha256", bytes);
    assert.deepEqual(Buffer.from(await own.digest()), known.update("AWS4").digest());
  }
});

describe("a call is refused", () => {
  test("without an Authorization header", async () => {
    const call = withHeaders(await sign(), { authorization: undefined });
    await refused(call, "MissingAuthenticationTokenException", /^Missing Authentication Token$/);
  });

  test("with a missing part of the header, which the error names", async () => {
    const call = await sign();
    for (const part of ["Credential", "Signature", "SignedHeaders"]) {
      const authorization = authorizationOf(call).replace(new RegExp(`${part}=[^,]*`), "");
      await refused(
        withHeaders(call, { authorization }),
        "IncompleteSignatureException",
        new RegExp(`^Authorization header requires '${part}' parameter\\.$`),
      );
    }
    await refused(withHeaders(call, { "x-amz-date": undefined }), "IncompleteSignatureException", /'X-Amz-Date'/);
  });

  test("with a malformed part of the header", async () => {
    const call = await sign();
    const authorization = authorizationOf(call);
    const bad: readonly [string, RegExp][] = [
      ["Bearer abc", /algorithm/],
      ["AWS4-HMAC-SHA256", /'Credential'.*'Signature'.*'SignedHeaders'/],
      [authorization.replace("/aws4_request", ""), /5 slash-delimited/],
      [authorization.replace("/20261121/", "/today/"), /5 slash-delimited/],
      [authorization.replace("host;", "host;;"), /SignedHeaders/],
      [authorization.replace("host;", "Host;"), /SignedHeaders/],
      [authorization.replace("host;", "host;host;"), /SignedHeaders/],
      [`${authorization}, Signature=00`, /more than one 'Signature'/],
      [`${authorization}${" ".repeat(5_000)}`, /too long/],
    ];
    for (const [header, message] of bad) {
      await refused(withHeaders(call, { authorization: header }), "IncompleteSignatureException", message);
    }
    for (const date of ["20261321T000200Z", "2026-11-21T00:02:00Z", "20261121T000260Z", "20260230T000000Z", "x"]) {
      await refused(withHeaders(call, { "x-amz-date": date }), "IncompleteSignatureException", /'X-Amz-Date' must be/);
    }
  });

  test("with an unknown key", async () => {
    const call = await sign({ keyId: "AKIAAAAAAAAAAAAAAAAA" });
    await refused(call, "UnrecognizedClientException", /^The security token included in the request is invalid\.$/);
  });

  test("with another secret", async () => {
    await refused(await sign({ secret: `${owner.secret}x` }), "InvalidSignatureException", mismatch);
  });

  test("more than five minutes from its date, either way", async () => {
    const minutes = 60_000;
    await verifySignature(await sign({ signedAtMs: nowMs - 5 * minutes }), find);
    await verifySignature(await sign({ signedAtMs: nowMs + 5 * minutes }), find);
    await refused(
      await sign({ signedAtMs: nowMs - 5 * minutes - 1000 }),
      "InvalidSignatureException",
      /^Signature expired: 20261120T235659Z is now earlier than 20261120T235700Z \(20261121T000200Z - 5 min\.\)$/,
    );
    await refused(
      await sign({ signedAtMs: nowMs + 5 * minutes + 1000 }),
      "InvalidSignatureException",
      /^Signature not yet current: 20261121T000701Z is still later than 20261121T000700Z \(20261121T000200Z \+ 5 min\.\)$/,
    );
  });

  test("for another service or another day than its scope says", async () => {
    await refused(
      await sign({ service: "s3" }),
      "InvalidSignatureException",
      /^Credential should be scoped to correct service: 'ecs'\.$/,
    );
    await verifySignature({ ...(await sign({ service: "s3" })), signingName: "s3" }, find);
    const call = await sign();
    const authorization = authorizationOf(call).replace("/20261121/", "/20261120/");
    await refused(withHeaders(call, { authorization }), "InvalidSignatureException", /^Date in Credential scope/);
    const region = authorizationOf(call).replace("/eu-central-1/", "/us-east-1/");
    await refused(withHeaders(call, { authorization: region }), "InvalidSignatureException", mismatch);
  });

  test("if the host, the target or the token is not signed", async () => {
    await refused(await sign({ unsigned: ["host"] }), "InvalidSignatureException", /^'Host' or ':authority' must be/);
    await refused(await sign({ unsigned: ["x-amz-target"] }), "InvalidSignatureException", /^'x-amz-target' must be/);
    const added = withHeaders(await sign(), { "x-amz-security-token": "token" });
    await refused(added, "InvalidSignatureException", /^'x-amz-security-token' must be/);
  });

  test("if its body hash does not match the body, signed or not", async () => {
    const call = await sign({ applyChecksum: true });
    await refused({ ...call, body: "{}" }, "InvalidSignatureException", /^The value of 'X-Amz-Content-Sha256'/);
    const unsigned = withHeaders(await sign(), { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" });
    await refused(unsigned, "InvalidSignatureException", /^The value of 'X-Amz-Content-Sha256'/);
  });

  test("if a signed header is missing or appears twice", async () => {
    const call = await sign();
    await refused(withHeaders(call, { "content-type": undefined }), "InvalidSignatureException", mismatch);
    await refused(withHeaders(call, { "content-type": ["a", "b"] }), "InvalidSignatureException", mismatch);
    const authorization = authorizationOf(call).replace("host;", "__proto__;host;");
    await refused(withHeaders(call, { authorization }), "InvalidSignatureException", mismatch);
  });

  test("with any byte of body, method, target, signed header or signature changed", async () => {
    const call = await sign();
    const signed = /SignedHeaders=([^,]+)/.exec(authorizationOf(call))?.[1]?.split(";") ?? [];
    assert.ok(signed.length >= 6);
    const change = fc.record({
      what: fc.constantFrom("body", "signature", ...signed),
      at: fc.nat(),
      by: fc.integer({ min: 1, max: 25 }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ what, at, by }) => {
        const changed = changedCall(call, what, at, by);
        await assert.rejects(verifySignature(changed, find), AuthError, JSON.stringify({ what, at, by }));
      }),
      { numRuns: 300 },
    );
  });

  test("with anything at all in the Authorization header, and never fails otherwise", async () => {
    const call = await sign();
    const parts = authorizationOf(call).split(/([ ,/=;])/);
    const anyHeader = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...parts, "", "x"), { maxLength: 30 }).map((some) => some.join("")),
    );
    await fc.assert(
      fc.asyncProperty(anyHeader, async (authorization) => {
        fc.pre(authorization !== authorizationOf(call));
        await assert.rejects(verifySignature(withHeaders(call, { authorization }), find), AuthError);
      }),
      { numRuns: 300 },
    );
  });
});

/** Replaces one character of `what` with another letter or digit. */
function changedCall(call: SignedCall, what: string, at: number, by: number): SignedCall {
  const move = (text: string): string => {
    const i = at % text.length;
    const code = text.charCodeAt(i);
    const other = String.fromCharCode(97 + ((code + by) % 26));
    return text.slice(0, i) + (other === text.charAt(i) ? "0" : other) + text.slice(i + 1);
  };
  if (what === "body") return { ...call, body: move(call.body.toString()) };
  if (what !== "signature") return withHeaders(call, { [what]: move(String(call.headers[what])) });
  const [before = "", signature = ""] = authorizationOf(call).split("Signature=");
  return withHeaders(call, { authorization: `${before}Signature=${move(signature)}` });
}
