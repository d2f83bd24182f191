/** `berth explain` as a user sees it, with `berth dev`. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import { berthMain, startBerth } from "../../tests/berth-process.ts";

test("explain says where tasks would go and what is missing; its exit code says whether all fit", async (context) => {
  const size = ["--instances", "2", "--cpu", "1024", "--memory", "1024"];
  const { listening, end } = await startBerth("dev", ["--in-memory", ...size]);
  context.after(() => end("SIGTERM"));
  const { url: endpoint, region } = listening;
  const credentials = { accessKeyId: "berth", secretAccessKey: "berth" };
  const ecs = new ECS({ endpoint, region, credentials });
  context.after(() => ecs.destroy());
  const containerDefinitions = [{ name: "app", image: "web", cpu: 256, memory: 600 }];
  await ecs.registerTaskDefinition({ family: "web", containerDefinitions });

  const explain = (...argv: readonly string[]): Promise<{ code: number | null; output: string; errors: string }> =>
    new Promise((resolve) => {
      const words = [berthMain, "explain", "--endpoint", endpoint, "--region", region, ...argv];
      const child = execFile(process.execPath, words, (_, output, errors) =>
        resolve({ code: child.exitCode, output, errors }),
      );
    });
  const [fits, tooMany, json, wrong, unknown] = await Promise.all([
    explain("--task-definition", "web", "--count", "2", "--distinct-instance"),
    explain("--task-definition", "web:1", "--count", "3"),
    explain("--task-definition", "web", "--constraint", "attribute:stack == prod", "--json"),
    explain("--task-definition", "web", "--constraint", "attribute:stack ="),
    explain("--task-definition", "nobody"),
  ]);
  assert.deepEqual([fits.code, fits.errors], [0, ""]);
  assert.match(
    fits.output,
    /^web:1 needs 256 CPU units, 600 MiB\.\n\n2 tasks would go here:\n( {2}1 {2}i-\w+ {2}\S+\n){2}$/,
  );
  assert.equal(tooMany.code, 1);
  assert.match(tooMany.output, /\n1 task has no place\.\n {2}RESOURCE:MEMORY {2}on 2 container instances\n/);
  assert.match(tooMany.output, /i-\w+ and 1 more {2}ACTIVE {2}RESOURCE:MEMORY {2}176 MiB short/);
  const reply = JSON.parse(json.output) as { readonly unplacedCount: number; readonly refusals: readonly unknown[] };
  assert.deepEqual([json.code, reply.unplacedCount, reply.refusals.length], [1, 1, 2]);
  assert.deepEqual([wrong.code, unknown.code], [2, 2]);
  assert.match(wrong.errors, /^berth: Invalid .* \(InvalidParameterException\)\n$/);
  assert.match(unknown.errors, /^berth: .*\(ClientException\)\n$/);
});
