/** Every operation that Berth answers: what it does, and what it refuses with which error and text. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as sdk from "@aws-sdk/client-ecs";
import {
  type AnsweredName,
  answeredNames,
  type EcsOperationName,
  ecsOperations,
} from "../../src/ecs/machine/operations.ts";
import type { RefusalCode } from "../../src/ecs/refusals.ts";
import { mayAnswerWith } from "../../src/wire/service-definition.ts";
import { operationNamed } from "../../src/wire/services.ts";
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
/** Operations that refuse every request, as Berth has nothing of what they are about. */
const neverAnswered: readonly AnsweredName[] = ["ListServicesByNamespace"];
const answeredByEcs = answeredNames.filter((name) => Object.hasOwn(ecsOperations, name));

let given: Given;
before(async () => {
  given = await furnish(await startWorld());
});
after(() => given.close());

/** Calls an operation by its name, with any request. */
function call(operation: AnsweredName, request: object): Promise<unknown> {
  const Command = (sdk as unknown as Record<string, new (input: object) => never>)[`${operation}Command`];
  assert.ok(Command !== undefined, operation);
  return given.ecs.send(new Command(request));
}

for (const operation of answeredByEcs) {
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

test("every operation has a case that is answered and one that is refused", () => {
  const answered = new Set(groups.flatMap(({ answers }) => answers.map(({ operation }) => operation)));
  const refused = new Set(groups.flatMap(({ refusals }) => refusals.map(({ operation }) => operation)));
  assert.deepEqual([...answered, ...neverAnswered].sort(), answeredByEcs.toSorted());
  assert.deepEqual([...refused].sort(), answeredByEcs.toSorted());
});

test("every case really called its operation, and every error that was seen is declared by its operation", () => {
  const succeeded = new Set(given.seen.filter(({ code }) => code === "").map(({ operation }) => operation));
  assert.deepEqual([...succeeded, ...neverAnswered].sort(), answeredByEcs.toSorted());
  const undeclared = given.seen.filter(
    ({ operation, code }) =>
      code !== "" && !mayAnswerWith(operationNamed(operation as EcsOperationName), code as RefusalCode),
  );
  assert.deepEqual(undeclared, []);
});
