import { must } from "../lib/assert.ts";
import { runBerth, showRun } from "./tour-commands.ts";
import type { TourServer } from "./tour-server.ts";
import { countEvents, describeService, showEvents, untilInactive, untilStable } from "./tour-service.ts";
import { expectEqual, expectThat, type Steps, until } from "./tour-steps.ts";
import { define } from "./tour-tasks.ts";

const serviceName = "large";

/** A service with one task more than there is room for: its events, the output of `berth explain`, and what resolves it. */
export async function explainPlacement(steps: Steps, server: TourServer): Promise<void> {
  const { ecs } = server;
  steps.heading("A placement that fails, and why");
  await steps.step("a service of four tasks of 10 GiB: three container instances have room for one each", async () => {
    const taskDefinition = await define(ecs, "tour-large", "nginx", { cpu: 128, memory: 10_240 });
    await ecs.createService({ serviceName, taskDefinition, desiredCount: 4 });
    await showEvents(steps, ecs, 0, /was unable to place a task .* insufficient memory available/, serviceName);
    await until(
      "three tasks RUNNING",
      () => describeService(ecs, serviceName),
      ({ runningCount }) => runningCount === 3,
    );
    return undefined;
  });
  await steps.step("`berth explain` says what each container instance lacks, and how much", async () => {
    const argv = ["explain", "--service", serviceName];
    const run = await runBerth(server, argv);
    showRun(steps, argv, run, 1);
    expectThat("the shortage", run.output.includes("RESOURCE:MEMORY"), run.output);
    return undefined;
  });
  await steps.step("a container instance joins, and the service finds it by itself", async () => {
    const known = await countEvents(ecs, serviceName);
    const { containerInstance } = await ecs.registerContainerInstance({
      totalResources: [
        { name: "CPU", type: "INTEGER", integerValue: 4_096 },
        { name: "MEMORY", type: "INTEGER", integerValue: 16_384 },
      ],
      attributes: [{ name: "ecs.availability-zone", value: "us-east-1a" }],
    });
    const arn = must(containerInstance?.containerInstanceArn, "the ARN of the container instance");
    await untilStable(ecs, serviceName);
    const { taskArns = [] } = await ecs.listTasks({ serviceName, containerInstance: arn });
    expectEqual("tasks on the new container instance", taskArns.length, 1);
    await showEvents(steps, ecs, known, /has reached a steady state\.$/, serviceName);
    return undefined;
  });
  await steps.step("DeleteService stops its tasks and leaves it INACTIVE", async () => {
    const { service } = await ecs.deleteService({ service: serviceName, force: true });
    expectEqual("status", service?.status, "DRAINING");
    await untilInactive(ecs, serviceName);
    return undefined;
  });
}
