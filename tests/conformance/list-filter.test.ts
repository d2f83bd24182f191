/**
 * The cluster query language as users of ListContainerInstances see it: expressions with the SDK over HTTP, and how they fail.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type ContainerInstance, type ECS, paginateListContainerInstances } from "@aws-sdk/client-ecs";
import {
  define,
  describeInstance,
  expectRefused,
  idOf,
  register,
  resources,
  startWorld,
  untilTask,
  type World,
} from "./world.ts";

let world: World;
let ecs: ECS;
const cluster = "filtered";
/** The ARN, by the tests' name for the instance. */
const instances: Record<string, string> = {};
let busy: ContainerInstance;

before(async () => {
  world = await startWorld();
  ecs = world.ecs;
  await ecs.createCluster({ clusterName: cluster });
  const add = async (name: string, attributes: { name: string; value?: string }[]) => {
    const totalResources = resources(1_024, 2_048);
    const { containerInstance } = await ecs.registerContainerInstance({ cluster, totalResources, attributes });
    instances[name] = containerInstance?.containerInstanceArn ?? "";
  };
  await add("blue", [
    { name: "stack", value: "blue" },
    { name: "example.com/rack", value: "rack 1:a" },
    { name: "rank", value: "10" },
  ]);
  await add("green", [{ name: "stack", value: "green" }, { name: "rank", value: "9" }, { name: "spot" }]);
  instances.plain = await register(ecs, cluster);
  const taskDefinition = await define(ecs, "filtered");
  const { tasks } = await ecs.startTask({
    cluster,
    taskDefinition,
    group: "database",
    containerInstances: [instances.plain],
  });
  await untilTask(ecs, cluster, tasks?.[0]?.taskArn ?? "", "RUNNING");
  busy = await describeInstance(ecs, cluster, instances.plain);
});
after(() => world.close());

async function selected(filter: string, more: object = {}): Promise<string[]> {
  const { containerInstanceArns = [] } = await ecs.listContainerInstances({ cluster, filter, ...more });
  const names = Object.entries(instances).filter(([, arn]) => containerInstanceArns.includes(arn));
  assert.equal(names.length, containerInstanceArns.length);
  return names.map(([name]) => name);
}

test("expressions select by attributes, and a missing one is neither equal nor unequal", async () => {
  const expected: Record<string, string[]> = {
    "attribute:stack == blue": ["blue"],
    "attribute:stack not_equals blue": ["green"],
    "not(attribute:stack == blue)": ["green", "plain"],
    "attribute:stack !exists": ["plain"],
    "attribute:spot exists || attribute:stack==blue": ["blue", "green"],
    "attribute:stack in [blue, 'green'] and !(attribute:spot exists)": ["blue"],
    'attribute:example.com/rack == "rack 1:a"': ["blue"],
    "attribute:stack =~ (b|gr).*e*n?": ["blue", "green"],
    "attribute:rank > 9": ["blue"],
    "attribute:no-such-name == x": [],
    "": ["blue", "green", "plain"],
  };
  for (const [filter, names] of Object.entries(expected)) assert.deepEqual(await selected(filter), names, filter);
});

test("expressions select by tasks, agent, time and instance ID", async () => {
  const registeredAt = busy.registeredAt?.toISOString().slice(0, 19) ?? "";
  const expected: Record<string, string[]> = {
    "task:group == database": ["plain"],
    "not(task:group == database)": ["blue", "green"],
    "runningTasksCount >= 1": ["plain"],
    "agentVersion > 99": [],
    "registeredAt > 2018-06-18T22:28:28+00:00": ["blue", "green", "plain"],
    [`registeredAt == ${registeredAt}Z and task:group exists`]: ["plain"],
    "registeredAt < 2018-06-18": [],
    "ec2InstanceId in ['i-1', 'i-2']": [],
  };
  for (const [filter, names] of Object.entries(expected)) assert.deepEqual(await selected(filter), names, filter);
  assert.deepEqual(await selected(`agentVersion == ${busy.versionInfo?.agentVersion} and task:group exists`), [
    "plain",
  ]);
  await ecs.updateContainerInstancesState({
    cluster,
    containerInstances: [idOf(instances.blue ?? "")],
    status: "DRAINING",
  });
  assert.deepEqual(await selected("attribute:stack exists", { status: "DRAINING" }), ["blue"]);
  assert.deepEqual(await selected("attribute:stack exists", { status: "ACTIVE" }), ["green"]);
});

test("a filtered list is read page by page", async () => {
  const pages: (readonly string[])[] = [];
  const pager = paginateListContainerInstances(
    { client: ecs, pageSize: 1 },
    { cluster, filter: "attribute:stack exists" },
  );
  for await (const { containerInstanceArns = [] } of pager) pages.push(containerInstanceArns);
  assert.deepEqual(
    pages.map(({ length }) => length),
    [1, 1],
  );
  assert.deepEqual(new Set(pages.flat()), new Set([instances.blue, instances.green]));
});

test("an invalid expression is refused with the reason and the character", async () => {
  const expected: Record<string, RegExp> = {
    "attribute:stack": /Expected an operator after attribute:stack .*, found the end \(character 16\)$/,
    "attribute:stack = blue": /found "=" \(character 17\)$/,
    "stack == blue": /Expected .*, found "stack" \(character 1\)$/,
    "(attribute:stack == blue": /Expected "and", "or" or "\)", found the end \(character 25\)$/,
    "agentVersion =~ 1.*": /agentVersion does not go with "=~", but with ==, !=, >, >=, <, <= \(character 14\)$/,
    "registeredAt > yesterday": /Expected a date like .*, found "yesterday" \(character 16\)$/,
    "attribute:stack =~ (b+)+\\1": /Patterns do not support backreferences: "\\1" \(character 25\)$/,
    "attribute:stack == 'blue": /No closing ' follows \(character 20\)$/,
    [" ".repeat(9_000)]: /An expression has at most 8192 characters \(character 8193\)$/,
    ["(".repeat(2_000)]: /nested more than 32 levels deep \(character 33\)$/,
  };
  for (const [filter, text] of Object.entries(expected)) {
    const error = await expectRefused(
      ecs.listContainerInstances({ cluster, filter }),
      "InvalidParameterException",
      text,
    );
    assert.match(error.message, /^Invalid filter expression: /);
  }
});

test("a pattern that takes other engines forever is answered like any other", async () => {
  const before = performance.now();
  assert.deepEqual(await selected("attribute:stack =~ '((e|g|n|r)+)+x'"), []);
  // Backtracking over five letters is quick as well; the unit tests have values of 128. This shows that the path works.
  assert.ok(performance.now() - before < 5_000);
});
