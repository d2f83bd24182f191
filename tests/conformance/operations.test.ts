/** Every operation that Berth answers: what it does, and what it refuses with which error and text. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as sdk from "@aws-sdk/client-ecs";
import { operationRoutes, type RoutedOperation } from "../../src/cluster-runner/operation-routes.ts";
import type { RefusalCode } from "../../src/ecs/refusals.ts";
import { declaresError } from "../../src/wire/declared-errors.ts";
import { type OperationName, operations } from "../../src/wire/operations.ts";
import { accountSettingCases } from "./cases/account-setting-cases.ts";
import { attributeAndTagCases } from "./cases/attribute-and-tag-cases.ts";
import { capacityProviderCases } from "./cases/capacity-provider-cases.ts";
import { clusterCases } from "./cases/cluster-cases.ts";
import { containerInstanceCases } from "./cases/container-instance-cases.ts";
import { fargateCases } from "./cases/fargate-cases.ts";
import { furnish, type Given } from "./cases/given.ts";
import { serviceCases } from "./cases/service-cases.ts";
import { taskCases } from "./cases/task-cases.ts";
import { taskDefinitionCases } from "./cases/task-definition-cases.ts";
import { expectRefused, startWorld } from "./world.ts";

const groups = [
  clusterCases,
  containerInstanceCases,
  attributeAndTagCases,
  taskDefinitionCases,
  taskCases,
  fargateCases,
  capacityProviderCases,
  accountSettingCases,
  serviceCases,
];
/** Operations that refuse every request, because Berth has nothing that they could be about. */
const neverAnswered: readonly RoutedOperation[] = ["ListServicesByNamespace"];
const routed = Object.keys(operationRoutes) as RoutedOperation[];

let given: Given;
before(async () => {
  given = await furnish(await startWorld());
});
after(() => given.close());

/** Calls an operation by its name, with any request. */
function call(operation: OperationName, request: object): Promise<unknown> {
  const Command = (sdk as unknown as Record<string, new (input: object) => never>)[`${operation}Command`];
  assert.ok(Command !== undefined, operation);
  return given.ecs.send(new Command(request));
}

for (const operation of routed) {
  describe(operation, () => {
    for (const { answers, refusals } of groups) {
      for (const each of answers) {
        if (each.operation === operation) test(each.says, () => each.run(given));
      }
      for (const each of refusals) {
        if (each.operation !== operation) continue;
        test(`refuses ${each.says}`, async () => {
          await expectRefused(call(operation, each.request(given)), each.code, each.text);
        });
      }
    }
  });
}

describe("operations that are absent", () => {
  for (const { name, status } of operations) {
    if (status !== "absent") continue;
    test(`${name} says so`, async () => {
      await expectRefused(call(name, {}), "ClientException", new RegExp(`\\b${name}\\b`));
    });
  }
});

test("every operation has an answered case and a refused one", () => {
  const answered = new Set(groups.flatMap(({ answers }) => answers.map(({ operation }) => operation)));
  const refused = new Set(groups.flatMap(({ refusals }) => refusals.map(({ operation }) => operation)));
  assert.deepEqual([...answered, ...neverAnswered].sort(), routed.toSorted());
  assert.deepEqual([...refused].sort(), routed.toSorted());
});

test("every case really called its operation, and every error that was seen is declared by its operation", () => {
  const succeeded = new Set(given.seen.filter(({ code }) => code === "").map(({ operation }) => operation));
  assert.deepEqual([...succeeded, ...neverAnswered].sort(), routed.toSorted());
  const undeclared = given.seen.filter(
    ({ operation, code }) => code !== "" && !declaresError(operation as OperationName, code as RefusalCode),
  );
  assert.deepEqual(undeclared, []);
});
