/** Inputs and outcomes are plain data: a control plane whose submissions all go through JSON does the same as one without. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../ecs/refusals.ts";
import { ecsTimeline } from "../ecs/timeline.ts";
import { must } from "../lib/assert.ts";
import { aControlPlane, anInstance, aRevision, arnPrefix, caller, place, type World } from "./cranked-control-plane.ts";
import * as runnerErrors from "./runner-errors.ts";
import {
  type AccountSubmission,
  type ClusterSubmission,
  failedOutcomeOf,
  type Outcome,
  replyOf,
  type Submit,
} from "./submit.ts";
import { throughJson } from "./through-json.ts";

/** Every type of input; one that is added does not compile until it is here, and then has to go through JSON. */
const accountInputs: Record<AccountSubmission["type"], true> = {
  call: true,
  "cluster-closed": true,
  "cluster-names": true,
  "cluster-standing": true,
  "create-default-cluster": true,
  "effective-settings": true,
  forget: true,
  "put-away": true,
  "reserve-fargate": true,
  "resolve-cluster": true,
  "resolve-task-definition": true,
  "revisions-unused": true,
};
const clusterInputs: Record<ClusterSubmission["type"], true> = {
  "account-knows": true,
  "agent-report": true,
  "agent-standing": true,
  call: true,
  close: true,
  count: true,
  "fargate-answered": true,
  "fargate-freed": true,
  "fargate-reserved": true,
  "fargate-standing": true,
  forget: true,
  "instance-addresses": true,
  "put-away": true,
  "revisions-in-use": true,
};

const cluster = { ...place, cluster: "east" };

/** Something of everything, refusals too; gives what was answered. */
async function live(world: World): Promise<unknown[]> {
  const { controlPlane, clock } = world;
  const answers: unknown[] = [];
  const keep = async (asked: Promise<unknown>): Promise<void> => {
    const answer = asked.catch((error: unknown) => ({ name: must(error as Error, "an error").name, error }));
    await clock.settle();
    answers.push(await answer);
  };
  const call = (operation: Parameters<World["call"]>[0], request: object) =>
    keep(controlPlane.call({ operation, request, caller, ...place }));
  await keep(controlPlane.submit(place, { type: "create-default-cluster" }));
  await call("CreateCluster", { clusterName: "east", tags: [{ key: "k", value: "v" }] });
  await call("PutAccountSetting", { name: "containerInsights", value: "enabled" });
  const instance = await anInstance(world, "east");
  const taskDefinition = await aRevision(world);
  await call("RunTask", { cluster: "east", taskDefinition, count: 2, clientToken: "one" });
  await call("RunTask", { cluster: "east", taskDefinition, count: 3, clientToken: "one" });
  const containerDefinitions = [{ name: "web", image: "nginx" }];
  const size = { networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"], cpu: "256", memory: "512" };
  await call("RegisterTaskDefinition", { family: "small", containerDefinitions, ...size });
  const networkConfiguration = { awsvpcConfiguration: { subnets: ["subnet-1"] } };
  const onFargate = { taskDefinition: "small", launchType: "FARGATE", networkConfiguration };
  await call("CreateService", { cluster: "default", serviceName: "serverless", desiredCount: 1, ...onFargate });
  await call("CreateService", { cluster: "east", serviceName: "web", taskDefinition, desiredCount: 2 });
  await clock.advance(5_000);
  for (const operation of ["ListTasks", "ListServices", "DescribeClusters", "PlanDrain"] as const) {
    await call(operation, {
      cluster: "east",
      clusters: ["east", "none"],
      include: ["STATISTICS"],
      containerInstances: [instance],
    });
  }
  await call("DescribeServices", { cluster: "east", services: ["web", "none"] });
  await call("TagResource", { resourceArn: instance, tags: [{ key: "a", value: "b" }] });
  const { serviceDeployments } = await world.call("ListServiceDeployments", { cluster: "east", service: "web" });
  const serviceDeploymentArns = serviceDeployments.map(
    (each: { serviceDeploymentArn: string }) => each.serviceDeploymentArn,
  );
  await call("DescribeServiceDeployments", { serviceDeploymentArns });
  await call("DiscoverPollEndpoint", { cluster: "east", containerInstance: instance });
  const instanceId = instance.slice(-32);
  await keep(controlPlane.submit(cluster, { type: "agent-standing", instanceId, caller }));
  await keep(controlPlane.submit(cluster, { type: "instance-addresses" }));
  const reported = { type: "agent-disconnected", instanceId } as const;
  await keep(controlPlane.submit(cluster, { type: "agent-report", report: reported }));
  await keep(controlPlane.submit({ ...place, cluster: "none" }, { type: "agent-report", report: reported }));
  await keep(controlPlane.submit(cluster, { type: "fargate-freed" }));
  await call("DeregisterTaskDefinition", { taskDefinition });
  await call("RunTask", { cluster: "east", taskDefinition });
  await call("DeleteTaskDefinitions", { taskDefinitions: [taskDefinition] });
  await call("DeleteCluster", { cluster: "east" });
  await call("DeleteService", { cluster: "east", service: "web", force: true });
  await call("DeregisterContainerInstance", { cluster: "east", containerInstance: instance, force: true });
  world.fates.set("cluster/123456789012/eu-west-1/east", "fail");
  await call("TagResource", { resourceArn: `${arnPrefix}service/east/web`, tags: [{ key: "a", value: "b" }] });
  await clock.advance(10_000);
  await keep(controlPlane.submit(place, { type: "put-away" }));
  await call("DeleteCluster", { cluster: "east" });
  // The account forgets the cluster, and the partitions go.
  await clock.advance(ecsTimeline.inactiveClusterRetentionMs + 120_000);
  await call("DeleteService", { cluster: "default", service: "serverless", force: true });
  await clock.advance(1_000);
  const { taskArns } = await world.call("ListTasks", { cluster: "default", desiredStatus: "STOPPED" });
  for (const task of taskArns) {
    const containers = [{ containerName: "web", status: "STOPPED" }];
    await call("SubmitTaskStateChange", { cluster: "default", task, status: "STOPPED", reason: "", containers });
  }
  await clock.advance(ecsTimeline.networkInterfaceMs);
  await call("DeleteCluster", { cluster: "default" });
  await clock.advance(ecsTimeline.inactiveClusterRetentionMs + 120_000);
  return answers;
}

test("every submission can go through JSON, and the result is the same", async () => {
  const seen = new Set<string>();
  const life = 1_000_000;
  const near = await aControlPlane({ life, relay: (local) => local });
  const far = await aControlPlane({ life, relay: (local) => throughJson(local, seen) });
  const [nearAnswers, farAnswers] = [await live(near), await live(far)];
  assert.deepEqual(plain(farAnswers), plain(nearAnswers));
  assert.deepEqual(plain([...far.disk.partitions]), plain([...near.disk.partitions]));
  assert.deepEqual(plain(far.effects), plain(near.effects));
  const all = [
    ...Object.keys(accountInputs).map((type) => `account ${type}`),
    ...Object.keys(clusterInputs).map((type) => `cluster ${type}`),
  ];
  assert.deepEqual([...seen].toSorted(), all.toSorted());
});

/** The value through JSON, which makes undefined members absent. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) => {
      if (each instanceof Refusal) return [each.name, each.code, each.message, each.members];
      if (each instanceof Error) return [each.name, each.message];
      return each instanceof Map ? [...each] : each;
    }),
  );

test("a refusal and each error of a runner are themselves again after JSON", async () => {
  const cause = new Error("disk full");
  const errors = [
    new Refusal("ConflictException", "Twice.", { resourceIds: ["a"] }),
    new runnerErrors.OverloadError("full"),
    new runnerErrors.NotDurableError("The store did not confirm this call", { cause }),
    new runnerErrors.FencedOutError("elsewhere", { cause }),
    new runnerErrors.StepFailedError("bug"),
    new runnerErrors.MachineHaltedError("halted", "What is stored here is newer."),
    new runnerErrors.MachineClosedError("closed"),
  ];
  const exported = Object.values(runnerErrors).map((type) => type.name);
  assert.deepEqual(
    errors
      .slice(1)
      .map(({ name }) => name)
      .toSorted(),
    exported.toSorted(),
  );
  for (const error of errors) {
    const rejecting = (() => Promise.resolve(failedOutcomeOf(error))) as Submit;
    const outcome: Outcome = await throughJson(rejecting)(place, { type: "resolve-cluster", reference: undefined });
    assert.throws(
      () => replyOf(outcome),
      (again: Error) => {
        assert.equal(again.constructor, error.constructor);
        assert.deepEqual(
          plain([again, again.cause, forCallers(again)]),
          plain([error, error.cause, forCallers(error)]),
        );
        return true;
      },
    );
  }
  assert.throws(() => failedOutcomeOf(new TypeError("a bug")), TypeError);
});

const forCallers = (error: Error): unknown => ("forCallers" in error ? error.forCallers : undefined);
