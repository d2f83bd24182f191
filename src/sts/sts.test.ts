import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../lib/random.ts";
import { ServiceMachine } from "../service-machine/service-machine.ts";
import type { ServicePorts, Session } from "../service-machine/service-ports.ts";
import { noPorts } from "../service-machine/small-service.ts";
import { sts } from "./sts.ts";

const account = "123456789012";
const now = 1_700_000_000_500;
const roleArn = `arn:aws:iam::${account}:role/path/deploy`;
const root = `arn:aws:iam::${account}:root`;
const user = `arn:aws:iam::${account}:user/ci`;
const session = `arn:aws:sts::${account}:assumed-role/deploy/first`;

const minted: Session[] = [];
const ports: ServicePorts = {
  ...noPorts,
  principalId: (prefix, arn) => `${prefix}(${arn})`,
  credentialsOf: (given) => {
    minted.push(given);
    return { accessKeyId: "ASIA1", secretAccessKey: "secret", sessionToken: "token" };
  },
};

// biome-ignore lint/suspicious/noExplicitAny: replies are read as loosely as JSON
function call(operation: string, request: object, principalArn = user, given = ports): any {
  const machine = new ServiceMachine(sts, { account, region: "eu-west-1" }, given);
  const caller = { principalArn, isAgent: false };
  const { reply, documents } = machine.step({ type: "call", operation, request, caller }, now, seededRandom("sts"));
  assert.deepEqual(documents, [], "STS keeps nothing");
  return reply.ok ? reply.value : `${reply.refusal.code}: ${reply.refusal.message}`;
}

describe("GetCallerIdentity", () => {
  test("says who a root user, a user and a session are", () => {
    assert.deepEqual(call("GetCallerIdentity", {}, root), { UserId: account, Account: account, Arn: root });
    assert.deepEqual(call("GetCallerIdentity", {}, user), { UserId: `AIDA(${user})`, Account: account, Arn: user });
    assert.deepEqual(call("GetCallerIdentity", {}, session), {
      UserId: `AROA(arn:aws:iam::${account}:role/deploy):first`,
      Account: account,
      Arn: session,
    });
  });
});

describe("AssumeRole", () => {
  const request = { RoleArn: roleArn, RoleSessionName: "first" };
  test("gives credentials of a session, for an hour or as long as the call says", () => {
    minted.length = 0;
    const reply = call("AssumeRole", { ...request, SourceIdentity: "alice" });
    assert.deepEqual(reply, {
      Credentials: {
        AccessKeyId: "ASIA1",
        SecretAccessKey: "secret",
        SessionToken: "token",
        Expiration: 1_700_003_600_000,
      },
      AssumedRoleUser: { AssumedRoleId: `AROA(arn:aws:iam::${account}:role/deploy):first`, Arn: session },
      SourceIdentity: "alice",
    });
    call("AssumeRole", { ...request, DurationSeconds: 43_200 });
    assert.deepEqual(
      minted.map(({ principalArn, expiresAt }) => [principalArn, expiresAt]),
      [
        [session, 1_700_003_600_000],
        [session, 1_700_043_200_000],
      ],
    );
    assert.equal(call("GetCallerIdentity", {}, reply.AssumedRoleUser.Arn).UserId, reply.AssumedRoleUser.AssumedRoleId);
  });

  test("acts in the account of the role", () => {
    minted.length = 0;
    call("AssumeRole", { ...request, RoleArn: roleArn.replace(account, "444455556666") });
    assert.equal(minted[0]?.account, "444455556666");
  });

  test("refuses what AWS refuses, all of it at once", () => {
    assert.equal(
      call("AssumeRole", { RoleSessionName: "a b", DurationSeconds: 10 }),
      "ValidationError: 3 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; " +
        "Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*; " +
        "Value '10' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    );
    assert.match(
      call("AssumeRole", { ...request, RoleSessionName: "x".repeat(65) }),
      /1 validation error .* less than or equal to 64$/,
    );
    assert.equal(call("AssumeRole", { ...request, RoleArn: root }), `ValidationError: ${root} is invalid`);
    assert.match(
      call("AssumeRole", { ...request, DurationSeconds: 3_601 }, session),
      /^ValidationError: .* role chaining$/,
    );
  });

  test("is denied where no credentials are given", () => {
    const denied = call("AssumeRole", request, user, { ...ports, credentialsOf: null });
    assert.match(
      denied,
      /^AccessDenied: User: .*user\/ci is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::/,
    );
  });
});

describe("AssumeRoleWithWebIdentity", () => {
  const token = (claims: object): string => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "RS256" })}.${part(claims)}.c2ln`;
  };
  const claims = {
    iss: "https://token.actions.githubusercontent.com",
    sub: "repo:ü/x",
    aud: ["sts.amazonaws.com"],
    exp: 1_700_000_100,
  };
  const ask = (WebIdentityToken: string) =>
    call("AssumeRoleWithWebIdentity", { RoleArn: roleArn, RoleSessionName: "gh", WebIdentityToken }, "anonymous");

  test("gives credentials and says whose the token is", () => {
    const { Credentials, ...reply } = ask(token(claims));
    assert.equal(Credentials.SessionToken, "token");
    assert.deepEqual(reply, {
      AssumedRoleUser: {
        AssumedRoleId: `AROA(arn:aws:iam::${account}:role/deploy):gh`,
        Arn: `arn:aws:sts::${account}:assumed-role/deploy/gh`,
      },
      SubjectFromWebIdentityToken: "repo:ü/x",
      Provider: claims.iss,
      Audience: "sts.amazonaws.com",
    });
  });

  test("refuses a token that is none, that is over, or that lacks a claim", () => {
    for (const text of [
      "nothing",
      "a.b.c",
      "a.bnVsbA.c",
      `${token(claims)}.x`,
      "....",
      `a.${Buffer.from("[]").toString("base64url")}.c`,
    ]) {
      assert.match(ask(text), /^InvalidIdentityTokenException: /, text);
    }
    assert.match(
      ask(token({ ...claims, exp: 1_699_999_999 })),
      /^ExpiredTokenException: Token expired: current date\/time 1700000000 /,
    );
    assert.match(ask(token({ ...claims, sub: 7 })), /^InvalidIdentityTokenException: Missing a required claim/);
    const noPorts = { ...ports, credentialsOf: null };
    const request = { RoleArn: roleArn, RoleSessionName: "gh", WebIdentityToken: token(claims) };
    assert.match(call("AssumeRoleWithWebIdentity", request, "anonymous", noPorts), /^AccessDenied/);
  });
});

describe("GetSessionToken", () => {
  test("lasts twelve hours for a user and one for the root user, and no session gets one", () => {
    assert.equal(call("GetSessionToken", {}).Credentials.Expiration, 1_700_043_200_000);
    assert.equal(call("GetSessionToken", { DurationSeconds: 7_200 }, root).Credentials.Expiration, 1_700_003_600_000);
    assert.match(call("GetSessionToken", {}, session), /^AccessDenied: Cannot call GetSessionToken/);
    assert.match(call("GetSessionToken", {}, user, { ...ports, credentialsOf: null }), /^AccessDenied/);
  });
});
