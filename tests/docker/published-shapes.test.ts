/* Task definitions as people publish them, unchanged: each runs on Docker, with its images mapped to a local one, and simulated. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ECS, RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";
import { SmallAws } from "../../src/agent/task-services/small-aws.ts";
import { must } from "../../src/lib/assert.ts";
import { startSmallServer } from "../../src/server/small-server.ts";
import { untilFound } from "../until.ts";
import { whyNoDocker } from "./docker-host.ts";
import { publishedShapes, registrySecretArn, secretArn } from "./published-shapes.ts";
import { ecsAt, sayings, TaskWorld } from "./task-world.ts";

const skip = await whyNoDocker();

/** What the definitions need from AWS. */
async function surroundings(context: TestContext, image: string) {
  const aws = await SmallAws.open();
  const folder = mkdtempSync(join(tmpdir(), "berth-shapes-"));
  mkdirSync(join(folder, "buckets/config"), { recursive: true });
  mkdirSync(join(folder, "efs"));
  writeFileSync(join(folder, "buckets/config/app.env"), "A=1\n");
  context.after(async () => {
    await aws.close();
    rmSync(folder, { recursive: true });
  });
  aws.groups.set("/ecs/app", new Map());
  aws.secrets.set(secretArn, '{"url":"postgres://x"}');
  aws.secrets.set(registrySecretArn, '{"username":"u","password":"p"}');
  aws.parameters.set("/app/prod/API_KEY", "k");
  const services = {
    endpoints: aws.endpoints(),
    bucketDir: join(folder, "buckets"),
    efsDir: join(folder, "efs"),
    assumeWith: null,
    imageRules: [{ pattern: "*", image }],
  };
  return { aws, services };
}

async function start(
  ecs: ECS,
  family: string,
  definition: Omit<RegisterTaskDefinitionCommandInput, "family">,
): Promise<string> {
  await ecs.registerTaskDefinition({ family, ...definition });
  const isFargate = definition.requiresCompatibilities?.includes("FARGATE") === true;
  const { tasks, failures } = await ecs.runTask({
    taskDefinition: family,
    ...(isFargate ? { launchType: "FARGATE" } : {}),
    ...(definition.networkMode === "awsvpc"
      ? {
          networkConfiguration: {
            awsvpcConfiguration: { subnets: ["subnet-1"], ...(isFargate ? { assignPublicIp: "ENABLED" } : {}) },
          },
        }
      : {}),
  });
  return must(tasks?.[0]?.taskArn, `a place for the task, but ${JSON.stringify(failures)}`);
}

async function running(ecs: ECS, task: string): Promise<void> {
  await untilFound(
    `${task} RUNNING`,
    async () => {
      const found = must((await ecs.describeTasks({ tasks: [task] })).tasks?.[0], "the task");
      if (found.lastStatus === "STOPPED") throw new Error(`it is over: ${sayings(found)}`);
      return found.lastStatus === "RUNNING";
    },
    120_000,
  );
}

test("thirty published shapes run on Docker", { skip }, async (context) => {
  const { aws, services } = await surroundings(context, "berth-test/shapes:1");
  const world = await TaskWorld.open("docker", {}, services);
  context.after(() => world.close());
  await world.host.docker.tagImage(world.host.image, "berth-test/shapes", "1");
  context.after(() => world.host.docker.removeImage("berth-test/shapes:1").catch(() => {}));
  assert.equal(Object.keys(publishedShapes).length, 30);
  for (const [index, [what, definition]] of Object.entries(publishedShapes).entries()) {
    await context.test(what, async () => {
      const arn = await start(world.ecs, `${world.host.tag}-shape-${index}`, definition);
      await running(world.ecs, arn);
      const logged = definition.containerDefinitions?.filter(
        ({ logConfiguration }) => logConfiguration?.logDriver === "awslogs",
      );
      for (const { name, logConfiguration } of logged ?? []) {
        const group = logConfiguration?.options?.["awslogs-group"] ?? "";
        const stream = `ecs/${name}/${arn.split("/").at(-1)}`;
        await untilFound(`lines in ${stream}`, () => aws.messages(group, stream).length > 0);
      }
      await world.ecs.stopTask({ cluster: "default", task: arn });
    });
  }
});

test("thirty published shapes run simulated", async (context) => {
  const { services } = await surroundings(context, "none");
  const server = await startSmallServer({ managedRuntime: "simulated", services });
  const ecs = ecsAt(server.url);
  context.after(async () => {
    ecs.destroy();
    await server.close();
  });
  for (const [index, [what, definition]] of Object.entries(publishedShapes).entries()) {
    await context.test(what, async () => {
      const arn = await start(ecs, `shape-${index}`, definition);
      await running(ecs, arn);
      await ecs.stopTask({ cluster: "default", task: arn });
    });
  }
});
