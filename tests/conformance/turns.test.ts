/** What one account may ask for, and what another one sees meanwhile: over HTTP, with a cluster whose instances all differ. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ECS } from "@aws-sdk/client-ecs";
import { seededRandom } from "../../src/lib/random.ts";
import { berthApi, define, expectRefused, register, startWorld, type World } from "./world.ts";

const instanceCount = 150;
let world: World;
let ecs: ECS;
let taskDefinition: string;

/** Nothing cuts the match of such a pattern short, and no two are alike. */
let made = 0;
const hard = (): string => `attribute:hard =~ .*a.{${100 + (made++ % 10)}}c.*${made}`;
const memberOf = (expression: string) => ({ type: "memberOf" as const, expression });

before(async () => {
  world = await startWorld({ adopt: false });
  ecs = world.ecs;
  await ecs.createCluster({ clusterName: "default" });
  taskDefinition = await define(ecs, "dear");
  const arns = await Promise.all(Array.from({ length: instanceCount }, () => register(ecs, "default")));
  const values = seededRandom("hard").stream("values");
  for (const targetId of arns) {
    const value = Array.from({ length: 128 }, () => "ab"[values.below(2)]).join("");
    await ecs.putAttributes({ attributes: [{ name: "hard", value, targetId }] });
  }
});
after(() => world.close());

test("constraints that are too complex together are refused by every operation that takes them, before any work", async () => {
  const placementConstraints = Array.from({ length: 10 }, () => memberOf(`${hard()} or ${hard()}`));
  const text = /placement constraints of a task are too complex: their patterns have more than 1024 states/;
  const request = { taskDefinition, placementConstraints };
  await expectRefused(ecs.runTask(request), "InvalidParameterException", text);
  await expectRefused(
    ecs.createService({ serviceName: "dear", desiredCount: 1, ...request }),
    "InvalidParameterException",
    text,
  );
  await ecs.createService({ serviceName: "plain", taskDefinition, desiredCount: 0 });
  const update = ecs.updateService({ service: "plain", placementConstraints });
  await expectRefused(update, "InvalidParameterException", text);
  const containerDefinitions = [{ name: "main", image: "nginx", memory: 64 }];
  const registration = ecs.registerTaskDefinition({ family: "dear", containerDefinitions, placementConstraints });
  await expectRefused(registration, "ClientException", text);
  const api = berthApi(world);
  await assert.rejects(api.call("ExplainPlacement", request, "BerthV1"), text);
  api.close();
});

test("the constraints of a task definition and those of the call or service count together", async () => {
  const half = () => Array.from({ length: 4 }, () => memberOf(hard()));
  const containerDefinitions = [{ name: "main", image: "nginx", memory: 64 }];
  const { taskDefinition: registered } = await ecs.registerTaskDefinition({
    family: "half",
    containerDefinitions,
    placementConstraints: [...half(), memberOf(hard())],
  });
  const more = { taskDefinition: registered?.taskDefinitionArn ?? "", placementConstraints: half() };
  const text = /too complex/;
  await expectRefused(
    ecs.runTask({ ...more, placementConstraints: [...half(), memberOf(hard())] }),
    "InvalidParameterException",
    text,
  );
  await ecs.createService({
    serviceName: "half",
    taskDefinition,
    desiredCount: 0,
    placementConstraints: more.placementConstraints,
  });
  await ecs.updateService({ service: "half", taskDefinition: more.taskDefinition, placementConstraints: [] });
});

test("a small call of another account is answered before expensive calls that came first", async () => {
  const other = world.client({ accessKeyId: "999999999999" });
  await other.listClusters({});
  const order: string[] = [];
  const dear = Array.from({ length: 24 }, async () => {
    const placementConstraints = Array.from({ length: 8 }, () => memberOf(`not(${hard()})`));
    const { failures } = await ecs.runTask({ taskDefinition, placementConstraints });
    order.push("dear");
    return failures;
  });
  // By the time one of them is done, the first of them are under way.
  await Promise.race(dear);
  await other.listClusters({});
  order.push("small");
  for (const failures of await Promise.all(dear)) assert.equal(failures?.[0]?.reason, "AGENT");
  assert.equal(order.length, 25);
  assert.ok(order.indexOf("small") < 20, `after ${order.indexOf("small")} of the dear ones`);
});
