import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallEndpoints, taskArn } from "./small-endpoints.ts";

function withRole(): SmallEndpoints {
  const world = new SmallEndpoints();
  world.credentials.keep(taskArn, "TaskApplication", { credentialsId: "c", accessKeyId: "ROLEKEY" });
  return world;
}

const path = (world: SmallEndpoints): string => `/api/${world.ids.idOf(taskArn, "app")}/task-protection/v1/state`;
const refusal = (code: string, message: string, arn = taskArn) => ({
  error: { Arn: arn, Code: code, Message: message },
});

test("a task that protects itself does so in its role's name", async () => {
  const world = withRole();
  const expirationDate = Date.UTC(2030, 0, 2, 4, 4, 5, 678);
  world.reply = () => Promise.resolve({ protectedTasks: [{ taskArn, protectionEnabled: true, expirationDate }] });
  const answer = await world.put(path(world), '{"ProtectionEnabled":true,"ExpiresInMinutes":60}');
  assert.deepEqual(answer, {
    status: 200,
    body: { protection: { ProtectionEnabled: true, ExpirationDate: "2030-01-02T04:04:05Z", TaskArn: taskArn } },
  });
  assert.deepEqual(world.calls, [
    {
      as: "ROLEKEY",
      operation: "UpdateTaskProtection",
      request: { cluster: "lab", tasks: [taskArn], protectionEnabled: true, expiresInMinutes: 60 },
    },
  ]);
  world.reply = () => Promise.resolve({ protectedTasks: [{ taskArn, protectionEnabled: false }] });
  assert.deepEqual((await world.get(path(world))).body, {
    protection: { ProtectionEnabled: false, ExpirationDate: null, TaskArn: taskArn },
  });
  assert.equal(world.calls[1]?.operation, "GetTaskProtection");
});

test("a failure in ECS's answer is shown as one", async () => {
  const world = withRole();
  world.reply = () => Promise.resolve({ failures: [{ arn: taskArn, reason: "TASK_NOT_VALID" }] });
  assert.deepEqual(await world.get(path(world)), {
    status: 200,
    body: { failure: { Arn: taskArn, Reason: "TASK_NOT_VALID", Detail: null } },
  });
});

test("an error from ECS keeps its code, one on the way there is a ServerException", async () => {
  const world = withRole();
  const fails = (code: string) => () => Promise.reject(Object.assign(new Error("said"), { code }));
  world.reply = fails("AccessDeniedException");
  assert.deepEqual(await world.get(path(world)), { status: 400, body: refusal("AccessDeniedException", "said") });
  world.reply = fails("ECONNREFUSED");
  assert.deepEqual(await world.get(path(world)), { status: 500, body: refusal("ServerException", "said") });
});

test("an ECS that takes longer than four seconds", async () => {
  const world = withRole();
  world.reply = () => new Promise(() => {});
  const asked = world.get(path(world));
  await world.clock.advance(4_000);
  const body = refusal("RequestCanceled", "Timed out calling ECS Task Protection API");
  assert.deepEqual(await asked, { status: 504, body });
});

test("no role, no such task, and bodies without a request", async () => {
  const world = new SmallEndpoints();
  assert.deepEqual(await world.get(path(world)), {
    status: 403,
    body: refusal("AccessDeniedException", "Invalid Request: no task IAM role credentials available for task"),
  });
  assert.deepEqual(await world.get("/api/unknown/task-protection/v1/state"), {
    status: 404,
    body: refusal("InvalidParameterException", "Invalid request: no task was found", ""),
  });
  const undecoded = "UpdateTaskProtection: failed to decode request";
  for (const [body, message] of [
    ["", undecoded],
    ["[]", undecoded],
    ['{"ProtectionEnabled":"yes"}', undecoded],
    ['{"ProtectionEnabled":true,"ExpiresInMinutes":1.5}', undecoded],
    ['{"ProtectionEnabled":true,"Expires":1}', undecoded],
    ["{}", "Invalid request: does not contain 'ProtectionEnabled' field"],
  ] as const) {
    const answer = await world.put(path(world), body);
    assert.deepEqual(answer, { status: 400, body: refusal("InvalidParameterException", message) }, body);
  }
  assert.deepEqual(world.calls, []);
});
