import type { ECS } from "@aws-sdk/client-ecs";
import { readEventLog } from "./event-log.ts";
import { startTourServer, type TourServer } from "./tour-server.ts";
import { expectEqual, expectThat, type Steps, until } from "./tour-steps.ts";
import { arnsOf, cluster, define, describeInstance, untilStatus } from "./tour-tasks.ts";

/** Kills the server twice and looks for what it had acknowledged. */
export async function crashAndReturn(steps: Steps, server: TourServer, dataDir: string): Promise<void> {
  steps.heading("Losing the process");
  let current = server;
  const acknowledged: string[] = [];
  await steps.step("the server is killed (SIGKILL) with calls under way", async () => {
    const small = await define(current.ecs, "tour-small", "nginx", { cpu: 1, memory: 6 });
    const callers = Array.from({ length: 8 }, () => runUntilCut(current.ecs, small, acknowledged));
    await until(
      "some tasks",
      async () => acknowledged.length,
      (count) => count >= 40,
    );
    await current.kill();
    await Promise.all(callers);
    return `${acknowledged.length} tasks acknowledged until then`;
  });
  await steps.step("its event log has no gap and contains every acknowledged task", async () => {
    const { events, lastVersions } = readEventLog(dataDir);
    expectEqual(
      "missing",
      acknowledged.filter((arn) => !lastVersions.has(arn)),
      [],
    );
    return `${events} events`;
  });
  await steps.step(
    "restarted on the same directory, it has every acknowledged task, and all reach RUNNING",
    async () => {
      current = await startTourServer(dataDir);
      for (const arns of hundreds(acknowledged)) await untilStatus(current.ecs, arns, "RUNNING");
      return `${Math.round(current.startedInMs)} ms to start`;
    },
  );
  await steps.step("instances, attributes, tags and revisions are unchanged, and agents are back", async () => {
    await expectOldState(current.ecs);
    return undefined;
  });
  let versions = new Map<string, number>();
  await steps.step(
    "killed again while idle, the log's last version of each task and instance matches the API's",
    async () => {
      versions = await settledVersions(current.ecs);
      await current.kill();
      const { lastVersions } = readEventLog(dataDir);
      for (const [arn, version] of versions) expectEqual(`version of ${arn}`, lastVersions.get(arn), version);
      return `${versions.size} compared`;
    },
  );
  await steps.step("it comes back once more, and shuts down cleanly when asked to (SIGTERM)", async () => {
    current = await startTourServer(dataDir);
    const { taskArns = [] } = await current.ecs.listTasks({ cluster, maxResults: 1 });
    expectEqual("tasks listed", taskArns.length, 1);
    expectEqual("exit code", await current.stop(), 0);
    return undefined;
  });
}

/** Runs tasks one at a time until the connection breaks, and adds those that the server confirmed to `acknowledged`. */
async function runUntilCut(ecs: ECS, taskDefinition: string, acknowledged: string[]): Promise<void> {
  for (;;) {
    try {
      const { tasks } = await ecs.runTask({ cluster, taskDefinition });
      acknowledged.push(...arnsOf(tasks));
      if (tasks?.length === 0) return;
    } catch {
      return;
    }
  }
}

async function expectOldState(ecs: ECS): Promise<void> {
  const { containerInstanceArns = [] } = await ecs.listContainerInstances({ cluster });
  expectEqual("instances", containerInstanceArns.length, 1);
  const [arn = ""] = containerInstanceArns;
  const instance = await until(
    "the agent",
    () => describeInstance(ecs, arn),
    ({ agentConnected }) => agentConnected === true,
  );
  expectEqual("status", instance.status, "ACTIVE");
  expectEqual("tags", instance.tags, [{ key: "team", value: "tour" }]);
  expectEqual("attribute", instance.attributes?.find(({ name }) => name === "stack")?.value, "blue");
  const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: "tour-web" });
  expectEqual("revision", taskDefinition?.revision, 1);
  const { containerInstanceArns: others = [] } = await ecs.listContainerInstances({});
  expectEqual("instances of `default`", others.length, 3);
}

/** The versions of all tasks and instances of the cluster, once two consecutive reads are equal. */
async function settledVersions(ecs: ECS): Promise<Map<string, number>> {
  let before = "";
  const look = async (): Promise<Map<string, number>> => {
    const versions = new Map<string, number>();
    const { containerInstanceArns = [] } = await ecs.listContainerInstances({ cluster });
    for (const arn of containerInstanceArns) versions.set(arn, (await describeInstance(ecs, arn)).version ?? 0);
    const { taskArns = [] } = await ecs.listTasks({ cluster });
    const { tasks = [] } = await ecs.describeTasks({ cluster, tasks: taskArns });
    for (const task of tasks) versions.set(task.taskArn ?? "", task.version ?? 0);
    return versions;
  };
  const settled = await until("quiet", look, (versions) => {
    const seen = JSON.stringify([...versions]);
    const isSame = seen === before;
    before = seen;
    return isSame;
  });
  expectThat("tasks and instances", settled.size > 1, settled.size);
  return settled;
}

function* hundreds(arns: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < arns.length; start += 100) yield arns.slice(start, start + 100);
}
