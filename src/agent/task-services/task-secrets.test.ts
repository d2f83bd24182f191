import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { PayloadSecret } from "../../agent-protocol/to-agent/payload-container.ts";
import { seededRandom } from "../../lib/random.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { AwsClient } from "../remote/aws-client.ts";
import { ConnectionPool } from "../remote/connection-pool.ts";
import { parameterNames, secretReference } from "./secret-reference.ts";
import { SmallAws } from "./small-aws.ts";
import { fetchRegistryLogin, fetchSecrets, SecretError } from "./task-secrets.ts";

const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf";
const credentials = () => Promise.resolve({ accessKeyId: "ROLE", secretAccessKey: "s", sessionToken: "t" });

const secret = (name: string, valueFrom: string, more: Partial<PayloadSecret> = {}): PayloadSecret => ({
  name,
  valueFrom,
  provider: valueFrom.includes(":secretsmanager:") ? "asm" : "ssm",
  target: "CONTAINER",
  ...more,
});

describe("secrets", () => {
  let aws: SmallAws;
  const pool = new ConnectionPool(null);
  const client = new AwsClient({
    endpoints: () => aws.endpoints(),
    pool,
    clock: systemClock,
    random: seededRandom("x").stream("s"),
  });
  before(async () => {
    aws = await SmallAws.open();
  });
  beforeEach(() => {
    aws.calls.length = 0;
    aws.secrets.clear();
    aws.parameters.clear();
  });
  after(async () => {
    pool.close();
    await aws.close();
  });
  const fetched = (...secrets: PayloadSecret[]) =>
    fetchSecrets(client, credentials, [{ name: "app", image: "i", secrets }], "us-east-1");
  const reasonOf = async (...secrets: PayloadSecret[]): Promise<string> =>
    fetched(...secrets).then(
      () => "none",
      (error: unknown) => (error instanceof SecretError ? error.message : `another error: ${String(error)}`),
    );

  it("are read once each, whatever the number of containers and keys", async () => {
    aws.secrets.set(arn, '{"a":"1","b":{"c":true}}');
    const secrets = [secret("A", `${arn}:a::`), secret("B", `${arn}:b::`), secret("ALL", arn)];
    const specs = ["one", "two"].map((name) => ({ name, image: "i", secrets }));
    const values = await fetchSecrets(client, credentials, specs, "us-east-1");
    for (const name of ["one", "two"]) {
      assert.deepEqual(values.get(name)?.environment, { A: "1", B: '{"c":true}', ALL: '{"a":"1","b":{"c":true}}' });
    }
    assert.equal(aws.calls.length, 1);
  });

  it("of versions are other values", async () => {
    aws.secrets.set(arn, { AWSCURRENT: "now", AWSPENDING: "soon", "id-1": "once" });
    const values = await fetched(
      secret("NOW", arn),
      secret("SOON", `${arn}::AWSPENDING:`),
      secret("ONCE", `${arn}:::id-1`),
    );
    assert.deepEqual(values.get("app")?.environment, { NOW: "now", SOON: "soon", ONCE: "once" });
  });

  it("of a log driver are apart from those of the container", async () => {
    aws.parameters.set("token", "t");
    const values = await fetched(secret("splunk-token", "token", { target: "LOG_DRIVER" }));
    assert.deepEqual(values.get("app"), { environment: {}, logOptions: { "splunk-token": "t" } });
  });

  it("of the Parameter Store are asked for by ten, in the region of each", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `/p/${index}`);
    for (const name of names) aws.parameters.set(name, `value of ${name}`);
    const values = await fetched(
      ...names.map((name) => secret(name, name)),
      secret("OTHER", "arn:aws:ssm:eu-west-1:123456789012:parameter/p/1", { region: "eu-west-1" }),
    );
    assert.equal(values.get("app")?.environment["/p/11"], "value of /p/11");
    assert.equal(values.get("app")?.environment.OTHER, "value of /p/1");
    assert.deepEqual(
      aws.calls.map(({ region, request }) => [region, (request.Names as string[]).length]),
      [
        ["us-east-1", 10],
        ["us-east-1", 2],
        ["eu-west-1", 1],
      ],
    );
  });

  it("are asked for again when the service fails or throttles, and not without end", async () => {
    aws.parameters.set("p", "v");
    aws.refusals.push(["InternalServerError", 500], ["ThrottlingException", 400]);
    assert.equal((await fetched(secret("P", "p"))).get("app")?.environment.P, "v");
    aws.refusals.push(...Array.from({ length: 5 }, () => ["InternalServerError", 500] as const));
    assert.equal(
      await reasonOf(secret("P", "p")),
      "unable to retrieve secrets from ssm: service call has been retried 5 time(s): InternalServerError: refused with InternalServerError",
    );
    assert.equal(aws.refusals.length, 0);
  });

  it("that cannot be read give AWS's reason, without their text", async () => {
    aws.secrets.set(arn, "not JSON: hunter2");
    const asm = "unable to retrieve secret from asm: ";
    assert.equal(
      await reasonOf(secret("K", `${arn}:key::`)),
      `${asm}retrieved secret from Secrets Manager did not contain json key key`,
    );
    assert.match(
      await reasonOf(secret("K", `${arn}:key`)),
      /invalid ARN format .* Specify a valid ARN and try again\.$/,
    );
    aws.refusals.push(["AccessDeniedException", 400]);
    assert.equal(
      await reasonOf(secret("K", arn)),
      `${asm}service call has been retried 1 time(s): failed to fetch secret ${arn} from secrets manager: AccessDeniedException: refused with AccessDeniedException`,
    );
  });

  it("hold the login of a registry", async () => {
    const login = (text: string) => {
      aws.secrets.set(arn, text);
      return fetchRegistryLogin(client, credentials, { secret: arn, region: "eu-west-1" });
    };
    assert.deepEqual(await login('{"username":"u","password":"p","more":1}'), { username: "u", password: "p" });
    await assert.rejects(
      login("u:hunter2"),
      (error) => error instanceof SecretError && !error.message.includes("hunter2"),
    );
  });
});

describe("what a valueFrom names", () => {
  it("is a secret, or a part or a version of it", () => {
    const whole = { secretId: arn, jsonKey: null, versionStage: null, versionId: null };
    assert.deepEqual(secretReference(arn), whole);
    assert.deepEqual(secretReference("name"), { ...whole, secretId: "name" });
    assert.deepEqual(secretReference(`${arn}:::`), whole);
    assert.deepEqual(secretReference(`${arn}:k:s:v`), {
      secretId: arn,
      jsonKey: "k",
      versionStage: "s",
      versionId: "v",
    });
    for (const wrong of [
      `${arn}:k`,
      `${arn}:k:s`,
      `${arn}:k:s:v:x`,
      "arn:aws:ssm:r:a:parameter/x",
      "arn:aws:secretsmanager:r:a:secret:",
    ]) {
      assert.equal(secretReference(wrong), null, wrong);
    }
  });

  it("is a parameter by name or ARN, with a path or without", () => {
    assert.deepEqual(parameterNames("/a/b"), ["/a/b"]);
    const parameter = "arn:aws:ssm:us-east-1:123456789012:parameter/a/b";
    assert.deepEqual(parameterNames(parameter), [parameter, "/a/b", "a/b"]);
  });
});
