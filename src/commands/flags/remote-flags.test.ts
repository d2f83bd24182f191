import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StartError } from "../../server/start-error.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { remoteFlags, remoteFrom } from "./remote-flags.ts";

const key = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "very secret" };
const read = (argv: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  remoteFrom(parseFlags({ usage: "", about: "", flags: remoteFlags, examples: [] }, argv), environment);
const file = (name: string): string => fileURLToPath(new URL(`../../../tests/fixtures/tls/${name}`, import.meta.url));

test("flags win over the environment, and an ECS variable over that of all services", () => {
  const environment = {
    ...key,
    AWS_ENDPOINT_URL_ECS: "http://ecs:1/",
    AWS_ENDPOINT_URL: "http://all:1",
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: "us-west-2",
  };
  const { endpoint, region, credentials, trust } = read([], environment);
  assert.deepEqual([endpoint, region, trust], ["http://ecs:1", "eu-west-1", null]);
  assert.deepEqual(credentials, { accessKeyId: "id", secretAccessKey: "very secret", sessionToken: null });
  const flags = ["--endpoint", "https://Flag.example", "--region", "us-east-1"];
  const typed = read(flags, { ...environment, AWS_SESSION_TOKEN: "token" });
  assert.deepEqual([typed.endpoint, typed.region], ["https://flag.example", "us-east-1"]);
  assert.equal(typed.credentials.sessionToken, "token");
  const last = read([], {
    ...key,
    AWS_ENDPOINT_URL_ECS: "",
    AWS_ENDPOINT_URL: "http://all:1",
    AWS_DEFAULT_REGION: "us-west-2",
  });
  assert.deepEqual([last.endpoint, last.region], ["http://all:1", "us-west-2"]);
});

test("what is missing is named, and an invalid endpoint is shown without its password", () => {
  const at = ["--endpoint", "http://ecs:1"];
  const missing: readonly (readonly [argv: readonly string[], environment: NodeJS.ProcessEnv, says: RegExp])[] = [
    [[], key, /^--endpoint URL is needed/],
    [at, key, /^--region REGION is needed/],
    [[...at, "--region", "r"], {}, /^AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed/],
    [[...at, "--region", "r"], { AWS_ACCESS_KEY_ID: "id" }, /AWS_SECRET_ACCESS_KEY are needed/],
  ];
  const addresses = [
    "ecs:1",
    "ws://ecs",
    "http://",
    "http://ecs/path",
    "http://ecs?q",
    "http://user:very%20secret@ecs",
  ];
  const wrong = addresses.map((url) => [["--endpoint", url], key, /^--endpoint must be an address like/] as const);
  for (const [argv, environment, says] of [...missing, ...wrong]) {
    assert.throws(
      () => read(argv, environment),
      (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, says);
        assert.ok(!error.message.includes("secret@"), error.message);
        return true;
      },
    );
  }
});

test("certificates to trust are read at once", () => {
  const flags = ["--endpoint", "https://ecs", "--region", "r", "--tls-ca"];
  assert.notEqual(read([...flags, file("localhost.pem")], key).trust, null);
  for (const [name, says] of [
    ["nowhere.pem", /cannot be read/],
    ["localhost.key", /no PEM certificate/],
  ] as const) {
    assert.throws(
      () => read([...flags, file(name)], key),
      (error: unknown) => error instanceof StartError && says.test(error.message),
    );
  }
});
