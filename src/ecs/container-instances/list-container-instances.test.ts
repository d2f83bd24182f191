import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePageToken } from "../page.ts";
import { InstanceWorld } from "./instance-world.ts";
import { listContainerInstances } from "./list-container-instances.ts";
import { updateContainerInstancesState } from "./update-container-instances-state.ts";

test("pages hold every instance once, whatever comes and goes between them", () => {
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

test("status selects; without it all but INACTIVE are listed", () => {
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

test("what it cannot do is refused", () => {
  const world = new InstanceWorld();
  const refused = (request: object, message: string) =>
    world.refused(listContainerInstances, request, "InvalidParameterException", message);
  refused(
    { status: "INACTIVE" },
    "Container instance status should be one of [ACTIVE, DRAINING, REGISTERING, DEREGISTERING, REGISTRATION_FAILED]",
  );
  refused({ filter: "attribute:a == b" }, "The filter of ListContainerInstances is not supported yet: leave it out.");
  refused({ maxResults: 0 }, "maxResults must be between 1 and 100.");
  refused({ maxResults: 101 }, "maxResults must be between 1 and 100.");
  refused({ nextToken: "x" }, "Invalid token.");
  refused({ nextToken: encodePageToken("ListTasks", "a") }, "Invalid token.");
});
