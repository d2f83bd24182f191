import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { must } from "../../lib/assert.ts";
import { ClusterMachine } from "../machine/cluster-machine.ts";
import { aCluster, awsvpcDefinition, inSubnet } from "../small-world.ts";
import { AccountState } from "../state/account-state.ts";
import { ClusterState } from "../state/cluster-state.ts";
import { checkDocument } from "./document-kind.ts";
import { type Members, OrNull, orNull, type Shape, shapeProblem } from "./document-shape.ts";
import { serviceKind } from "./service.ts";

/** A value of the shape: with every nullable member null and one item in each list, or the reverse. */
function sample(shape: Shape, full: boolean): unknown {
  if (typeof shape === "string") {
    if (shape.endsWith("?") && !full) return null;
    return { string: "s", number: 1, boolean: true, object: {} }[shape.replace("?", "")];
  }
  if (shape instanceof OrNull) return full ? sample(shape.shape, full) : null;
  if (shape instanceof Set) return [...shape][0];
  if (Array.isArray(shape)) return full ? [sample(shape[0] as Shape, full)] : [];
  return Object.fromEntries(Object.entries(shape as Members).map(([name, inner]) => [name, sample(inner, full)]));
}

/** Every place in `value`, with a function that replaces its value. */
function* places(value: object, path: string): Generator<[string, (other: unknown) => void]> {
  const holder = value as Record<string, unknown>;
  for (const [name, inner] of Object.entries(value)) {
    const here = Array.isArray(value) ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;
    yield [
      here,
      (other) => {
        holder[name] = other;
      },
    ];
    if (typeof inner === "object" && inner !== null) yield* places(inner, here);
  }
}

const configuration = { latestAgentVersion: "1.97.0", verifyIdentity: null };
const place = { account: "111122223333", region: "eu-central-1" };
const all = [
  ["cluster", new ClusterState(place, "lab", configuration).tables.all],
  ["account", new AccountState(place, configuration).tables.all],
] as const;

describe("shapes of stored documents", () => {
  for (const [where, tables] of all) {
    for (const { kind } of tables) {
      const { shape } = kind;
      it(`${where}, ${kind.name}: whatever is wrong anywhere in it is found and named`, () => {
        assert.equal(shapeProblem(sample(shape, false), shape), null);
        const whole = sample(shape, true) as object;
        assert.equal(shapeProblem(whole, shape), null);
        let damaged = 0;
        for (const wrong of [undefined, Symbol("wrong"), Number.POSITIVE_INFINITY]) {
          for (const [index, [path]] of [...places(whole, "")].entries()) {
            const copy = structuredClone(whole);
            must([...places(copy, "")][index], path)[1](wrong);
            const problem = shapeProblem(copy, shape);
            assert.ok(problem?.startsWith(`its member ${path} is not `), `${path}: ${problem}`);
            damaged += 1;
          }
        }
        assert.ok(damaged > 0);
      });
    }
  }

  it("problems are described in words", () => {
    const shape: Shape = { a: ["number"], b: orNull({ c: "string?" }), d: new Set(["x", "y"]) };
    const problem = (value: unknown) => shapeProblem(value, shape);
    assert.equal(problem({ a: [1], b: null, d: "x", more: 1 }), null);
    assert.equal(problem({ a: [1, "2"], b: null, d: "x" }), "its member a[1] is not a number");
    assert.equal(problem({ a: [], b: { c: 1 }, d: "x" }), "its member b.c is not a string or null");
    assert.equal(problem({ a: {}, b: null, d: "x" }), "its member a is not a list");
    assert.equal(problem({ a: [], b: [], d: "x" }), "its member b is not an object");
    assert.equal(problem({ a: [], b: null, d: "z" }), "its member d is not one of x, y");
    assert.equal(problem([]), "it is not an object");
  });

  it("a document under another one's key is named", () => {
    const document = sample(serviceKind.shape, true) as object;
    checkDocument(serviceKind, "s", document);
    assert.throws(() => checkDocument(serviceKind, "t", document), /its member name is not the key/);
  });
});

describe("loading", () => {
  it("half a container instance is refused, whichever half it is", () => {
    const world = aCluster().withInstances(1);
    world.call("RunTask", inSubnet, awsvpcDefinition());
    const documents = world.step({ type: "recovered" });
    assert.ok(documents);
    const id = world.instanceId(0);
    const { platformAttributes, customAttributes, registeredResources, platformDevices, ...rest } = world.instance(0);
    const registration = { platformAttributes, customAttributes, registeredResources, platformDevices };
    const halves = { "container-instance": rest, "instance-registration": registration };
    for (const [kind, half] of Object.entries(halves)) {
      const machine = new ClusterMachine(world.state.place, "c", world.state.configuration);
      machine.load(kind, id, half);
      assert.throws(() => machine.resume(1), { message: `the other half of the container instance ${id} is missing` });
    }
    const machine = new ClusterMachine(world.state.place, "c", world.state.configuration);
    for (const [kind, half] of Object.entries(halves)) machine.load(kind, id, half);
    machine.resume(1);
  });
});
