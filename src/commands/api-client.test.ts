import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { apiFlags, apiRemoteFrom, clusterMember, openApi } from "./api-client.ts";
import { CallFailedError } from "./call-failed-error.ts";
import { parseFlags } from "./flags/flags.ts";

const parse = (...argv: readonly string[]) => parseFlags({ usage: "", about: "", flags: apiFlags, examples: [] }, argv);
const read = (argv: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  apiRemoteFrom(parse(...argv), environment);

test("for `berth dev` on this machine no flags are needed", () => {
  const { endpoint, region, credentials } = read([]);
  assert.deepEqual([endpoint, region], ["http://127.0.0.1:4280", "us-east-1"]);
  assert.deepEqual(credentials, { accessKeyId: "berth", secretAccessKey: "berth", sessionToken: null });
  for (const url of ["http://localhost:1", "http://127.1.2.3:1", "http://[::1]:1"]) {
    const other = read(["--endpoint", url], { AWS_SESSION_TOKEN: "old" });
    assert.deepEqual([other.endpoint, other.credentials.accessKeyId], [url, "berth"]);
    assert.equal(other.credentials.sessionToken, null);
  }
});

test("flags win, on this machine too", () => {
  const environment = {
    AWS_ENDPOINT_URL: "http://localhost:9",
    AWS_DEFAULT_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
  };
  const { endpoint, region, credentials } = read([], environment);
  assert.deepEqual([endpoint, region], ["http://localhost:9", "eu-west-1"]);
  assert.deepEqual(credentials, { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "token" });
  const flags = read(["--endpoint", "http://localhost:8", "--region", "us-west-2"], environment);
  assert.deepEqual([flags.endpoint, flags.region], ["http://localhost:8", "us-west-2"]);
  assert.throws(() => read([], { AWS_ACCESS_KEY_ID: "id" }), /AWS_SECRET_ACCESS_KEY are needed/);
});

test("elsewhere key and region are needed", () => {
  const at = ["--endpoint", "https://ecs.example"];
  assert.throws(() => read(at), /--region REGION is needed/);
  assert.throws(() => read([...at, "--region", "r"]), /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed/);
  assert.throws(() => read(["--endpoint", "127.0.0.1:4280"]), /--endpoint must be an address/);
  // A name that only looks like this machine.
  assert.throws(() => read(["--endpoint", "http://127.0.0.1.example"]), /--region REGION is needed/);
});

test("the cluster is as typed, or left to the server", () => {
  assert.deepEqual(clusterMember(parse("--cluster", "east")), { cluster: "east" });
  assert.deepEqual(clusterMember(parse()), {});
});

test("calls use their prefix and no agent's user agent; failures are reported in plain words", async (context) => {
  const asked: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  let answer = { status: 200, text: '{"x":1}' };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString("utf8");
    });
    request.on("end", () => {
      asked.push({ headers: request.headers, body });
      response.writeHead(answer.status).end(answer.text);
    });
  });
  context.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = openApi(parse("--endpoint", url));
  context.after(() => api.close());
  assert.deepEqual(await api.berth("PlanDrain", { cluster: "east" }), { x: 1 });
  await api.ecs("ListTasks", {});
  assert.deepEqual(
    asked.map(({ headers, body }) => [headers["x-amz-target"], headers["user-agent"], body]),
    [
      ["BerthV1.PlanDrain", "berth", '{"cluster":"east"}'],
      ["AmazonEC2ContainerServiceV20141113.ListTasks", "berth", "{}"],
    ],
  );
  const fails = async (code: string, text: RegExp): Promise<void> => {
    answer = { status: 400, text: JSON.stringify({ __type: code, message: "It is so." }) };
    await assert.rejects(
      api.berth("PlanDrain", {}),
      (error) => error instanceof CallFailedError && text.test(error.message) && !error.mayPass,
    );
  };
  await fails("ClusterNotFoundException", /^It is so\. \(ClusterNotFoundException\)$/);
  await fails("UnknownOperationException", /is not Berth: It is so\.$/);
  if (!process.env.AWS_ACCESS_KEY_ID) {
    await fails("UnrecognizedClientException", /refuses the access key berth: .*AWS_SECRET_ACCESS_KEY\.$/);
  }
});
