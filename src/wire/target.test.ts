import assert from "node:assert/strict";
import { test } from "node:test";
import { berthOperations } from "./berth-operations.ts";
import { WireError } from "./errors.ts";
import { operations } from "./operations.ts";
import { operationOfTarget } from "./target.ts";

test("each operation is found under its prefix", () => {
  for (const { name } of operations)
    assert.equal(operationOfTarget(`AmazonEC2ContainerServiceV20141113.${name}`), name);
  for (const { name } of berthOperations) assert.equal(operationOfTarget(`BerthV1.${name}`), name);
});

test("neither prefix has the operations of the other", () => {
  const names = new Set<string>(operations.map(({ name }) => name));
  assert.deepEqual(
    berthOperations.filter(({ name }) => names.has(name)),
    [],
  );
  for (const target of [
    ...operations.map(({ name }) => `BerthV1.${name}`),
    ...berthOperations.map(({ name }) => `AmazonEC2ContainerServiceV20141113.${name}`),
  ]) {
    assert.throws(
      () => operationOfTarget(target),
      (error) => error instanceof WireError && error.code === "UnknownOperationException",
      target,
    );
  }
});

test("everything else is an unknown operation", () => {
  const targets = [
    undefined,
    "",
    "ListClusters",
    "AmazonEC2ContainerServiceV20141113.",
    "AmazonEC2ContainerServiceV20141113.listClusters",
    "AmazonEC2ContainerServiceV20141113.ListClusters ",
    "AmazonEC2ContainerServiceV20141113.toString",
    "amazonec2containerservicev20141113.ListClusters",
    "AmazonEC2ContainerServiceV20141113ListClusters",
    "BerthV1.",
    "BerthV1.constructor",
    "BerthV1.explainPlacement",
    "BerthV2.ExplainPlacement",
    "berthv1.ExplainPlacement",
    "DynamoDB_20120810.ListTables",
    ["AmazonEC2ContainerServiceV20141113.ListClusters", "AmazonEC2ContainerServiceV20141113.ListTasks"],
  ];
  for (const target of targets) {
    assert.throws(
      () => operationOfTarget(target),
      (error) => error instanceof WireError && error.code === "UnknownOperationException" && error.status === 400,
      String(target),
    );
  }
});
