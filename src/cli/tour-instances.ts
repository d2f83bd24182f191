import type { ECS } from "@aws-sdk/client-ecs";
import { must } from "../lib/assert.ts";
import { expectEqual, expectRefused, expectThat, type Steps, until } from "./tour-steps.ts";
import { arnsOf, define, describeInstance, type TourWorld, untilStatus } from "./tour-tasks.ts";

export async function updateAndHealth(steps: Steps, ecs: ECS, { cluster, second }: TourWorld): Promise<void> {
  steps.heading("Agent and health");
  await steps.step("UpdateContainerAgent goes through its stages to UPDATED, with a newer version", async () => {
    const before = (await describeInstance(ecs, second)).versionInfo?.agentVersion;
    const { containerInstance } = await ecs.updateContainerAgent({ cluster, containerInstance: second });
    expectEqual("first stage", containerInstance?.agentUpdateStatus, "PENDING");
    const updated = await until(
      "the update",
      () => describeInstance(ecs, second),
      ({ agentUpdateStatus, agentConnected }) => agentUpdateStatus === "UPDATED" && agentConnected === true,
    );
    const after = updated.versionInfo?.agentVersion;
    expectThat("another version", after !== undefined && after !== before, { before, after });
    return `${before} to ${after}`;
  });
  await steps.step("a second update finds nothing newer", async () => {
    await expectRefused(ecs.updateContainerAgent({ cluster, containerInstance: second }), "NoUpdateAvailableException");
    return undefined;
  });
  const untilHealth = (status: string) =>
    until(
      `health ${status}`,
      () => describeInstance(ecs, second),
      ({ healthStatus }) => healthStatus?.overallStatus === status,
    );
  await steps.step(
    "an instance whose container runtime fails turns IMPAIRED, and OK again when it recovers",
    async () => {
      const impairing = await define(ecs, "tour-impair", "berth/impair-runtime", { cpu: 64, memory: 64 });
      await untilHealth("OK");
      const { tasks } = await ecs.startTask({ cluster, taskDefinition: impairing, containerInstances: [second] });
      const [task = ""] = arnsOf(tasks);
      const { healthStatus } = await untilHealth("IMPAIRED");
      const impaired = healthStatus?.details?.filter(({ status }) => status === "IMPAIRED").map(({ type }) => type);
      expectEqual("impaired checks", impaired, ["CONTAINER_RUNTIME"]);
      await ecs.stopTask({ cluster, task });
      await untilHealth("OK");
      return undefined;
    },
  );
}

export async function drainStopAndDeregister(steps: Steps, ecs: ECS, world: TourWorld): Promise<void> {
  const { cluster, first, second, web, lasting } = world;
  let beside: string[] = [];
  steps.heading("Draining, stopping, deregistering");
  await steps.step("a DRAINING instance gets no new task, and its standalone task stays", async () => {
    await ecs.updateContainerInstancesState({ cluster, containerInstances: [first], status: "DRAINING" });
    const { tasks } = await ecs.runTask({ cluster, taskDefinition: web, count: 4 });
    beside = arnsOf(tasks);
    const running = await untilStatus(ecs, beside, "RUNNING");
    expectEqual("instances", new Set(running.map((task) => task.containerInstanceArn)), new Set([second]));
    expectEqual("tasks placed", running.length, 4);
    await untilStatus(ecs, [lasting], "RUNNING");
    await ecs.updateContainerInstancesState({ cluster, containerInstances: [first], status: "ACTIVE" });
    return undefined;
  });
  await steps.step("StopTask ends in STOPPED with UserInitiated, the reason and an exit code", async () => {
    const [task = ""] = beside;
    await ecs.stopTask({ cluster, task, reason: "the tour goes on" });
    const [stopped] = await untilStatus(ecs, [task], "STOPPED");
    expectEqual("stopCode", stopped?.stopCode, "UserInitiated");
    expectEqual("stoppedReason", stopped?.stoppedReason, "the tour goes on");
    const exitCode = stopped?.containers?.[0]?.exitCode;
    expectThat("exit code", typeof exitCode === "number", exitCode);
    return `exit code ${exitCode}`;
  });
  await steps.step(
    "a task whose container exits with 3 stops with EssentialContainerExited and that code",
    async () => {
      const exiting = await define(ecs, "tour-exit", "berth/exit:3", { cpu: 64, memory: 64 });
      const { tasks } = await ecs.runTask({ cluster, taskDefinition: exiting });
      const [stopped] = await untilStatus(ecs, arnsOf(tasks), "STOPPED");
      expectEqual("stopCode", stopped?.stopCode, "EssentialContainerExited");
      expectEqual("exit code", stopped?.containers?.[0]?.exitCode, 3);
      return undefined;
    },
  );
  await steps.step("an instance with running tasks is not deregistered", async () => {
    const call = ecs.deregisterContainerInstance({ cluster, containerInstance: second });
    await expectRefused(call, "InvalidParameterException", "Found running tasks on the instance.");
    return undefined;
  });
  await steps.step("with force it is: INACTIVE, described but no longer listed, its tasks off the books", async () => {
    const { containerInstance } = await ecs.deregisterContainerInstance({
      cluster,
      containerInstance: second,
      force: true,
    });
    expectEqual("status", containerInstance?.status, "INACTIVE");
    const described = await describeInstance(ecs, second);
    expectEqual("described", [described.status, described.agentConnected], ["INACTIVE", false]);
    const { containerInstanceArns } = await ecs.listContainerInstances({ cluster });
    expectEqual("listed", containerInstanceArns, [first]);
    const { taskArns } = await ecs.listTasks({ cluster });
    expectEqual("tasks", taskArns, [must(lasting, "the lasting task")]);
    return undefined;
  });
}
