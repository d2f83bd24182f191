import assert from "node:assert/strict";
import { test } from "node:test";
import { renderReply } from "./render.ts";
import { operationNamed } from "./services.ts";

test("null and undefined members are left out, empty lists stay", () => {
  const reply = { task: undefined, tasks: [], failures: [{ arn: null, reason: "MISSING", detail: undefined }] };
  assert.equal(renderReply(operationNamed("RunTask"), reply), '{"tasks":[],"failures":[{"reason":"MISSING"}]}');
});

test("nulls in lists and maps are left out", () => {
  const taskDefinition = { containerDefinitions: [{ links: [null, "a"], dockerLabels: { a: null, b: "c" } }, null] };
  assert.equal(
    renderReply(operationNamed("DescribeTaskDefinition"), { taskDefinition }),
    '{"taskDefinition":{"containerDefinitions":[{"links":["a"],"dockerLabels":{"b":"c"}}]}}',
  );
});

test("timestamps are epoch seconds with milliseconds as the fraction", () => {
  const at = (createdAt: number): string => renderReply(operationNamed("StopTask"), { task: { createdAt } });
  assert.equal(at(1_534_810_936_284), '{"task":{"createdAt":1534810936.284}}');
  assert.equal(at(1_534_810_936_000), '{"task":{"createdAt":1534810936}}');
  assert.equal(at(0), '{"task":{"createdAt":0}}');
});

test("members that the API doesn't have are left out at every depth", () => {
  const reply = {
    secret: 1,
    cluster: { clusterName: "default", inner: { x: 1 }, tags: [{ key: "k", value: "v", at: 1 }] },
  };
  assert.equal(
    renderReply(operationNamed("CreateCluster"), reply),
    '{"cluster":{"clusterName":"default","tags":[{"key":"k","value":"v"}]}}',
  );
});

test("the reply itself isn't changed", () => {
  const reply = Object.freeze({ task: Object.freeze({ createdAt: 5, attributes: Object.freeze([]) }) });
  assert.equal(renderReply(operationNamed("StopTask"), reply), '{"task":{"attributes":[],"createdAt":0.005}}');
  assert.equal(reply.task.createdAt, 5);
});
