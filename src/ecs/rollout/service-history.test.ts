import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { must } from "../../lib/assert.ts";
import {
  type ServiceDeployment,
  type ServiceDeploymentStatus,
  serviceDeploymentStatuses,
} from "../documents/deployment.ts";
import { limits } from "../limits.ts";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";
import { aDefinition } from "../small-world.ts";
import { endedAt, isUnderWay, stopAnswers } from "./service-deployment-states.ts";

type Shown = Record<string, unknown>;
type Deployments = { readonly serviceDeployments: readonly Shown[]; readonly failures: readonly object[] };
type Revisions = { readonly serviceRevisions: readonly Shown[]; readonly failures: readonly object[] };
type Listed = { readonly serviceDeployments: readonly Shown[]; readonly nextToken: string | null };

const invalid = "InvalidParameterException";
const prefix = "arn:aws:ecs:eu-central-1:111122223333:";

function aWorld(request: object = {}): ServiceWorld {
  const world = new ServiceWorld("history").withInstances(2, { cpu: 4_096, memoryMiB: 8_192 });
  world.aService({ desiredCount: 2, ...request });
  return world;
}

const current = (world: ServiceWorld): ServiceDeployment =>
  must(world.state.serviceDeployments.get(world.rollout().serviceDeploymentId), "the service deployment");

function describeCurrent(world: ServiceWorld): Shown {
  const request = { serviceDeploymentArns: [current(world).arn] };
  const { serviceDeployments } = world.call<Deployments>("DescribeServiceDeployments", request).value;
  return must(serviceDeployments[0], "the service deployment");
}

test("a service deployment from its beginning to its end", () => {
  const world = aWorld();
  world.untilSteady();
  const first = current(world);
  const startedAt = world.now;
  const breaker = { enable: true, rollback: true };
  const deploymentConfiguration = { deploymentCircuitBreaker: breaker };
  world.updateService({ deploymentConfiguration }, aDefinition({ revision: 2 }));
  world.play(3_000);
  const running = describeCurrent(world);
  assert.deepEqual(
    [running.status, running.createdAt, running.startedAt, running.finishedAt],
    ["IN_PROGRESS", startedAt, startedAt, null],
  );
  const counts = { requestedTaskCount: 2, runningTaskCount: 2, pendingTaskCount: 0 };
  const revisionArn = (id: string) => `${prefix}service-revision/lab/web/${id}`;
  assert.deepEqual(running.targetServiceRevision, { arn: revisionArn(current(world).targetRevisionId), ...counts });
  assert.deepEqual(running.sourceServiceRevisions, [{ arn: revisionArn(first.targetRevisionId), ...counts }]);
  assert.deepEqual(running.deploymentCircuitBreaker, { status: "MONITORING", failureCount: 0, threshold: 3 });
  world.untilSteady();
  const over = describeCurrent(world);
  assert.deepEqual([over.status, over.rollback, over.stoppedAt], ["SUCCESSFUL", null, null]);
  assert.deepEqual(over.deploymentCircuitBreaker, { status: "MONITORING_COMPLETE", failureCount: 0, threshold: 3 });
  world.restart();
});

test("a rollout that fails and rolls back tells it", () => {
  const breaker = { enable: true, rollback: true };
  const world = aWorld({ deploymentConfiguration: { deploymentCircuitBreaker: breaker } });
  world.untilSteady();
  const good = current(world).targetRevisionId;
  world.updateService({}, withImage(images.failing, 2));
  world.untilRollout("COMPLETED");
  const shown = describeCurrent(world);
  assert.equal(shown.status, "ROLLBACK_SUCCESSFUL");
  assert.equal((shown.rollback as Shown).serviceRevisionArn, `${prefix}service-revision/lab/web/${good}`);
  const counted = shown.deploymentCircuitBreaker as Shown;
  assert.deepEqual([counted.status, counted.threshold], ["TRIGGERED", 3]);
  world.updateService({ desiredCount: 20 });
  assert.deepEqual(describeCurrent(world).deploymentCircuitBreaker, counted, "what is over does not change");
});

test("DescribeServiceDeployments and DescribeServiceRevisions: unknown ones are missing, other ARNs are refused", () => {
  const world = aWorld();
  const deployments = (...serviceDeploymentArns: string[]) =>
    world.call<Deployments>("DescribeServiceDeployments", { serviceDeploymentArns }).value;
  const revisions = (...serviceRevisionArns: string[]) =>
    world.call<Revisions>("DescribeServiceRevisions", { serviceRevisionArns }).value;
  const { arn } = current(world);
  const missing = [`${arn}x`, arn.replace("/lab/", "/other/")];
  assert.deepEqual(
    deployments(arn, ...missing).failures,
    missing.map((each) => ({ arn: each, reason: "MISSING" })),
  );
  const revisionArn = must(world.state.serviceRevisions.get(current(world).targetRevisionId), "the revision").arn;
  const { serviceRevisions, failures } = revisions(revisionArn, `${revisionArn}0`);
  assert.deepEqual(failures, [{ arn: `${revisionArn}0`, reason: "MISSING" }]);
  const [revision] = serviceRevisions;
  assert.deepEqual(
    [revision?.taskDefinition, revision?.launchType, revision?.containerImages, revision?.serviceArn],
    [aDefinition().arn, "EC2", [{ containerName: "app", image: "registry.example/app:1" }], world.service().arn],
  );
  for (const [operation, member, text] of [
    ["DescribeServiceDeployments", "serviceDeploymentArns", revisionArn],
    ["DescribeServiceRevisions", "serviceRevisionArns", arn],
  ] as const) {
    world.refused(invalid, `${member} can not be empty.`, operation, {});
    world.refused(invalid, `${member} can have at most 20 items.`, operation, { [member]: Array(21).fill(arn) });
    for (const [wrong, answer] of [
      [text, /^Unsupported resource type: service-(deployment|revision)$/],
      ["web", /^Invalid identifier: web is not the ARN of a service (deployment|revision)\.$/],
      [`${prefix}service/lab/web`, "Unsupported resource type: service"],
    ] as const) {
      world.refused(invalid, answer, operation, { [member]: [wrong] });
    }
  }
});

test("ListServiceDeployments: newest first, by status and time, in pages", () => {
  const world = aWorld({ desiredCount: 0 });
  for (let revision = 2; revision <= 25; revision++) {
    world.now += 1_000;
    world.updateService({}, aDefinition({ revision }));
  }
  const list = (request: object) => world.call<Listed>("ListServiceDeployments", { service: "web", ...request }).value;
  const first = list({});
  assert.deepEqual([first.serviceDeployments.length, first.serviceDeployments[0]?.status], [20, "IN_PROGRESS"]);
  const second = list({ nextToken: first.nextToken });
  assert.deepEqual([second.serviceDeployments.length, second.nextToken], [5, null]);
  const times = [...first.serviceDeployments, ...second.serviceDeployments].map(({ createdAt }) => Number(createdAt));
  assert.deepEqual(
    times,
    times.toSorted((a, b) => b - a),
  );
  assert.equal(list({ status: ["STOPPED", "PENDING"], maxResults: 100 }).serviceDeployments.length, 24);
  const [newest = 0] = times;
  const within = { after: newest - 3_000, before: newest - 1_000 };
  assert.equal(list({ createdAt: within }).serviceDeployments.length, 3);
  world.refused(invalid, /status should be one of/, "ListServiceDeployments", { service: "web", status: ["X"] });
  world.refused("ServiceNotFoundException", "Service not found.", "ListServiceDeployments", { service: "none" });
  world.refused(invalid, "service can not be empty.", "ListServiceDeployments", {});
});

test("history is forgotten after 90 days, but for the last service deployment and what it needs", () => {
  const world = aWorld();
  world.untilSteady();
  world.updateService({}, aDefinition({ revision: 2 }));
  world.untilSteady();
  const { serviceDeployments, serviceRevisions, timeline } = world.state;
  assert.deepEqual([serviceDeployments.size, serviceRevisions.size], [2, 2]);
  world.advanceClock(timeline.serviceHistoryMs + 1_000);
  assert.deepEqual([...serviceDeployments.keys()], [current(world).id]);
  assert.deepEqual(serviceRevisions.size, 2, "the last one names the revision that it came from");
  world.updateService({}, aDefinition({ revision: 3 }));
  assert.equal(serviceDeployments.size, 1, "the one that was kept as the last is over");
  assert.deepEqual(
    [...serviceRevisions.keys()].sort(),
    [current(world).targetRevisionId, ...current(world).sourceRevisionIds].sort(),
  );
  world.restart();
  world.untilSteady();
});

test("of a service that is deployed very often the newest service deployments are kept", () => {
  const world = aWorld({ desiredCount: 0 });
  const first = current(world).id;
  const { serviceDeployments, serviceRevisions } = world.state;
  for (let update = 0; update < limits.serviceDeploymentsPerService; update++) {
    world.advanceClock(1_000);
    world.updateService({ forceNewDeployment: true });
  }
  assert.ok(serviceDeployments.has(first));
  const second = [...serviceDeployments.values()].map(({ id }) => id)[1];
  world.advanceClock(1_000);
  world.updateService({ forceNewDeployment: true });
  assert.equal(serviceDeployments.size, limits.serviceDeploymentsPerService + 1);
  assert.deepEqual([serviceDeployments.has(first), serviceDeployments.has(second ?? "")], [false, true]);
  assert.ok(serviceRevisions.size <= limits.serviceDeploymentsPerService + 2);
});

test("of the services that were deleted the newest can be described", () => {
  const world = aWorld({ desiredCount: 0 });
  const { services } = world.state;
  const name = world.service().name;
  world.call("DeleteService", { service: name, force: true });
  world.advanceClock(5_000);
  const deleted = must(services.get(name), "the deleted service");
  const inactiveAt = must(deleted.inactiveAt, "when the service became INACTIVE");
  for (let index = 0; index < limits.inactiveServicesPerCluster; index++) {
    services.load(`s${index}`, { ...deleted, name: `s${index}`, inactiveAt: inactiveAt + 1 + index });
  }
  world.step({ type: "count" });
  assert.equal(services.size, limits.inactiveServicesPerCluster);
  assert.deepEqual([services.has(name), services.has("s0")], [false, true]);
});

describe("StopServiceDeployment", () => {
  const answers: Readonly<Record<ServiceDeploymentStatus, [rollback: string, abort: string]>> = {
    PENDING: ["ROLLBACK_REQUESTED", "STOP_REQUESTED"],
    IN_PROGRESS: ["ROLLBACK_REQUESTED", "STOP_REQUESTED"],
    STOP_REQUESTED: ["STOP_REQUESTED", "STOP_REQUESTED"],
    ROLLBACK_REQUESTED: ["ROLLBACK_REQUESTED", "ROLLBACK_REQUESTED"],
    ROLLBACK_IN_PROGRESS: ["ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"],
    STOPPED: ["conflict", "conflict"],
    SUCCESSFUL: ["conflict", "conflict"],
    ROLLBACK_SUCCESSFUL: ["conflict", "conflict"],
    ROLLBACK_FAILED: ["conflict", "conflict"],
  };
  for (const status of serviceDeploymentStatuses) {
    for (const [index, stopType] of ["ROLLBACK", "ABORT"].entries()) {
      const expected = answers[status][index];
      test(`${stopType} in ${status}: ${expected}`, () => {
        const world = aWorld();
        const before = { ...current(world), status };
        world.run((step) => step.state.serviceDeployments.put(before.id, before));
        const request = { serviceDeploymentArn: before.arn, ...(index === 0 ? {} : { stopType }) };
        if (expected === "conflict") {
          const text = `The service deployment is ${status} and cannot be stopped.`;
          world.refused("ConflictException", text, "StopServiceDeployment", request);
          return;
        }
        const { value } = world.call("StopServiceDeployment", request);
        assert.deepEqual([value, current(world).status], [{ serviceDeploymentArn: before.arn }, expected]);
      });
    }
  }

  test("goes back to the deployment that was completed", () => {
    const world = aWorld();
    world.untilSteady();
    const good = world.target().id;
    world.updateService({}, withImage(images.failing, 2));
    world.play(5_000);
    world.call("StopServiceDeployment", { serviceDeploymentArn: current(world).arn });
    world.restart();
    world.untilSteady();
    assert.deepEqual([world.target().id, current(world).status], [good, "ROLLBACK_SUCCESSFUL"]);
  });

  test("says so when there is nothing to go back to, and stops for good with ABORT", () => {
    for (const stopType of ["ROLLBACK", "ABORT"]) {
      const world = aWorld();
      world.call("StopServiceDeployment", { serviceDeploymentArn: current(world).arn, stopType });
      world.play(3_000);
      assert.equal(current(world).status, "STOPPED");
      const text = "No rollback candidate was found to run the rollback.";
      assert.equal(current(world).statusReason === text, stopType === "ROLLBACK");
    }
  });

  test("refuses what is none", () => {
    const world = aWorld();
    const { arn } = current(world);
    const stop = (serviceDeploymentArn: string | undefined, more: object = {}) => ({ serviceDeploymentArn, ...more });
    world.refused(invalid, /can not be empty/, "StopServiceDeployment", stop(undefined));
    world.refused(invalid, /one of \[ROLLBACK,ABORT\]/, "StopServiceDeployment", stop(arn, { stopType: "NOW" }));
    world.refused(invalid, /^Invalid identifier/, "StopServiceDeployment", stop("web"));
    const code = "ServiceDeploymentNotFoundException";
    world.refused(code, "Service deployment not found.", "StopServiceDeployment", stop(`${arn}x`));
  });
});

test("every state ends in a state that is over, and those that are over stay", () => {
  const world = aWorld();
  for (const status of serviceDeploymentStatuses) {
    const before = { ...current(world), status };
    const ended = endedAt(before, 5, "because", { failureCount: 3, failureThreshold: 4 });
    assert.equal(isUnderWay(ended), false);
    assert.equal(ended === before, !isUnderWay(before));
    assert.equal(isUnderWay(before), stopAnswers[status] !== "conflict");
    if (ended !== before)
      assert.deepEqual([ended.finishedAt, ended.statusReason, ended.failureCount], [5, "because", 3]);
  }
});
