import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePageToken } from "../page.ts";
import { InstanceWorld } from "./instance-world.ts";
import { listContainerInstances } from "./list-container-instances.ts";
import { updateContainerInstancesState } from "./update-container-instances-state.ts";

test("pages contain every instance once, whatever comes and goes between them", () => {
  const world = new InstanceWorld();
  for (let i = 0; i < 205; i++) world.add();
  const sizes: number[] = [];
  const seen: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = world.call(listContainerInstances, nextToken === undefined ? {} : { nextToken });
    sizes.push(page.containerInstanceArns.length);
    seen.push(...page.containerInstanceArns);
    nextToken = page.nextToken ?? undefined;
    world.set(seen[0]?.split("/").at(-1) ?? "", { status: "INACTIVE" });
  } while (nextToken !== undefined);
  assert.deepEqual([sizes, new Set(seen).size], [[100, 100, 5], 205]);
});

test("a full last page has no token", () => {
  const world = new InstanceWorld();
  world.add();
  world.add();
  assert.equal(world.call(listContainerInstances, { maxResults: 2 }).nextToken, null);
  assert.notEqual(world.call(listContainerInstances, { maxResults: 1 }).nextToken, null);
});

test("status selects; without it all except INACTIVE are listed", () => {
  const world = new InstanceWorld();
  const [a = "", b = "", c = ""] = [world.add(), world.add(), world.add()];
  world.set(a, { status: "INACTIVE" });
  world.set(b, { status: "REGISTRATION_FAILED" });
  world.call(updateContainerInstancesState, { containerInstances: [c], status: "DRAINING" });
  const list = (request: object) => new Set(world.call(listContainerInstances, request).containerInstanceArns);
  assert.deepEqual(list({}), new Set([world.instance(b).arn, world.instance(c).arn]));
  assert.deepEqual(list({ status: "DRAINING" }), new Set([world.instance(c).arn]));
  assert.deepEqual(list({ status: "REGISTRATION_FAILED" }), new Set([world.instance(b).arn]));
  assert.deepEqual(list({ status: "ACTIVE" }), new Set());
});

test("a filter combines with the status, by attributes and by tasks", () => {
  const world = new InstanceWorld();
  const stack = (value: string) => world.add({ attributes: [{ name: "stack", value }] });
  const [a, b, c, bare] = [stack("prod"), stack("prod"), stack("test"), world.add()];
  world.call(updateContainerInstancesState, { containerInstances: [b], status: "DRAINING" });
  const list = (request: object) =>
    world.call(listContainerInstances, request).containerInstanceArns.map((arn) => arn.split("/").at(-1) ?? "");
  const expect = (filter: string, ids: readonly string[], status?: string) =>
    assert.deepEqual(list({ filter, ...(status === undefined ? {} : { status }) }).sort(), [...ids].sort(), filter);
  expect("attribute:stack == prod", [a, b]);
  expect("attribute:stack == prod", [b], "DRAINING");
  expect("attribute:stack != prod", [c]);
  expect("not (attribute:stack == prod)", [c, bare]);
  expect("runningTasksCount == 0 and attribute:stack exists", [a, b, c]);
  expect("task:group == service:web", []);
  expect("", [a, b, c, bare]);
});

test("all pages of a filtered list except the last are full, however few instances match", () => {
  const world = new InstanceWorld();
  const wanted = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const id = world.add({ attributes: [{ name: "n", value: String(i) }] });
    if (i % 7 === 0) wanted.add(world.instance(id).arn);
  }
  const filter = "attribute:n =~ '0|7|14|21|28|35|42|49|56'";
  const sizes: number[] = [];
  const seen: string[] = [];
  let nextToken: string | undefined;
  do {
    const request = { filter, maxResults: 4, ...(nextToken === undefined ? {} : { nextToken }) };
    const page = world.call(listContainerInstances, request);
    sizes.push(page.containerInstanceArns.length);
    seen.push(...page.containerInstanceArns);
    nextToken = page.nextToken ?? undefined;
  } while (nextToken !== undefined);
  assert.deepEqual([sizes, new Set(seen)], [[4, 4, 1], wanted]);
});

test("invalid requests are refused", () => {
  const world = new InstanceWorld();
  const refused = (request: object, message: string) =>
    world.refused(listContainerInstances, request, "InvalidParameterException", message);
  refused(
    { status: "INACTIVE" },
    "Container instance status should be one of [ACTIVE, DRAINING, REGISTERING, DEREGISTERING, REGISTRATION_FAILED]",
  );
  refused(
    { filter: "agentVersion in [1.2]" },
    'Invalid filter expression: agentVersion does not go with "in", but with ==, !=, >, >=, <, <= (character 14)',
  );
  refused({ maxResults: 0 }, "maxResults must be between 1 and 100.");
  refused({ maxResults: 101 }, "maxResults must be between 1 and 100.");
  refused({ nextToken: "x" }, "Invalid token.");
  refused({ nextToken: encodePageToken("ListTasks", "a") }, "Invalid token.");
});
