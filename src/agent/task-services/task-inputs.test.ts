import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import { seededRandom } from "../../lib/random.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import { ConnectionPool } from "../remote/connection-pool.ts";
import { TaskCredentials } from "../task-credentials.ts";
import { SmallAws } from "./small-aws.ts";
import { TaskServices } from "./task-services.ts";

const surroundings: TaskSurroundings = {
  family: "web",
  version: "1",
  serviceName: null,
  launchType: "EC2",
  networkMode: "bridge",
  volumes: [],
  cpuUnits: null,
  memoryMiB: null,
  pidMode: null,
  ipcMode: null,
  networkInterface: null,
  gpuIds: {},
  credentialsId: null,
  executionCredentialsId: null,
};
const arnOf = (index: number): string => `arn:aws:ecs:us-east-1:123456789012:task/default/${index}`;
const secret = { name: "KEY", valueFrom: "/app/key", provider: "ssm", target: "CONTAINER" } as const;
const withSecret: PayloadContainer = { name: "app", image: "i", secrets: [secret] };
const awslogs: PayloadContainer = {
  name: "app",
  image: "i",
  dockerConfig: {
    hostConfig: JSON.stringify({ LogConfig: { Type: "awslogs", Config: { "awslogs-region": "us-east-1" } } }),
  },
};

describe("what tasks need before they start", () => {
  let aws: SmallAws;
  let credentials: TaskCredentials;
  let clock: VirtualClock;
  let services: TaskServices;
  let logged: { readonly event: string; readonly advice?: unknown }[];
  const pool = new ConnectionPool(null);
  before(async () => {
    aws = await SmallAws.open();
  });
  beforeEach(() => {
    aws.calls.length = 0;
    aws.parameters.clear();
    logged = [];
    credentials = new TaskCredentials();
    clock = new VirtualClock(1_700_000_000_000);
    services = TaskServices.forgetful({
      endpoints: () => aws.endpoints(),
      pool,
      own: { accessKeyId: "AGENT", secretAccessKey: "s", sessionToken: null },
      bucketDir: "/nonexistent",
      efsDir: null,
      assumeWith: null,
      clock,
      random: seededRandom("inputs").stream("services"),
      log: (event, fields) => void logged.push({ event, ...fields }),
      credentials,
    });
  });
  after(async () => {
    pool.close();
    await aws.close();
  });
  const prepare = (index: number, specs: readonly PayloadContainer[], task: Partial<TaskSurroundings> = {}) =>
    services.inputs.prepare({ taskArn: arnOf(index), task: { ...surroundings, ...task }, specs });

  it("costs no call and no turn for a task that needs nothing", async () => {
    const needed = (spec: PayloadContainer, launchType: string) =>
      services.inputs.needed({ task: { ...surroundings, launchType }, specs: [spec] });
    assert.equal(needed({ name: "app", image: "i", secrets: [], environmentFiles: [] }, "FARGATE"), false);
    assert.deepEqual([needed(awslogs, "EC2"), needed(awslogs, "FARGATE")], [false, true]);
    assert.equal(needed(withSecret, "EC2"), true);
    await prepare(0, [{ name: "app", image: "i" }], { executionCredentialsId: "never comes" });
    assert.equal(aws.calls.length, 0);
  });

  it("is fetched for sixteen tasks at once; the others wait their turn", async () => {
    aws.parameters.set("/app/key", "k");
    const release = Promise.withResolvers<void>();
    aws.held = release.promise;
    aws.waitingMost = 0;
    const all = Array.from({ length: 40 }, (_, index) => prepare(index, [withSecret]));
    while (aws.waiting < 16) await setImmediate();
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    release.resolve();
    await Promise.all(all);
    assert.deepEqual([aws.waitingMost, aws.calls.length], [16, 40]);
    assert.deepEqual(services.inputs.of(arnOf(39), "app").environment, { KEY: "k" });
  });

  it("waits for the credentials of the execution role, which come after a restart of the agent", async () => {
    aws.parameters.set("/app/key", "k");
    const prepared = prepare(1, [withSecret], { executionCredentialsId: "id" });
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    assert.equal(aws.calls.length, 0);
    credentials.keep(arnOf(1), "TaskExecution", { credentialsId: "id", accessKeyId: "ROLE", secretAccessKey: "s" });
    await prepared;
    assert.deepEqual(
      aws.calls.map(({ accessKeyId }) => accessKeyId),
      ["ROLE"],
    );
  });

  it("fails if those credentials never come, so that the task can be stopped", async () => {
    const failed = prepare(1, [withSecret], { executionCredentialsId: "id" }).then(
      () => "prepared",
      (error: Error) => error.message,
    );
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    await clock.advance(120_000);
    assert.match(await failed, /^ResourceInitializationError: .*The credentials of the role have not come yet\.$/);
  });

  const file = { value: "arn:aws:s3:::bucket/app.env", type: "s3" };
  const advices: readonly (readonly [what: string, spec: PayloadContainer, says: RegExp])[] = [
    ["a missing secret", withSecret, /^Store the value with `berth secrets import`/],
    ["a missing file", { name: "app", image: "i", environmentFiles: [file] }, /--bucket-dir as DIR\/BUCKET\/KEY/],
    ["a missing log group", awslogsOf("prefix"), /^Create the log group, or set the option awslogs-create-group/],
    ["wrong log options", awslogs, /^Correct the options of the log driver/],
  ];
  for (const [what, spec, says] of advices) {
    it(`logs what to do about ${what}, which AWS's reason does not say`, async () => {
      await assert.rejects(prepare(2, [spec], { launchType: "FARGATE" }), {
        name: "TaskInputsError",
        message: /^ResourceInitializationError: /,
      });
      assert.deepEqual(
        logged.map(({ event }) => event),
        ["task-inputs-missing"],
      );
      assert.match(String(logged[0]?.advice), says);
    });
  }
});

/** A container that logs to a missing group, with a stream name that is known ahead. */
function awslogsOf(stream: string): PayloadContainer {
  const Config = { "awslogs-group": "none", "awslogs-region": "us-east-1", "awslogs-stream": stream };
  return {
    name: "app",
    image: "i",
    dockerConfig: { hostConfig: JSON.stringify({ LogConfig: { Type: "awslogs", Config } }) },
  };
}
