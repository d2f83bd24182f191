import assert from "node:assert/strict";
import type { RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";
import { arnPrefix, define, expectRefused, runOne } from "../world.ts";
import { answers, type Cases, refuses, refusesBadPages } from "./given.ts";

const main = { name: "main", image: "nginx", memory: 64 };
const ecrImage = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1";
const fargate = { requiresCompatibilities: ["FARGATE"], networkMode: "awsvpc", cpu: "256", memory: "512" };

/** A registration that is refused with ClientException, as ECS refuses all of them. */
const refusesDefinition = (says: string, container: object | null, text: string | RegExp | null, more: object = {}) =>
  refuses(
    "RegisterTaskDefinition",
    says,
    () => ({
      family: "refused",
      containerDefinitions: container === null ? [] : [{ ...main, ...container }],
      ...more,
    }),
    "ClientException",
    text,
  );

export const taskDefinitionCases: Cases = {
  answers: [
    answers("RegisterTaskDefinition", "revisions count up; requirements are derived", async ({ ecs }) => {
      const request: RegisterTaskDefinitionCommandInput = {
        family: "web",
        taskRoleArn: "arn:aws:iam::123456789012:role/web",
        containerDefinitions: [
          {
            ...main,
            portMappings: [{ containerPort: 80 }],
            logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "g", "awslogs-region": "r" } },
          },
        ],
        tags: [{ key: "team", value: "a" }],
      };
      const { taskDefinition, tags } = await ecs.registerTaskDefinition(request);
      assert.equal(taskDefinition?.taskDefinitionArn, `${arnPrefix}task-definition/web:1`);
      assert.deepEqual([taskDefinition?.status, taskDefinition?.revision], ["ACTIVE", 1]);
      assert.deepEqual(tags, request.tags);
      assert.ok(taskDefinition?.compatibilities?.includes("EC2"));
      assert.ok(taskDefinition?.registeredAt instanceof Date);
      const needed = taskDefinition?.requiresAttributes?.map(({ name }) => name) ?? [];
      assert.ok(needed.includes("com.amazonaws.ecs.capability.logging-driver.awslogs"), String(needed));
      assert.ok(needed.includes("com.amazonaws.ecs.capability.task-iam-role"), String(needed));
      const second = await ecs.registerTaskDefinition(request);
      assert.equal(second.taskDefinition?.revision, 2);
    }),
    answers("RegisterTaskDefinition", "a definition for Fargate is checked and stored", async ({ ecs }) => {
      const { taskDefinition } = await ecs.registerTaskDefinition({
        family: "fargate",
        ...fargate,
        requiresCompatibilities: ["FARGATE"],
        networkMode: "awsvpc",
        containerDefinitions: [{ name: "main", image: "nginx" }],
      });
      assert.ok(taskDefinition?.compatibilities?.includes("FARGATE"));
    }),
    answers("DescribeTaskDefinition", "family, family:revision and ARN; tags if requested", async ({ ecs }) => {
      const arn = await define(ecs, "described");
      const second = await define(ecs, "described");
      const arnOf = async (taskDefinition: string) =>
        (await ecs.describeTaskDefinition({ taskDefinition })).taskDefinition?.taskDefinitionArn;
      assert.deepEqual([await arnOf("described"), await arnOf("described:1"), await arnOf(arn)], [second, arn, arn]);
      await ecs.deregisterTaskDefinition({ taskDefinition: "described:2" });
      assert.equal(await arnOf("described"), arn, "the latest ACTIVE one");
      const { taskDefinition, tags } = await ecs.describeTaskDefinition({
        taskDefinition: "described:2",
        include: ["TAGS"],
      });
      assert.deepEqual([taskDefinition?.status, tags], ["INACTIVE", []]);
    }),
    answers("DeregisterTaskDefinition", "INACTIVE: starts no task, and running ones stay", async (given) => {
      const { ecs, cluster } = given;
      const arn = await define(ecs, "deregistered");
      const task = await runOne(ecs, cluster, arn);
      const { taskDefinition } = await ecs.deregisterTaskDefinition({ taskDefinition: arn });
      assert.equal(taskDefinition?.status, "INACTIVE");
      assert.ok(taskDefinition?.deregisteredAt instanceof Date);
      const call = ecs.runTask({ cluster, taskDefinition: arn });
      await expectRefused(call, "InvalidParameterException", "TaskDefinition is inactive");
      const { tasks } = await ecs.describeTasks({ cluster, tasks: [task] });
      assert.equal(tasks?.[0]?.desiredStatus, "RUNNING");
      await ecs.stopTask({ cluster, task });
    }),
    answers("DeleteTaskDefinitions", "INACTIVE ones go; the others are failures", async ({ ecs }) => {
      await define(ecs, "deleted");
      await define(ecs, "deleted");
      await ecs.deregisterTaskDefinition({ taskDefinition: "deleted:1" });
      const { taskDefinitions, failures } = await ecs.deleteTaskDefinitions({
        taskDefinitions: ["deleted:1", "deleted:2", "deleted:9"],
      });
      assert.deepEqual(
        taskDefinitions?.map(({ revision, status }) => [revision, status]),
        [[1, "DELETE_IN_PROGRESS"]],
      );
      assert.deepEqual(
        failures?.map(({ arn }) => arn),
        [`${arnPrefix}task-definition/deleted:2`, `${arnPrefix}task-definition/deleted:9`],
      );
      assert.equal(await define(ecs, "deleted"), `${arnPrefix}task-definition/deleted:3`);
    }),
    answers("ListTaskDefinitions", "by family, status and order", async ({ ecs }) => {
      const arns = [await define(ecs, "listed"), await define(ecs, "listed"), await define(ecs, "listed-too")];
      const list = async (request: object) => (await ecs.listTaskDefinitions(request)).taskDefinitionArns;
      assert.deepEqual(await list({ familyPrefix: "listed" }), arns.slice(0, 2));
      assert.deepEqual(await list({ familyPrefix: "listed", sort: "DESC" }), [arns[1], arns[0]]);
      assert.deepEqual(await list({ familyPrefix: "listed", status: "INACTIVE" }), []);
      const all = await list({});
      assert.ok(arns.every((arn) => all?.includes(arn)));
    }),
    answers("ListTaskDefinitionFamilies", "by prefix and status", async ({ ecs, inactiveDefinition }) => {
      await define(ecs, "family-a");
      await define(ecs, "family-b");
      const list = async (request: object) => (await ecs.listTaskDefinitionFamilies(request)).families;
      assert.deepEqual(await list({ familyPrefix: "family-" }), ["family-a", "family-b"]);
      assert.ok(inactiveDefinition.includes("given-inactive"));
      assert.deepEqual(await list({ familyPrefix: "given-in", status: "ACTIVE" }), []);
      assert.deepEqual(await list({ familyPrefix: "given-in", status: "INACTIVE" }), ["given-inactive"]);
    }),
  ],
  refusals: [
    refusesDefinition("no container", null, null),
    refusesDefinition("no image", { image: undefined }, "Container.image should not be null or empty."),
    refusesDefinition("no name", { name: undefined }, "Container.name should not be null or empty."),
    refusesDefinition(
      "an image with leftovers of a shell command",
      { image: "web:$TAG" },
      "Container.image contains invalid characters.",
    ),
    refusesDefinition(
      "no memory",
      { memory: undefined },
      "Invalid setting for container 'main'. At least one of 'memory' or 'memoryReservation' must be specified.",
    ),
    refusesDefinition("no family", {}, null, { family: undefined }),
    refusesDefinition("a family with invalid characters", {}, null, { family: "a b" }),
    refusesDefinition("an empty list of tags", {}, "Tags can not be empty.", { tags: [] }),
    refusesDefinition("sizes that Fargate lacks", {}, /^No Fargate configuration exists for given values: /, {
      ...fargate,
      memory: "513",
    }),
    refusesDefinition("Fargate without CPU", {}, "Fargate requires that 'cpu' be defined at the task level.", {
      ...fargate,
      cpu: undefined,
    }),
    refusesDefinition("Fargate without memory", {}, "Fargate requires that 'memory' be defined at the task level.", {
      ...fargate,
      memory: undefined,
    }),
    refusesDefinition(
      "Fargate with an image of ECR and no role",
      { image: ecrImage },
      "Fargate requires task definition to have execution role ARN to support ECR images.",
      fargate,
    ),
    refusesDefinition(
      "Fargate with awslogs and no role",
      { logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "g", "awslogs-region": "r" } } },
      "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
      fargate,
    ),
    refusesDefinition("more than 64 KiB", { environment: [{ name: "a", value: "x".repeat(65_536) }] }, null),
    refusesDefinition("eleven containers", {}, null, {
      containerDefinitions: Array.from({ length: 11 }, (_, i) => ({ ...main, name: `c${i}` })),
    }),
    refuses(
      "RegisterTaskDefinition",
      "a tag of AWS's own",
      () => ({ family: "x", containerDefinitions: [main], tags: [{ key: "aws:x", value: "" }] }),
      "InvalidParameterException",
    ),
    refuses(
      "DescribeTaskDefinition",
      "an unknown family",
      () => ({ taskDefinition: "nobody" }),
      "ClientException",
      "Unable to describe task definition.",
    ),
    refuses(
      "DescribeTaskDefinition",
      "a family without ACTIVE revisions",
      () => ({ taskDefinition: "given-inactive" }),
      "ClientException",
      "Unable to describe task definition.",
    ),
    refuses(
      "DescribeTaskDefinition",
      "a revision that is not a number",
      () => ({ taskDefinition: "given:latest" }),
      "ClientException",
      "Invalid revision number. Number: latest",
    ),
    refuses("DeregisterTaskDefinition", "an unknown one", () => ({ taskDefinition: "nobody:1" }), "ClientException"),
    refuses(
      "DeregisterTaskDefinition",
      "no revision",
      () => ({ taskDefinition: "given" }),
      "ClientException",
      "Revision is missing.",
    ),
    refuses("DeleteTaskDefinitions", "none", () => ({ taskDefinitions: [] }), "InvalidParameterException"),
    refuses(
      "DeleteTaskDefinitions",
      "eleven",
      () => ({ taskDefinitions: Array(11).fill("given:1") }),
      "InvalidParameterException",
    ),
    ...refusesBadPages("ListTaskDefinitions", () => ({}), 100),
    refuses("ListTaskDefinitions", "an unknown status", () => ({ status: "OLD" }), "InvalidParameterException"),
    refuses("ListTaskDefinitions", "an unknown order", () => ({ sort: "UP" }), "InvalidParameterException"),
    ...refusesBadPages("ListTaskDefinitionFamilies", () => ({}), 100),
    refuses("ListTaskDefinitionFamilies", "an unknown status", () => ({ status: "OLD" }), "InvalidParameterException"),
  ],
};
