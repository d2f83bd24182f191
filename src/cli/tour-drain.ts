import type { ContainerInstance, ECS } from "@aws-sdk/client-ecs";
import { must } from "../lib/assert.ts";
import { runBerth, showRun } from "./tour-commands.ts";
import type { TourServer } from "./tour-server.ts";
import { countEvents, describeService, serviceName, showEvents, untilStable } from "./tour-service.ts";
import { expectEqual, expectThat, type Steps } from "./tour-steps.ts";

/** Empties a container instance with tasks of a service and a standalone task: planned, watched, finished, and cancelled. */
export async function drainAndReturn(steps: Steps, server: TourServer): Promise<void> {
  const { ecs } = server;
  let instance = "";
  let name = "";
  let standalone = "";
  steps.heading("A drain");
  await steps.step("a standalone task runs on a container instance next to tasks of the service", async () => {
    instance = await onlyOneOfItsZone(ecs);
    name = must((await describe(ecs, instance)).ec2InstanceId, "the name of the container instance");
    const { tasks: started = [] } = await ecs.startTask({
      taskDefinition: "tour-service:1",
      containerInstances: [instance],
    });
    standalone = must(started[0]?.taskArn, "a standalone task");
    return name;
  });
  await steps.step("planned: what would move where, and what would block it; nothing changes", async () => {
    const argv = ["drain", name, "--plan"];
    const run = await runBerth(server, argv);
    showRun(steps, argv, run, 1);
    expectThat("the blocker", run.output.includes("STANDALONE"), run.output);
    expectEqual("status", (await describe(ecs, instance)).status, "ACTIVE");
    return undefined;
  });
  await steps.step("watched: the service's tasks move, the standalone one is named until it is stopped", async () => {
    const known = await countEvents(ecs);
    const argv = ["drain", name, "--watch", "--timeout", "20s"];
    let stopping: Promise<unknown> | null = null;
    const run = await runBerth(server, argv, (output) => {
      if (stopping === null && /blocked: .*STANDALONE/.test(output)) {
        stopping = ecs.stopTask({ task: standalone, reason: "a drain waits for it" });
      }
    });
    await stopping;
    showRun(steps, argv, run, 0);
    expectThat("the blocker", run.output.includes("STANDALONE"), run.output);
    await showEvents(steps, ecs, known, /has reached a steady state\.$/);
    return undefined;
  });
  await steps.step("finished: nothing runs there, and the service has all its tasks elsewhere", async () => {
    await untilStable(ecs);
    const { taskArns } = await ecs.listTasks({ containerInstance: instance });
    expectEqual("tasks on the drained container instance", taskArns, []);
    const { runningCount, desiredCount } = await describeService(ecs);
    expectEqual("tasks RUNNING", runningCount, desiredCount);
    expectEqual("status", (await describe(ecs, instance)).status, "DRAINING");
    return `${runningCount} of ${serviceName}`;
  });
  await steps.step(
    "and cancelled: its zone now has fewer tasks than the others, so the service moves some there",
    async () => {
      const known = await countEvents(ecs);
      const argv = ["drain", name, "--cancel"];
      showRun(steps, argv, await runBerth(server, argv), 0);
      expectEqual("status", (await describe(ecs, instance)).status, "ACTIVE");
      await showEvents(steps, ecs, known, /is AZ balanced with 2 tasks in \S+, 2 in \S+, and 2 in \S+\.$/);
      return undefined;
    },
  );
}

/** The container instance with tasks of the service that is alone in its zone. */
async function onlyOneOfItsZone(ecs: ECS): Promise<string> {
  const { containerInstanceArns = [] } = await ecs.listContainerInstances({});
  const { containerInstances = [] } = await ecs.describeContainerInstances({
    containerInstances: containerInstanceArns,
  });
  const zones = [...Map.groupBy(containerInstances, (each) => zoneOf(each)).values()];
  const [alone] = must(
    zones.find(({ length }) => length === 1),
    "a zone with one container instance",
  );
  return must(alone?.containerInstanceArn, "its ARN");
}

const zoneOf = ({ attributes = [] }: ContainerInstance): string | undefined =>
  attributes.find(({ name }) => name === "ecs.availability-zone")?.value;

async function describe(ecs: ECS, arn: string): Promise<ContainerInstance> {
  const { containerInstances } = await ecs.describeContainerInstances({ containerInstances: [arn] });
  return must(containerInstances?.[0], "the container instance");
}
