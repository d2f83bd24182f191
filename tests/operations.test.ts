/** Three tables name the operations that Berth answers: what users read, who answers, and what the machines have. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { berthRoutes, operationRoutes } from "../src/cluster-runner/operation-routes.ts";
import { accountOperations } from "../src/ecs/machine/account-operations.ts";
import { clusterOperations } from "../src/ecs/machine/cluster-operations.ts";
import { isAnswered } from "../src/wire/api-operations.ts";
import { berthOperations } from "../src/wire/berth-operations.ts";
import { isBuilt, operations } from "../src/wire/operations.ts";

test("every operation that is documented as answered has a route, and every route is documented", () => {
  const built = operations.map(({ name }) => name).filter(isBuilt);
  assert.deepEqual(Object.keys(operationRoutes).sort(), built.sort());
  const builtByBerth = berthOperations.map(({ name }) => name).filter(isAnswered);
  assert.deepEqual(Object.keys(berthRoutes).sort(), builtByBerth.sort());
});

test("every route leads to a machine that answers, and no machine answers what no call can reach", () => {
  const routed = (...scopes: readonly string[]) =>
    Object.entries({ ...operationRoutes, ...berthRoutes })
      .filter(([, { scope }]) => scopes.includes(scope))
      .map(([name]) => name)
      .sort();
  assert.deepEqual([...accountOperations.keys()].sort(), routed("account", "by-arn"));
  assert.deepEqual(Object.keys(clusterOperations).sort(), routed("cluster", "by-arn", "by-history-arns"));
});
