/** `berth logs` as a user sees it, with `berth dev` and a service whose containers log to CloudWatch Logs. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { ECS, waitUntilServicesStable } from "@aws-sdk/client-ecs";
import { berthMain, startBerth } from "../../../tests/berth-process.ts";
import { must } from "../../lib/assert.ts";

test("the lines of a service's tasks, merged, filtered by time and container, and followed", async (context) => {
  const { listening, end } = await startBerth("dev", ["--in-memory", "--instances", "1", "--time-scale", "20"]);
  context.after(() => end("SIGTERM"));
  const { url: endpoint, region } = listening;
  const settings = { endpoint, region, credentials: { accessKeyId: "berth", secretAccessKey: "berth" } };
  const [ecs, logs] = [new ECS(settings), new CloudWatchLogs(settings)];
  context.after(() => {
    ecs.destroy();
    logs.destroy();
  });
  const run = (...argv: readonly string[]) => {
    const words = [berthMain, "logs", ...argv, "--endpoint", endpoint, "--region", region];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    let heard = (): void => {};
    child.stdout.on("data", (chunk) => {
      output += chunk;
      heard();
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    const ended = new Promise<{ code: number | null; output: string; errors: string }>((resolve) =>
      child.once("close", (code) => resolve({ code, output, errors })),
    );
    const shows = (text: string) =>
      new Promise<void>((resolve) => {
        heard = () => (output.includes(text) ? resolve() : undefined);
        heard();
      });
    return { child, ended, shows };
  };

  await logs.createLogGroup({ logGroupName: "/ecs/web" });
  const options = { "awslogs-group": "/ecs/web", "awslogs-region": region, "awslogs-stream-prefix": "web" };
  const logConfiguration = { logDriver: "awslogs", options } as const;
  await ecs.registerTaskDefinition({
    family: "web",
    containerDefinitions: [
      { name: "app", image: "web", memory: 64, logConfiguration },
      { name: "db", image: "db", memory: 64 },
    ],
  });
  await ecs.createService({ serviceName: "front", taskDefinition: "web", desiredCount: 1 });
  await waitUntilServicesStable({ client: ecs, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { services: ["front"] });
  const { taskArns = [] } = await ecs.listTasks({ serviceName: "front" });
  const id = must(taskArns[0], "a task").slice(-32);
  const logStreamName = `web/app/${id}`;
  // The task's agent may have made it already.
  await logs.createLogStream({ logGroupName: "/ecs/web", logStreamName }).catch((error: Error) => {
    if (error.name !== "ResourceAlreadyExistsException") throw error;
  });
  const put = (message: string, ago: number) =>
    logs.putLogEvents({
      logGroupName: "/ecs/web",
      logStreamName,
      logEvents: [{ timestamp: Date.now() - ago, message }],
    });
  await put("an old line", 3_600_000);
  await put("a new line", 0);

  const all = await run("front", "--since", "30m", "--container", "app").ended;
  assert.equal(all.code, 0, all.errors);
  assert.match(all.output, /^a new line$/m);
  assert.doesNotMatch(all.output, /an old line/);
  const json = await run(id, "--json").ended;
  assert.match(json.errors, /^berth: db has no log driver in the task definition, so its output/);
  const lines = json.output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { taskId: string; message: string });
  assert.deepEqual(
    lines.map(({ message }) => message).filter((text) => text.endsWith(" line")),
    ["an old line", "a new line"],
  );
  assert.ok(lines.every(({ taskId }) => taskId === id));
  const other = await run("web", "--container", "db").ended;
  assert.deepEqual([other.code, other.output], [1, ""]);
  const none = await run("nothing").ended;
  assert.equal(none.code, 2);
  assert.match(none.errors, /^berth: The cluster default has no task nothing, and no tasks of a service/);

  const followed = run("front", "--follow", "--since", "10m", "--container", "app");
  // What the simulated container itself wrote came from its agent.
  await followed.shows(`${id.slice(0, 8)}/app | [berth] app starts (simulated)`);
  await followed.shows(`${id.slice(0, 8)}/app | a new line`);
  await put("what comes", 0);
  await followed.shows(`${id.slice(0, 8)}/app | what comes`);
  followed.child.kill("SIGINT");
  assert.equal((await followed.ended).code, 130);
});
