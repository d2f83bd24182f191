import assert from "node:assert/strict";
import { test } from "node:test";
import { WireError } from "./errors.ts";
import { apiOperations, controlPlaneServices } from "./services.ts";
import { operationOfTarget } from "./target.ts";

const isUnknown = (error: unknown): boolean =>
  error instanceof WireError && error.code === "UnknownOperationException" && error.status === 400;

test("each operation is found under its service's prefix, and under no other", () => {
  for (const service of controlPlaneServices) {
    for (const [name, operation] of apiOperations(service)) {
      for (const { targetPrefix } of controlPlaneServices) {
        const target = `${targetPrefix}.${name}`;
        if (targetPrefix === service.targetPrefix) assert.equal(operationOfTarget(target), operation);
        else assert.throws(() => operationOfTarget(target), isUnknown, target);
      }
    }
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
    assert.throws(() => operationOfTarget(target), isUnknown, String(target));
  }
});
