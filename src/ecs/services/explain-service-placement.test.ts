import assert from "node:assert/strict";
import { test } from "node:test";
import { aDefinition, fargateDefinition, inSubnet } from "../small-world.ts";
import { dump } from "../step-rules.ts";
import type { ExplainPlacementReply } from "../tasks/explain-placement.ts";
import { ServiceWorld } from "./service-world.ts";

const explained = (world: ServiceWorld, request: object = {}): ExplainPlacementReply =>
  world.call<ExplainPlacementReply>("ExplainPlacement", { service: "web", ...request }).value;

/** How many tasks each instance of the test would get. */
const placed = (world: ServiceWorld, { placements }: ExplainPlacementReply): number[] => {
  const counts = new Map(placements.map(({ containerInstanceArn: arn, count }) => [arn.slice(-32), count]));
  return [...world.state.instances.keys()].sort().map((id) => counts.get(id) ?? 0);
};

test("more tasks of a service go where it would place them, beside those that it has", () => {
  const world = new ServiceWorld("explain-service").withInstances(3);
  world.aService({ desiredCount: 2, placementConstraints: [{ type: "distinctInstance" }] });
  world.play(60_000);
  const before = dump(world.state);
  const reply = explained(world, { count: 3 });
  assert.equal(reply.taskDefinition, aDefinition().arn);
  assert.deepEqual([reply.placedCount, reply.unplacedCount], [1, 2]);
  assert.equal(placed(world, reply).filter((count) => count === 1).length, 1);
  assert.deepEqual(reply.summary, [{ reason: "DistinctInstance placement constraint unsatisfied.", count: 3 }]);
  assert.deepEqual(dump(world.state), before, "nothing of it stays");
});

test("without a strategy they spread, as the service's do", () => {
  const world = new ServiceWorld("explain-service").withInstances(3);
  world.aService({ desiredCount: 0 });
  assert.deepEqual(placed(world, explained(world, { count: 6 })), [2, 2, 2]);
});

test("what the service decides is refused, as are services that place nothing on instances", () => {
  const world = new ServiceWorld("explain-service").withInstances(1);
  world.aService({ desiredCount: 0 });
  const refused = (code: string, text: RegExp, request: object): unknown =>
    world.refused(code, text, "ExplainPlacement", { service: "web", ...request });
  refused("InvalidParameterException", /^The service decides about taskDefinition: leave it out/, {
    taskDefinition: "web",
  });
  refused("InvalidParameterException", /^The service decides about overrides/, { overrides: {} });
  refused("InvalidParameterException", /^count must be between 1 and 1000\.$/, { count: 0 });
  refused("ServiceNotFoundException", /^Service not found\.$/, { service: "nobody" });
  world.refused("InvalidParameterException", /^TaskDefinition can not be blank\.$/, "ExplainPlacement", {});
  world.aService({ serviceName: "logs", schedulingStrategy: "DAEMON" });
  refused("InvalidParameterException", /^A daemon goes to every container instance/, { service: "logs" });
  world.aService({ serviceName: "far", desiredCount: 0, launchType: "FARGATE", ...inSubnet }, fargateDefinition());
  refused("InvalidParameterException", /^Tasks on Fargate are not placed/, { service: "far" });
  world.call("DeleteService", { service: "web" });
  refused("ServiceNotActiveException", /./, {});
});

test("a service whose tasks fail shows the newest failures, with what their containers say", () => {
  const world = new ServiceWorld("explain-failures").withInstances(2);
  world.aService({ desiredCount: 1 });
  world.untilSteady();
  assert.deepEqual(explained(world).failedTasks, []);
  for (const exitCode of [3, 4, 5, 6, 7, 8]) {
    const [task] = world.running();
    world.report(task?.id ?? "", "STOPPED", { containers: [{ containerName: "app", status: "STOPPED", exitCode }] });
    world.play(60_000);
  }
  const { failedTasks } = explained(world);
  assert.deepEqual(
    failedTasks.map(({ stopCode, containers }) => [stopCode, containers[0]?.exitCode]),
    [8, 7, 6, 5, 4].map((exitCode) => ["EssentialContainerExited", exitCode]),
  );
});

test("where no instance is of the kind that is asked for, the reply says so", () => {
  const world = new ServiceWorld("explain-nobody");
  const why = (request: object) =>
    world.call<ExplainPlacementReply>("ExplainPlacement", { taskDefinition: "web", ...request }, aDefinition()).value
      .noCandidates;
  assert.equal(why({}), "The cluster lab has no container instances.");
  world.withInstances(2);
  assert.equal(why({}), null);
  assert.equal(
    why({ launchType: "EXTERNAL" }),
    "The cluster lab has no container instances of launch type EXTERNAL; its 2 are EC2.",
  );
  world.cluster = { ...world.cluster, capacityProviders: ["fleet"] };
  assert.match(
    why({ capacityProviderStrategy: [{ capacityProvider: "fleet", weight: 1 }] }) ?? "",
    /^No container instance belongs to the capacity provider fleet\./,
  );
});
