import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestRate } from "../../lib/request-rate.ts";
import { askerRate } from "./endpoint-server.ts";
import { SmallEndpoints, taskArn } from "./small-endpoints.ts";

test("the credentials of a role in the form that SDKs read, always the newest", async () => {
  const world = new SmallEndpoints();
  const role = { credentialsId: "id-1", roleArn: "arn:role", secretAccessKey: "S", sessionToken: "T" };
  const expiration = "2030-01-02T09:00:00Z";
  world.credentials.keep(taskArn, "TaskApplication", { ...role, accessKeyId: "FIRST", expiration });
  world.credentials.keep(taskArn, "TaskApplication", { ...role, accessKeyId: "SECOND", expiration });
  assert.deepEqual(await world.get("/v2/credentials/id-1"), {
    status: 200,
    body: { RoleArn: "arn:role", AccessKeyId: "SECOND", SecretAccessKey: "S", Token: "T", Expiration: expiration },
  });
});

test("ids that are missing, unknown, or have no credentials yet", async () => {
  const world = new SmallEndpoints();
  const refusal = (status: number, code: string, text: string) => ({
    status,
    body: { code, message: `CredentialsV2Request: ${text}`, HTTPErrorCode: status },
  });
  const none = refusal(400, "NoIdInRequest", "No ID in the request");
  assert.deepEqual(await world.get("/v2/credentials"), none);
  assert.deepEqual(await world.get("/v2/credentials/"), none);
  const unknown = refusal(400, "InvalidIdInRequest", "Credentials not found");
  assert.deepEqual(await world.get("/v2/credentials/who"), unknown);
  world.credentials.keep(taskArn, "TaskApplication", { credentialsId: "empty" });
  const empty = refusal(503, "CredentialsUninitialized", "Credentials uninitialized for ID");
  assert.deepEqual(await world.get("/v2/credentials/empty"), empty);
  assert.equal((await world.put("/v2/credentials/empty", "")).status, 405);
});

test("sixty requests at once, then forty a second, for each asker", async () => {
  const { clock } = new SmallEndpoints();
  const rate = new RequestRate(askerRate, clock);
  const allowed = (asker: string) => Array.from({ length: 100 }, () => rate.allows(asker)).filter(Boolean).length;
  assert.equal(allowed("a"), 60);
  assert.equal(allowed("b"), 60);
  await clock.advance(1_000);
  assert.equal(allowed("a"), 40);
  await clock.advance(60_000);
  assert.equal(allowed("a"), 60);
});
