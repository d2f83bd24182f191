/**
 * The service definition of docs/using-berth.md: Docker Compose accepts it unchanged, and with it a container calls Berth by its
 * name.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DockerEngine } from "../../src/agent/docker/engine/docker-engine.ts";
import { must } from "../../src/lib/assert.ts";
import { findTool, skipReason } from "../conformance/foreign-tool.ts";
import { whyNoDocker } from "../docker/docker-host.ts";
import { untilFound } from "../until.ts";
import { importNode } from "./node-image.ts";
import { blocksOf, root } from "./page-blocks.ts";

const tool = findTool("Docker Compose", ["/usr/bin/docker-compose", "docker-compose"], ["version"], "docker-compose");
const skip = skipReason(tool);
const noDocker = await whyNoDocker();
const snippet = must(blocksOf("docs/using-berth.md", "yaml")[0], "the snippet").text;

/** The `docker-compose` of a project that no other test has, in a folder with the snippet and a checkout as it says. */
function project(context: TestContext, yaml: string): (...words: string[]) => string {
  const folder = mkdtempSync(join(tmpdir(), "berth-compose-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(root, join(folder, "berth"));
  writeFileSync(join(folder, "docker-compose.yml"), yaml);
  const name = `berth${randomBytes(6).toString("hex")}`;
  const command = must(tool.command, tool.missing);
  return (...words) =>
    execFileSync(command, ["--project-name", name, ...words], { cwd: folder, encoding: "utf8", stdio: "pipe" });
}

test("Docker Compose accepts the snippet of docs/using-berth.md unchanged", { skip }, (context) => {
  const shown = project(context, snippet)("config");
  assert.match(shown, /image: node:26/);
  assert.match(shown, /published: 4280|127\.0\.0\.1:4280:4280/);
});

/** What the app of the snippet does: a call to Berth with the name and key of its environment. */
const app = `const { AWS_ENDPOINT_URL_ECS: url, AWS_REGION: region, AWS_ACCESS_KEY_ID: key } = process.env;
const call = () => fetch(url, { method: "POST", body: "{}", headers: {
  "content-type": "application/x-amz-json-1.1",
  "x-amz-target": "AmazonEC2ContainerServiceV20141113.ListContainerInstances",
  "x-amz-date": new Date().toISOString().replace(/[-:]|\\.\\d+/g, ""),
  authorization: "AWS4-HMAC-SHA256 Credential=" + key + "/" + new Date().toISOString().slice(0, 10).replaceAll("-", "") + "/" +
    region + "/ecs/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + "0".repeat(64),
} });
for (;;) {
  const answer = await call().catch(() => null);
  if (answer !== null) { console.log("answer", answer.status, await answer.text()); break; }
  await new Promise((resolve) => setTimeout(resolve, 100));
}`;

/** The status of /health at a loopback port, called like the snippet's port: by a name that Berth knows. */
async function statusAt(port: number): Promise<number | undefined> {
  const asking = request({
    port,
    host: "127.0.0.1",
    path: "/health",
    agent: false,
    headers: { host: "127.0.0.1:4280" },
  });
  asking.end();
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test("a container calls Berth by its name, as docs/using-berth.md says", {
  skip: skip || noDocker,
}, async (context) => {
  const docker = new DockerEngine(process.env.DOCKER_HOST ?? "");
  const tag = `t${randomBytes(6).toString("hex")}`;
  const command = ["node", "--input-type=module", "--eval", app];
  const image = await importNode(docker, { repository: "berth-test/node", tag, command });
  context.after(async () => {
    await docker.removeImage(image);
    docker.close();
  });
  const yaml = snippet
    .replace("image: node:26", `image: ${image}`)
    .replace("image: my-app", `image: ${image}`)
    // A free port of the host, still only on loopback.
    .replace("127.0.0.1:4280:4280", "127.0.0.1::4280");
  const compose = project(context, yaml);
  try {
    compose("up", "--detach");
    const answer = await untilFound(
      "an answer",
      () => /answer .*/.exec(compose("logs", "--no-color", "app"))?.[0],
      60_000,
    );
    assert.match(answer, /^answer 200 \{"containerInstanceArns":\["arn:aws:ecs:us-east-1:000000000000:/);
    const [host, port] = compose("port", "berth", "4280").trim().split(":");
    assert.equal(host, "127.0.0.1");
    assert.equal(await statusAt(Number(port)), 200);
  } finally {
    compose("down", "--volumes", "--timeout", "1");
  }
});
