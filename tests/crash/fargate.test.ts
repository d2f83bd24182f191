/** Tasks on Fargate when the server is killed: their host comes back with it, though nobody registers it again. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ECS, waitUntilTasksRunning, waitUntilTasksStopped } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import { type BerthProcess, startBerth } from "../berth-process.ts";
import { KeptState } from "./kept-state.ts";

const dataDir = mkdtempSync(join(tmpdir(), "berth-crash-fargate-"));
let berth: BerthProcess | null = null;
after(async () => {
  await berth?.end("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<ECS> {
  berth = await startBerth("dev", ["--data-dir", dataDir, "--instances", "0", "--fargate", "simulated"]);
  const credentials = { accessKeyId: "any", secretAccessKey: "any" };
  return new ECS({ endpoint: berth.listening.url, region: "us-east-1", credentials });
}

const kill = async (ecs: ECS): Promise<void> => {
  ecs.destroy();
  await berth?.end("SIGKILL");
  new KeptState(dataDir).expectWhole();
};

test("after SIGKILL a running task keeps running, one that was starting runs, and both stop", async () => {
  let ecs = await start();
  await ecs.registerTaskDefinition({
    family: "web",
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    containerDefinitions: [{ name: "main", image: "nginx" }],
  });
  const run = async (): Promise<string> => {
    const { tasks } = await ecs.runTask({
      taskDefinition: "web",
      launchType: "FARGATE",
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
    });
    return must(tasks?.[0]?.taskArn, "the ARN of the task");
  };
  const running = await run();
  await waitUntilTasksRunning({ client: ecs, maxWaitTime: 20, minDelay: 1 }, { tasks: [running] });
  const before = (await ecs.describeTasks({ tasks: [running] })).tasks?.[0];
  const starting = await run();
  await kill(ecs);

  ecs = await start();
  await waitUntilTasksRunning({ client: ecs, maxWaitTime: 20, minDelay: 1 }, { tasks: [running, starting] });
  const [same] = (await ecs.describeTasks({ tasks: [running] })).tasks ?? [];
  assert.deepEqual([same?.startedAt, same?.version], [before?.startedAt, before?.version], "it has not been touched");
  assert.deepEqual((await ecs.listContainerInstances({})).containerInstanceArns, []);
  await ecs.stopTask({ task: running });
  await kill(ecs);

  ecs = await start();
  await ecs.stopTask({ task: starting });
  await waitUntilTasksStopped({ client: ecs, maxWaitTime: 20, minDelay: 1 }, { tasks: [running, starting] });
  await ecs.deleteCluster({ cluster: "default" });
  await kill(ecs);
});
