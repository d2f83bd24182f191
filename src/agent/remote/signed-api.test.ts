import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { verifySignature } from "../../auth/sigv4.ts";
import { seededRandom } from "../../lib/random.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { ApiError } from "./api-error.ts";
import { withDefaultCluster } from "./default-cluster.ts";
import { SignedApi } from "./signed-api.ts";

type Asked = { readonly headers: IncomingHttpHeaders; readonly body: string };
type Answer = { readonly status: number; readonly text: string } | "cut" | "never";

const refused = (code: string, status = 400): Answer => ({
  status,
  text: JSON.stringify({ __type: `com.amazonaws.ecs#${code}`, message: `${code} it is.` }),
});

describe("the API over HTTP", () => {
  let server: Server;
  let api: SignedApi;
  let asked: Asked[] = [];
  let answers: Answer[] = [];
  let connections = 0;
  const waits: number[] = [];
  const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: null };

  before(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString("utf8");
      });
      request.on("end", () => {
        asked.push({ headers: request.headers, body });
        const answer = answers.shift() ?? { status: 200, text: "{}" };
        if (answer === "cut") request.socket.destroy();
        else if (answer !== "never") response.writeHead(answer.status).end(answer.text);
      });
    });
    server.on("connection", () => {
      connections += 1;
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    api = new SignedApi({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "us-east-1",
      credentials: key,
      agentVersion: "1.97.0",
      // A clock whose pauses are recorded and end at once.
      clock: {
        now: () => systemClock.now(),
        wall: () => systemClock.wall(),
        defer: (run) => systemClock.defer(run),
        setTimer(delayMs, fire) {
          waits.push(delayMs);
          return systemClock.setTimer(0, fire);
        },
      },
      random: seededRandom("signed-api").stream("pauses"),
      trust: null,
    });
  });
  beforeEach(() => {
    [asked, answers] = [[], []];
    waits.length = 0;
  });
  after(() => {
    api.close();
    server.closeAllConnections();
    server.close();
  });

  const verified = ({ headers, body }: Asked, secret = "secret") =>
    verifySignature(
      { signingName: "ecs", method: "POST", path: "/", query: "", headers, body, nowMs: Date.now() },
      () => ({
        secret,
        account: "123456789012",
        userName: null,
        principalArn: "arn",
      }),
    );

  it("signs calls as an agent", async () => {
    answers = [{ status: 200, text: '{"endpoint":"http://a"}' }];
    assert.deepEqual(await api.call("DiscoverPollEndpoint", { cluster: "ü" }), { endpoint: "http://a" });
    const [call] = asked;
    assert.ok(call);
    assert.equal(call.headers["x-amz-target"], "AmazonEC2ContainerServiceV20141113.DiscoverPollEndpoint");
    assert.equal(call.headers["content-type"], "application/x-amz-json-1.1");
    assert.match(call.headers["user-agent"] ?? "", /^Amazon ECS Agent - v1\.97\.0 /);
    assert.equal(call.body, '{"cluster":"ü"}');
    assert.equal((await verified(call)).region, "us-east-1");
  });

  it("makes calls with a task's role over the same connections", async () => {
    await api.call("DiscoverPollEndpoint", {});
    const before = connections;
    const task = api.as({ accessKeyId: "ASIATASK", secretAccessKey: "task secret", sessionToken: "token" });
    await task.call("GetTaskProtection", {});
    assert.equal(connections, before);
    const [, call] = asked;
    assert.ok(call);
    assert.equal(call.headers["x-amz-security-token"], "token");
    assert.equal((await verified(call, "task secret")).accessKeyId, "ASIATASK");
  });

  it("sends and receives times in seconds", async () => {
    answers = [
      { status: 200, text: "{}" },
      { status: 200, text: '{"protectedTasks":[{"taskArn":"t","expirationDate":1795220328.265}],"failures":[]}' },
    ];
    await api.call("SubmitTaskStateChange", { task: "t", pullStartedAt: 1_795_220_328_265, executionStoppedAt: 5 });
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ""), {
      task: "t",
      pullStartedAt: 1_795_220_328.265,
      executionStoppedAt: 0.005,
    });
    assert.deepEqual(await api.call("GetTaskProtection", {}), {
      protectedTasks: [{ taskArn: "t", expirationDate: 1_795_220_328_265 }],
      failures: [],
    });
  });

  it("reports a refusal with ECS's code, and does not repeat the call", async () => {
    answers = [refused("ClientException")];
    await assert.rejects(api.call("RegisterContainerInstance", {}), {
      name: "ApiError",
      code: "ClientException",
      message: "ClientException it is.",
      status: 400,
    });
    assert.equal(asked.length, 1);
  });

  it("retries what may succeed, with growing pauses, three attempts in all", async () => {
    answers = [refused("ServerException", 500), "cut", { status: 200, text: '{"third":true}' }];
    assert.deepEqual(await api.call("DiscoverPollEndpoint", {}), { third: true });
    const [first = 0, second = 0] = waits;
    assert.ok(first >= 50 && first < 150 && second >= 100 && second < 300, String(waits));
    answers = [refused("ThrottlingException"), refused("ThrottlingException"), refused("ThrottlingException")];
    await assert.rejects(api.call("DiscoverPollEndpoint", {}), { code: "ThrottlingException" });
    assert.equal(asked.length, 6);
  });

  it("distinguishes an answer that is not from ECS from no answer", async () => {
    answers = [{ status: 404, text: "<html>" }];
    await assert.rejects(api.call("DiscoverPollEndpoint", {}), { code: "NotEcs", status: 404 });
    answers = [{ status: 200, text: "<html>" }];
    await assert.rejects(api.call("DiscoverPollEndpoint", {}), { code: "NotEcs", status: 200 });
    answers = ["cut", "cut", "cut"];
    await assert.rejects(api.call("DiscoverPollEndpoint", {}), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.status, null);
      assert.match(error.message, /^http:\/\/127\.0\.0\.1:\d+ does not answer \(/);
      return true;
    });
  });

  it("has at most 32 calls under way; the others wait for their turn", async () => {
    answers = Array.from({ length: 32 }, () => "never" as const);
    const first = Array.from({ length: 32 }, () => api.call("DiscoverPollEndpoint", { n: 1 }));
    const settled = Promise.allSettled(first);
    while (asked.length < 32) await new Promise((resolve) => setImmediate(resolve));
    const waiting = api.call("DiscoverPollEndpoint", { n: 2 });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asked.length, 32);
    // The hanging calls are cut off and retried behind the one that waits.
    server.closeAllConnections();
    assert.deepEqual(await waiting, {});
    for (const { status } of await settled) assert.equal(status, "fulfilled");
    assert.equal(asked[32]?.body, '{"n":2}');
  });

  it("creates the default cluster if it is missing, and registers again", async () => {
    answers = [refused("ClusterNotFoundException"), { status: 200, text: "{}" }, { status: 200, text: '{"ok":1}' }];
    assert.deepEqual(await withDefaultCluster(api).call("RegisterContainerInstance", { cluster: "default" }), {
      ok: 1,
    });
    assert.deepEqual(
      asked.map(({ headers, body }) => [String(headers["x-amz-target"]).split(".")[1], body]),
      [
        ["RegisterContainerInstance", '{"cluster":"default"}'],
        ["CreateCluster", '{"clusterName":"default"}'],
        ["RegisterContainerInstance", '{"cluster":"default"}'],
      ],
    );
    answers = [refused("ClusterNotFoundException")];
    await assert.rejects(withDefaultCluster(api).call("DiscoverPollEndpoint", {}), {
      code: "ClusterNotFoundException",
    });
  });
});
