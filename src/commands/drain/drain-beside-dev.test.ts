/** `berth drain` as a user sees it, with `berth dev` and a service: planned, watched to the end, cancelled. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { ECS, waitUntilServicesStable } from "@aws-sdk/client-ecs";
import { berthMain, startBerth } from "../../../tests/berth-process.ts";

test("a drain is planned, moves a service, and names a task that stays", async (context) => {
  const { listening, end } = await startBerth("dev", ["--in-memory", "--instances", "2", "--time-scale", "20"]);
  context.after(() => end("SIGTERM"));
  const { url: endpoint, region, instances } = listening;
  const [instance = "", other = ""] = instances.map((arn) => arn.slice(arn.lastIndexOf("/") + 1));
  const ecs = new ECS({ endpoint, region, credentials: { accessKeyId: "berth", secretAccessKey: "berth" } });
  context.after(() => ecs.destroy());
  const drain = (...argv: readonly string[]): Promise<{ code: number | null; output: string; errors: string }> =>
    new Promise((resolve) => {
      const words = [berthMain, "drain", ...argv, "--endpoint", endpoint, "--region", region];
      const child = execFile(process.execPath, words, (_, output, errors) =>
        resolve({ code: child.exitCode, output, errors }),
      );
    });
  const containerDefinitions = [{ name: "app", image: "web", memory: 64 }];
  await ecs.registerTaskDefinition({ family: "web", containerDefinitions });
  await ecs.createService({ serviceName: "web", taskDefinition: "web", desiredCount: 4 });
  await waitUntilServicesStable({ client: ecs, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { services: ["web"] });

  const plan = await drain(instance.slice(0, 8), "--plan");
  assert.deepEqual([plan.code, plan.errors], [0, ""], plan.output);
  assert.match(plan.output, /moves {2}web {2}\d tasks {2}to i-\w+( \(\d\))? +replacement first\n/);
  const none = await drain("--plan");
  assert.deepEqual([none.code, none.output], [2, ""]);
  assert.match(none.errors, /^berth: Which container instance\?.*\n( {2}i-\w+ +ACTIVE {2}\d tasks?\n){2}$/);
  // No host is left for anything: the plan says so for each task.
  const whole = await drain("--all", "--plan");
  assert.deepEqual([whole.code, whole.errors], [1, ""]);
  assert.match(
    whole.output,
    /i-\w+\n( {2}blocked .*\n)+\ni-\w+\n( {2}blocked .*\n)+\nThe drain would not finish by itself: 4 tasks/,
  );
  const idle = await drain(instance, "--cancel");
  assert.equal(idle.code, 0);
  assert.match(idle.output, /^i-\w+ was not draining: it is ACTIVE as before\.\n$/);
  const watched = await drain(instance, "--watch", "--timeout", "1m");
  assert.deepEqual([watched.code, watched.errors], [0, ""], watched.output);
  assert.match(watched.output, /: empty \(moved web \d tasks?\)\nThe drain is finished\.\n$/);
  const { taskArns = [] } = await ecs.listTasks({ containerInstance: instance });
  assert.deepEqual(taskArns, []);
  const cancelled = await drain(instance, "--cancel");
  assert.equal(cancelled.code, 0);
  assert.match(cancelled.output, /^i-\w+ is ACTIVE again\.\n$/);

  // A standalone task stays: the drain names it as a blocker until its deadline.
  const { tasks = [] } = await ecs.startTask({ taskDefinition: "web", containerInstances: [other] });
  const id = tasks[0]?.taskArn?.slice(-32) ?? "";
  const stays = await drain(other, "--plan", "--json");
  assert.equal(stays.code, 1);
  assert.equal((JSON.parse(stays.output) as { readonly finishes: boolean }).finishes, false);
  const blocked = await drain(other, "--watch", "--timeout", "5s");
  assert.equal(blocked.code, 1);
  // The tasks of the service may or may not have moved by then.
  assert.match(blocked.output, new RegExp(`blocked: .*task ${id} \\(STANDALONE\\)`));
  assert.match(blocked.output, /\nNot empty in time: i-\w+\. The drain goes on/);
  const enforced = await drain(other, "--watch", "--deadline", "1s", "--timeout", "1m", "--json");
  assert.equal(enforced.code, 0, enforced.output);
  assert.match(enforced.output, /\{"event":"end","why":"finished","unfinished":\[\]\}\n$/);
});
