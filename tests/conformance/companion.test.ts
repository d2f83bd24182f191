/** Berth with a companion beside it: in `dev` requests pass as they came, and `serve` checks who calls and signs again. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { SignatureV4 } from "@smithy/signature-v4";
import { verifySignature } from "../../src/auth/sigv4.ts";
import { must } from "../../src/lib/assert.ts";
import { Sha256 } from "../../src/lib/sha256.ts";
import { type RecordedRequest, RecordingCompanion } from "../../src/server/companion/recording-companion.ts";
import { type BerthProcess, startBerth } from "../berth-process.ts";
import { AgentWorld } from "./agent-world.ts";

const region = "eu-west-1";
const companionKey = { accessKeyId: "COMPANIONKEY", secretAccessKey: "the companion's secret" };

let recording: RecordingCompanion;
before(async () => {
  recording = await RecordingCompanion.open();
});
after(() => recording.close());

type Call = {
  readonly service: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
};
type Key = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** A call signed as AWS's clients sign it. Gives the status and the text of the answer. */
async function callSigned(url: string, key: Key, call: Call): Promise<{ status: number; text: string }> {
  const { service, method = "POST", path = "/", query = {}, body = "" } = call;
  const { host } = new URL(url);
  const signer = new SignatureV4({
    ...{ service, region, credentials: key, sha256: Sha256, applyChecksum: false },
    uriEscapePath: service !== "s3",
  });
  const headers = { host, ...call.headers };
  const signed = await signer.sign({ method, protocol: "http:", hostname: host, path, query, headers, body });
  const search = new URLSearchParams(query).toString();
  return new Promise((resolve, reject) => {
    const target = `${path}${search === "" ? "" : `?${search}`}`;
    const request = httpRequest(url, { method, path: target, headers: signed.headers, setHost: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += String(chunk);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Checks that the companion could verify a request with its own key, as AWS would. */
async function assertSignedForCompanion(
  { method, url, headers, body }: RecordedRequest,
  service: string,
): Promise<void> {
  const [path = "", query = ""] = url.split("?");
  const signed = { signingName: service, method, path, query, headers, body, nowMs: Date.now(), mayBeUnsigned: true };
  const caller = await verifySignature(signed, (accessKeyId) =>
    accessKeyId === companionKey.accessKeyId
      ? { secret: companionKey.secretAccessKey, account: "1", userName: null, principalArn: "companion" }
      : null,
  );
  assert.equal(caller.region, region);
}

describe("berth serve", () => {
  let world: AgentWorld;
  before(async () => {
    world = await AgentWorld.start({
      companion: { url: recording.url, services: new Set(), credentials: { ...companionKey, sessionToken: null } },
    });
  });
  after(() => world.end());

  const pass = async (call: Call): Promise<RecordedRequest> => {
    const { status, text } = await callSigned(world.server.url, world.key, call);
    assert.deepEqual([status, text], [200, "answered"]);
    const request = must(recording.requests.at(-1), "a request");
    await assertSignedForCompanion(request, call.service);
    return request;
  };

  test("signs JSON, query and REST calls again, each over its own body", async () => {
    const json = { "x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0" };
    const dynamo = await pass({ service: "dynamodb", headers: json, body: '{"Limit":3}' });
    assert.equal(dynamo.body.toString(), '{"Limit":3}');
    assert.equal(dynamo.headers["x-amz-target"], json["x-amz-target"]);
    assert.equal(dynamo.headers.host, new URL(world.server.url).host, "the caller's name of the server");
    const form = { "content-type": "application/x-www-form-urlencoded" };
    await pass({ service: "sns", headers: form, body: "Action=Publish&Message=a%20b" });
    const lambda = { service: "lambda", method: "GET", path: "/2015-03-31/functions", query: { Marker: "a b/c" } };
    assert.match((await pass(lambda)).url, /^\/2015-03-31\/functions\?Marker=/);
  });

  test("signs calls again of operations that its own services lack, read or streaming", async () => {
    const target = { "x-amz-target": "AmazonSSM.GetDocument", "content-type": "application/x-amz-json-1.1" };
    assert.equal(
      (await pass({ service: "ssm", headers: target, body: '{"Name":"d"}' })).body.toString(),
      '{"Name":"d"}',
    );
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const body = "Action=RunInstances&Version=2016-11-15&MinCount=1";
    assert.equal((await pass({ service: "ec2", headers: form, body })).body.toString(), body);
    const hash = { ...form, "x-amz-content-sha256": createHash("sha256").update(body).digest("hex") };
    assert.equal((await pass({ service: "ec2", headers: hash, body })).body.toString(), body);
    const count = recording.requests.length;
    const { url } = world.server;
    const readOnly = await callSigned(url, await world.createKey({ role: "read-only" }), {
      service: "ec2",
      headers: form,
      body,
    });
    assert.match(`${readOnly.status} ${readOnly.text}`, /^403 .*<Code>UnauthorizedOperation</s);
    const wrong = await callSigned(
      url,
      { ...world.key, secretAccessKey: "wrong" },
      { service: "ec2", headers: form, body },
    );
    assert.match(wrong.text, /<Code>AuthFailure</);
    const lost = await callSigned(url, world.key, {
      service: "ecs",
      headers: { "x-amz-target": "AmazonEC2ContainerServiceV20141113.CreateTaskSet" },
      body: "{}",
    });
    assert.match(lost.text, /does not answer CreateTaskSet yet/);
    assert.equal(recording.requests.length, count);
  });

  test("signs its own questions to the companion's EC2, also in the name of a key that may only read", async () => {
    const key = await world.createKey({ role: "read-only" });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const asked = async (call: Omit<Call, "service">): Promise<RecordedRequest> => {
      const count = recording.requests.length;
      const { status, text } = await callSigned(world.server.url, key, { ...call, service: "ec2" });
      assert.match(`${status} ${text}`, /^(?:200 .*<DescribeVpcsResponse |400 .*<Code>InvalidVpcID\.NotFound<)/s);
      assert.equal(recording.requests.length, count + 1);
      const request = must(recording.requests.at(-1), "a question");
      await assertSignedForCompanion(request, "ec2");
      return request;
    };
    const body = "Action=DescribeVpcs&Version=2016-11-15";
    assert.equal(String((await asked({ headers: form, body })).body), body);
    const hash = { ...form, "x-amz-content-sha256": createHash("sha256").update(body).digest("hex") };
    assert.equal(String((await asked({ headers: hash, body })).body), body);
    const named = `${body}&VpcId.1=vpc-1&Filter.2.Name=state&Filter.2.Value.1=available`;
    const { body: changed } = await asked({
      headers: { ...hash, "x-amz-content-sha256": createHash("sha256").update(named).digest("hex") },
      body: named,
    });
    const rest = "Filter.2.Name=state&Filter.2.Value.1=available&Filter.3.Name=vpc-id&Filter.3.Value.1=vpc-1";
    assert.equal(String(changed), `${body}&${rest}`);
    const query = { Action: "DescribeVpcs", Version: "2016-11-15", "VpcId.1": "vpc-1" };
    const got = await asked({ method: "GET", query });
    assert.match(
      got.url,
      /^\/\?Action=DescribeVpcs&Version=2016-11-15&Filter\.1\.Name=vpc-id&Filter\.1\.Value\.1=vpc-1$/,
    );
  });

  test("lets bodies of S3 stream, whose hash is signed, or which no signature covers", async () => {
    const body = Buffer.alloc(3_000_000, "abc");
    const sha256 = createHash("sha256").update(body).digest("hex");
    const put = { service: "s3", method: "PUT", path: "/bucket/a%20key%2Bmore/x", body };
    const hashed = await pass({ ...put, headers: { "x-amz-content-sha256": sha256 } });
    assert.ok(hashed.body.equals(body));
    for (const unsigned of ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]) {
      const passed = await pass({ ...put, headers: { "x-amz-content-sha256": unsigned } });
      assert.equal(passed.headers["x-amz-content-sha256"], unsigned);
      assert.ok(passed.body.equals(body));
    }
  });

  test("refuses a body that is not the signed one, before the companion has all of it", async () => {
    const count = recording.requests.length;
    const wrong = { "x-amz-content-sha256": createHash("sha256").update("other").digest("hex") };
    const put = { service: "s3", method: "PUT", path: "/bucket/key", headers: wrong };
    for (const body of ["small", Buffer.alloc(2_000_000, 1)]) {
      const { status, text } = await callSigned(world.server.url, world.key, { ...put, body });
      assert.equal(status, 403);
      assert.match(text, /<Error><Code>SignatureDoesNotMatch<\/Code>/);
    }
    assert.equal(recording.requests.length, count);
  });

  test("refuses strangers, keys without the right, and requests without a signature", async () => {
    const count = recording.requests.length;
    const { url } = world.server;
    const get = { service: "s3", method: "GET", path: "/b/k", headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } };
    const codes = async (key: Key): Promise<string> => {
      const { status, text } = await callSigned(url, key, get);
      return `${status} ${/<Code>(\w+)</.exec(text)?.[1]}`;
    };
    assert.equal(await codes({ ...world.key, secretAccessKey: "wrong" }), "403 SignatureDoesNotMatch");
    assert.equal(await codes({ accessKeyId: "AKIAUNKNOWN", secretAccessKey: "x" }), "403 InvalidClientTokenId");
    for (const role of ["read-only", "agent"] as const) {
      assert.equal(await codes(await world.createKey({ role })), "403 AccessDenied");
    }
    assert.equal(await codes(await world.createKey({ role: "operator", clusters: ["a"] })), "403 AccessDenied");
    for (const path of ["/b/k", "/_internal"]) assert.equal((await fetch(`${url}${path}`)).status, 400);
    assert.equal(recording.requests.length, count);
    assert.equal((await callSigned(url, await world.createKey({ role: "operator" }), get)).status, 200);
  });
});

describe("berth dev", () => {
  let berth: BerthProcess;
  let second: BerthProcess;
  before(async () => {
    second = await startBerth("dev", [
      "--in-memory",
      "--instances",
      "0",
      "--account",
      "999999999999",
      "--allow-host",
      "127.0.0.1",
    ]);
    const companion = ["--companion", second.listening.url, "--companion-services", "sts"];
    berth = await startBerth("dev", ["--in-memory", "--instances", "0", ...companion]);
  });
  after(async () => {
    await berth.end("SIGKILL");
    await second.end("SIGKILL");
  });

  test("with a second Berth as companion answers ECS itself, and STS through the other one", async () => {
    const options = {
      endpoint: berth.listening.url,
      region,
      credentials: { accessKeyId: "any", secretAccessKey: "any" },
      maxAttempts: 1,
    };
    const sts = new STSClient(options);
    assert.equal((await sts.send(new GetCallerIdentityCommand())).Account, "999999999999");
    sts.destroy();
    const ecs = new ECS(options);
    const { cluster } = await ecs.createCluster({ clusterName: "here" });
    assert.equal(cluster?.clusterArn, `arn:aws:ecs:${region}:000000000000:cluster/here`);
    ecs.destroy();
  });

  test("answers what neither of them has with the second one's error", async () => {
    const key = { accessKeyId: "any", secretAccessKey: "any" };
    const { status, text } = await callSigned(berth.listening.url, key, { service: "s3", method: "GET", path: "/b" });
    assert.equal(status, 501);
    assert.match(text, /Berth has no service &quot;s3&quot;/);
  });
});
