/** SSM's parameters over HTTP: as AWS's SDK and the AWS CLI call them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SSM } from "@aws-sdk/client-ssm";
import { must } from "../../src/lib/assert.ts";
import { AgentWorld } from "./agent-world.ts";
import { findTool, runTool, skipReason } from "./foreign-tool.ts";
import { account, region, startWorld, type World } from "./world.ts";

const clientOf = (endpoint: string, credentials = { accessKeyId: account, secretAccessKey: "any" }): SSM =>
  new SSM({ endpoint, region, credentials, maxAttempts: 1 });

let world: World;
let ssm: SSM;
before(async () => {
  world = await startWorld();
  ssm = clientOf(world.server.url);
});
after(async () => {
  ssm.destroy();
  await world.close();
});

describe("the SDK", () => {
  test("takes parameters through their life", async () => {
    const put = { Name: "/app/pass", Value: "s3cret-ü", Type: "SecureString" } as const;
    assert.deepEqual((await ssm.putParameter(put)).Version, 1);
    await assert.rejects(ssm.putParameter(put), { name: "ParameterAlreadyExists" });
    const { Parameter } = await ssm.getParameter({ Name: "/app/pass", WithDecryption: true });
    assert.deepEqual([Parameter?.Value, Parameter?.Type], ["s3cret-ü", "SecureString"]);
    assert.equal(Parameter?.ARN, `arn:aws:ssm:${region}:${account}:parameter/app/pass`);
    assert.ok(Math.abs(must(Parameter?.LastModifiedDate, "a date").getTime() - Date.now()) < 60_000);
    const sealed = await ssm.getParameter({ Name: "/app/pass" });
    assert.match(sealed.Parameter?.Value ?? "", /^[A-Za-z0-9+/]+=*$/, "AWS: base64 of what nobody can read");
    await ssm.putParameter({ Name: "/app/url", Value: "a,b", Type: "StringList", Tags: [{ Key: "k", Value: "v" }] });
    const several = await ssm.getParameters({ Names: ["/app/url", "/none"] });
    assert.deepEqual([several.Parameters?.[0]?.Value, several.InvalidParameters], ["a,b", ["/none"]]);
    const { Parameters = [] } = await ssm.getParametersByPath({ Path: "/app", WithDecryption: true });
    assert.deepEqual(
      Parameters.map(({ Value }) => Value),
      ["s3cret-ü", "a,b"],
    );
    const tags = { ResourceType: "Parameter", ResourceId: "/app/url" } as const;
    assert.deepEqual((await ssm.listTagsForResource(tags)).TagList, [{ Key: "k", Value: "v" }]);
    const filters = [{ Key: "Name", Option: "Equals", Values: ["/app/url"] }];
    const described = await ssm.describeParameters({ ParameterFilters: filters });
    assert.deepEqual(described.Parameters?.[0]?.Tier, "Standard");
    await ssm.labelParameterVersion({ Name: "/app/pass", Labels: ["prod"] });
    const history = await ssm.getParameterHistory({ Name: "/app/pass", WithDecryption: true });
    assert.deepEqual(history.Parameters?.[0]?.Labels, ["prod"]);
    assert.equal((await ssm.getParameter({ Name: "/app/pass:prod" })).Parameter?.Selector, ":prod");
    await ssm.deleteParameter({ Name: "/app/url" });
    await assert.rejects(ssm.getParameter({ Name: "/app/url" }), { name: "ParameterNotFound" });
    await assert.rejects(ssm.getParameter({ Name: "/app/pass:7" }), { name: "ParameterVersionNotFound" });
  });

  test("reads errors by their names", async () => {
    const put = { Value: "x", Type: "String" } as const;
    await assert.rejects(ssm.putParameter({ ...put, Name: "a/b" }), { name: "ValidationException" });
    await assert.rejects(ssm.putParameter({ ...put, Name: "a", AllowedPattern: "\\d" }), {
      name: "ParameterPatternMismatchException",
    });
    await assert.rejects(ssm.describeParameters({ ParameterFilters: [{ Key: "Size", Values: ["1"] }] }), {
      name: "InvalidFilterKey",
    });
  });
});

describe("the AWS CLI", () => {
  const tool = findTool("The AWS CLI", ["/usr/bin/aws", "aws"], ["--version"]);
  test("aws ssm", { skip: skipReason(tool) }, async () => {
    const { url } = world.server;
    const command = must(tool.command, tool.missing);
    const aws = async (...words: string[]) => {
      const all = ["--endpoint-url", url, "--output", "json", "ssm", ...words];
      const { code, out, err } = await runTool(command, all, url);
      assert.equal(code, 0, err);
      return JSON.parse(out);
    };
    await aws("put-parameter", "--name", "/cli", "--value", "v", "--type", "SecureString");
    const { Parameter } = await aws("get-parameter", "--name", "/cli", "--with-decryption");
    assert.equal(Parameter.Value, "v");
  });
});

describe("berth serve", () => {
  test("lets keys that only read describe parameters, but not read their values", async () => {
    const served = await AgentWorld.start();
    try {
      const admin = clientOf(served.server.url, served.key);
      await admin.putParameter({ Name: "/p", Value: "value", Type: "String" });
      const reader = clientOf(served.server.url, await served.createKey({ role: "read-only" }));
      assert.equal((await reader.describeParameters({})).Parameters?.length, 1);
      await assert.rejects(reader.getParameter({ Name: "/p" }), {
        name: "AccessDeniedException",
        message: /ssm:GetParameter on resource: arn:aws:ssm:[a-z0-9-]+:\d{12}:parameter\/p/,
      });
      for (const client of [admin, reader]) client.destroy();
    } finally {
      await served.end();
    }
  });
});
