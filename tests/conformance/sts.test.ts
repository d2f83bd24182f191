/** STS over HTTP: as AWS's SDK calls it, by hand in every form that clients use, and through the AWS CLI as it is installed. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { must } from "../../src/lib/assert.ts";
import { AgentWorld } from "./agent-world.ts";
import { findTool, runTool, skipReason } from "./foreign-tool.ts";
import { account, region, startWorld, type World } from "./world.ts";

const roleArn = "arn:aws:iam::444455556666:role/deploy";
const credentials = { accessKeyId: account, secretAccessKey: "any" };

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

async function withClient<T>(
  given: Credentials,
  use: (client: STSClient) => Promise<T>,
  endpoint = world.server.url,
): Promise<T> {
  const client = new STSClient({ endpoint, region, credentials: given, maxAttempts: 1 });
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

const token = (exp: number): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part({ iss: "https://issuer", sub: "me", aud: "sts.amazonaws.com", exp })}.c2ln`;
};

describe("the SDK", () => {
  test("learns who it is", async () => {
    const { UserId, Account, Arn } = await withClient(credentials, (sts) => sts.send(new GetCallerIdentityCommand()));
    assert.deepEqual([UserId, Account, Arn], [account, account, `arn:aws:iam::${account}:root`]);
  });

  test("gets credentials of a role, which ECS and STS take as those of the role's account", async () => {
    const reply = await withClient(credentials, (sts) =>
      sts.send(
        new AssumeRoleCommand({
          RoleArn: roleArn,
          RoleSessionName: "ci",
          DurationSeconds: 900,
          Tags: [{ Key: "a", Value: "b" }],
        }),
      ),
    );
    const {
      AccessKeyId = "",
      SecretAccessKey = "",
      SessionToken = "",
      Expiration,
    } = must(reply.Credentials, "credentials");
    assert.match(AccessKeyId, /^ASIA[A-Z2-7]{16}$/);
    const inMs = must(Expiration, "an end").getTime() - Date.now();
    assert.ok(inMs > 890_000 && inMs <= 900_000, String(inMs));
    const session = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const who = await withClient(session, (sts) => sts.send(new GetCallerIdentityCommand()));
    assert.deepEqual([who.Account, who.Arn], ["444455556666", "arn:aws:sts::444455556666:assumed-role/deploy/ci"]);
    assert.equal(who.UserId, reply.AssumedRoleUser?.AssumedRoleId);
    const ecs = new ECS({ endpoint: world.server.url, region, credentials: session });
    const { cluster } = await ecs.createCluster({ clusterName: "of-the-role" });
    assert.equal(cluster?.clusterArn, `arn:aws:ecs:${region}:444455556666:cluster/of-the-role`);
    ecs.destroy();
    const forged = { ...session, sessionToken: `${SessionToken.slice(0, -2)}xx` };
    const stranger = await withClient(forged, (sts) => sts.send(new GetCallerIdentityCommand()));
    assert.equal(stranger.Account, account, "a token that is not ours belongs to the default account, like any other");
  });

  test("gets credentials for a web identity without any of its own", async () => {
    const request = { RoleArn: roleArn, RoleSessionName: "gh", WebIdentityToken: token(Date.now() / 1000 + 600) };
    const reply = await withClient(credentials, (sts) => sts.send(new AssumeRoleWithWebIdentityCommand(request)));
    assert.equal(reply.SubjectFromWebIdentityToken, "me");
    const expired = { ...request, WebIdentityToken: token(1) };
    await assert.rejects(
      withClient(credentials, (sts) => sts.send(new AssumeRoleWithWebIdentityCommand(expired))),
      { name: "ExpiredTokenException" },
    );
    const invalid = { ...request, WebIdentityToken: "none" };
    await assert.rejects(
      withClient(credentials, (sts) => sts.send(new AssumeRoleWithWebIdentityCommand(invalid))),
      { name: "InvalidIdentityTokenException" },
    );
  });

  test("gets a session token, and reads errors by their names", async () => {
    const reply = await withClient(credentials, (sts) => sts.send(new GetSessionTokenCommand({})));
    assert.match(reply.Credentials?.AccessKeyId ?? "", /^ASIA/);
    await assert.rejects(
      withClient(credentials, (sts) => sts.send(new AssumeRoleCommand({ RoleArn: "x", RoleSessionName: "ci" }))),
      { name: "ValidationError" },
    );
  });
});

describe("by hand", () => {
  const authorization = `AWS4-HMAC-SHA256 Credential=${account}/20261128/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00`;
  const identity = "Action=GetCallerIdentity&Version=2011-06-15";
  const post = (body: string, headers: Record<string, string> = { authorization }) =>
    fetch(`${world.server.url}/`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8", ...headers },
      body,
    });

  test("POST and GET get the XML of AWS", async () => {
    for (const response of [
      await post(identity),
      await fetch(`${world.server.url}/?${identity}`, { headers: { authorization } }),
    ]) {
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "text/xml");
      const id = response.headers.get("x-amzn-requestid");
      assert.equal(
        await response.text(),
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
          `<UserId>${account}</UserId><Account>${account}</Account><Arn>arn:aws:iam::${account}:root</Arn></GetCallerIdentityResult>` +
          `<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
      );
    }
  });

  test("what is wrong is answered in XML too", async () => {
    const cases: [Promise<Response>, number, string][] = [
      [post("Action=GetNothing&Version=2011-06-15"), 400, "InvalidAction"],
      [post("Action=GetCallerIdentity&Version=2010-01-01"), 400, "InvalidAction"],
      [post("Action=AssumeRoot&Version=2011-06-15"), 501, "NotImplemented"],
      [post("Action=GetSessionToken&Version=2011-06-15&DurationSeconds=soon"), 400, "MalformedInput"],
      [post(identity, {}), 403, "MissingAuthenticationToken"],
    ];
    for (const [answer, status, code] of cases) {
      const response = await answer;
      const text = await response.text();
      assert.equal(response.status, status, text);
      assert.match(text, new RegExp(`^<ErrorResponse xmlns=.*<Code>${code}</Code>`));
    }
  });

  test("GET / without a call is still nothing", async () => {
    const response = await fetch(`${world.server.url}/`);
    assert.equal(response.status, 405);
  });
});

describe("berth serve", () => {
  test("says who a key is, whatever it may do, and gives no credentials", async () => {
    const served = await AgentWorld.start();
    try {
      for (const key of [
        served.key,
        await served.createKey({ role: "read-only" }),
        await served.createKey({ role: "agent" }),
      ]) {
        const who = await withClient(key, (sts) => sts.send(new GetCallerIdentityCommand()), served.server.url);
        assert.match(who.Arn ?? "", /^arn:aws:iam::\d{12}:user\//);
        assert.match(who.UserId ?? "", /^AIDA[A-Z2-7]{17}$/);
      }
      const assume = new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "ci" });
      await assert.rejects(
        withClient(served.key, (sts) => sts.send(assume), served.server.url),
        {
          name: "AccessDenied",
          message: /only berth dev gives credentials of roles$/,
        },
      );
      const wrong = { ...served.key, secretAccessKey: "wrong" };
      await assert.rejects(
        withClient(wrong, (sts) => sts.send(new GetCallerIdentityCommand()), served.server.url),
        {
          name: "SignatureDoesNotMatch",
        },
      );
      const web = { RoleArn: roleArn, RoleSessionName: "gh", WebIdentityToken: token(Date.now() / 1000 + 600) };
      await assert.rejects(
        withClient(served.key, (sts) => sts.send(new AssumeRoleWithWebIdentityCommand(web)), served.server.url),
        { name: "MissingAuthenticationToken" },
      );
    } finally {
      await served.end();
    }
  });
});

describe("the AWS CLI", () => {
  const tool = findTool("The AWS CLI", ["/usr/bin/aws", "aws"], ["--version"]);
  test("aws sts get-caller-identity and assume-role", { skip: skipReason(tool) }, async () => {
    const { url } = world.server;
    const command = must(tool.command, tool.missing);
    const who = await runTool(command, ["--endpoint-url", url, "--output", "json", "sts", "get-caller-identity"], url);
    assert.equal(who.code, 0, who.err);
    assert.equal(JSON.parse(who.out).Account, account);
    const role = ["sts", "assume-role", "--role-arn", roleArn, "--role-session-name", "cli"];
    const assumed = await runTool(command, ["--endpoint-url", url, "--output", "json", ...role], url);
    assert.equal(assumed.code, 0, assumed.err);
    assert.match(JSON.parse(assumed.out).Credentials.AccessKeyId, /^ASIA/);
  });
});
