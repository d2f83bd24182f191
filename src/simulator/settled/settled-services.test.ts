import assert from "node:assert/strict";
import { test } from "node:test";
import { DurablePartition } from "../durable-state.ts";
import { Restless, unsettledServices } from "./settled-services.ts";

const minutes = 60_000;

/** A service whose image ends by itself, with one task that has not changed for an hour. */
function aRestlessService(definition: object, task: object): string[] {
  const partition = new DurablePartition("cluster/111122223333/eu-west-1/default");
  const deployments = [{ id: "ecs-svc/1", rolloutState: "IN_PROGRESS", revisionId: "1", updatedAt: 0 }];
  const service = { name: "web", arn: "arn:web", status: "ACTIVE", schedulingStrategy: "REPLICA", desiredCount: 1 };
  partition.put("service", "web", service);
  partition.put("service-rollout", "web", { serviceName: "web", targetId: "ecs-svc/1", deployments });
  partition.put("service-revision", "1", { taskDefinitionArn: "web:1" });
  partition.put("task-definition", "web:1", definition);
  const body = { id: "t1", group: "service:web", startedBy: "ecs-svc/1", taskDefinitionArn: "web:1", instanceId: "i1" };
  const states = { desiredStatus: "RUNNING", waitingFor: null, protectedUntil: null, statusSince: 0 };
  partition.put("task", "t1", { ...body, ...states, ...task });
  const now = 60 * minutes;
  return unsettledServices(partition, new Restless(partition, now), now, () => false);
}

const sleeps = { name: "app", image: "berth/sleep:2" };

test("a service that stands still is noticed even if its image ends by itself", () => {
  const found = aRestlessService({ containerDefinitions: [sleeps] }, { lastStatus: "PENDING" });
  assert.deepEqual(found, ["the service arn:web has stood still for ten minutes"]);
});

test("one whose task waits for a container that never ends is settled", () => {
  const waits = { ...sleeps, dependsOn: [{ containerName: "side", condition: "COMPLETE" }] };
  const definition = { containerDefinitions: [waits, { name: "side", image: "berth/ignore-sigterm" }] };
  assert.deepEqual(aRestlessService(definition, { lastStatus: "ACTIVATING" }), []);
});
