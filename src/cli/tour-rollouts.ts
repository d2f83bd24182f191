import type { ECS } from "@aws-sdk/client-ecs";
import { must } from "../lib/assert.ts";
import {
  countEvents,
  describeService,
  describeServiceDeployment,
  desiredCount,
  serviceName,
  showEvents,
  tasksOf,
  untilRolledOut,
  untilStable,
} from "./tour-service.ts";
import { expectEqual, expectThat, type Steps, until } from "./tour-steps.ts";
import { define } from "./tour-tasks.ts";

/** Creates a service, rolls out a new revision, and survives a revision that does not start. */
export async function createAndRollOut(steps: Steps, ecs: ECS): Promise<void> {
  const first = await define(ecs, "tour-service", "nginx:1.27", { cpu: 128, memory: 256 });
  let kept: string[] = [];
  await steps.step(
    `CreateService starts ${desiredCount} tasks, and AWS's waiter finds the service stable`,
    async () => {
      await ecs.createService({
        serviceName,
        taskDefinition: first,
        desiredCount,
        deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
      });
      await untilStable(ecs);
      await untilRolledOut(ecs, first);
      return `in ${(await zonesOf(ecs)).join(", ")}`;
    },
  );
  await steps.step("the service's events say what it did, oldest first", async () => {
    await showEvents(steps, ecs, 0, /has reached a steady state\.$/);
    return undefined;
  });

  steps.heading("A rolling deployment");
  await steps.step(
    "UpdateService to another revision: its tasks start next to the old ones, which stop once the new ones are healthy",
    async () => {
      const known = await countEvents(ecs);
      const second = await define(ecs, "tour-service", "nginx:1.28", { cpu: 128, memory: 256 });
      await ecs.updateService({ service: serviceName, taskDefinition: second });
      const fewest = await untilRolledOut(ecs, second);
      kept = await tasksOf(ecs);
      expectEqual("tasks", kept.length, desiredCount);
      await showEvents(steps, ecs, known, /has reached a steady state\.$/);
      return `never fewer than ${fewest} RUNNING`;
    },
  );

  steps.heading("A deployment that fails");
  let failing = "";
  await steps.step(
    "UpdateService to a revision whose image cannot be pulled: the circuit breaker fails it and rolls back",
    async () => {
      const known = await countEvents(ecs);
      const before = (await describeService(ecs)).taskDefinition;
      const bad = await define(ecs, "tour-service", "berth/cannot-pull", { cpu: 128, memory: 256 });
      const { service } = await ecs.updateService({ service: serviceName, taskDefinition: bad });
      failing = must(service?.currentServiceDeployment, "the service deployment");
      const { deploymentCircuitBreaker } = await until(
        "the rollback",
        () => describeServiceDeployment(ecs, failing),
        ({ status }) => status === "ROLLBACK_SUCCESSFUL",
      );
      expectEqual("circuit breaker", deploymentCircuitBreaker?.status, "TRIGGERED");
      expectEqual("the task definition again", (await describeService(ecs)).taskDefinition, before);
      await showEvents(steps, ecs, known, /has reached a steady state\.$/);
      return `${deploymentCircuitBreaker?.failureCount} failures, threshold ${deploymentCircuitBreaker?.threshold}`;
    },
  );
  await steps.step("the tasks that were running before never stopped", async () => {
    expectEqual("tasks", await tasksOf(ecs), kept);
    return undefined;
  });
  await steps.step(
    "DescribeServiceDeployments says how it ended, and a stopped task why it did not start",
    async () => {
      const { status, statusReason } = await describeServiceDeployment(ecs, failing);
      const { taskArns: tasks = [] } = await ecs.listTasks({ serviceName, desiredStatus: "STOPPED" });
      const stopped = (await ecs.describeTasks({ tasks })).tasks?.find((task) => task.stopCode === "TaskFailedToStart");
      expectThat("a task that did not start", stopped !== undefined, tasks);
      const reasons = (stopped?.containers ?? []).map(({ reason }) => reason);
      steps.show([`${status}: ${statusReason}`, `${stopped?.stopCode}: ${reasons.join(" ")}`]);
      return undefined;
    },
  );
}

async function zonesOf(ecs: ECS): Promise<string[]> {
  const { tasks = [] } = await ecs.describeTasks({ tasks: await tasksOf(ecs) });
  const zones = new Set(tasks.map(({ availabilityZone = "" }) => availabilityZone));
  expectEqual("distinct zones", zones.size, 3);
  return [...zones].sort();
}
