import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster } from "../small-world.ts";
import { providerOfInstance } from "./provider-of-instance.ts";

type Registered = { readonly containerInstance: Record<string, unknown> };
const name = "berth.capacity-provider";

test("the attribute names the provider, unless its value is invalid or the instance is external", () => {
  const of = (value: string | null, external = false) => providerOfInstance([{ name, value }], external);
  assert.deepEqual(
    [of("racks"), of("racks", true), of(null), of("FARGATE"), of("a b"), providerOfInstance([], false)],
    ["racks", null, null, null, null, null],
  );
});

test("a registered instance shows its provider, which follows the attribute", () => {
  const world = aCluster();
  const shown = () =>
    world.call<{ containerInstances: readonly Record<string, unknown>[] }>("DescribeContainerInstances", {
      containerInstances: [arn],
    }).value.containerInstances[0]?.capacityProviderName;
  const register = (request: object) =>
    world.call<Registered>("RegisterContainerInstance", {
      totalResources: [{ name: "CPU", type: "INTEGER", integerValue: 1024 }],
      ...request,
    }).value.containerInstance;
  const first = register({ attributes: [{ name, value: "racks" }] });
  const arn = first.containerInstanceArn as string;
  assert.equal(first.capacityProviderName, "racks");
  const attribute = { name, targetType: "container-instance", targetId: arn };
  world.call("PutAttributes", { attributes: [{ ...attribute, value: "spare" }] });
  assert.equal(shown(), "spare");
  assert.equal(world.events.at(-1)?.detail.capacityProviderName, "spare");
  world.call("DeleteAttributes", { attributes: [attribute] });
  assert.equal(shown(), null);
  register({ containerInstanceArn: arn, attributes: [{ name, value: "racks" }] });
  assert.equal(shown(), "racks");
});
