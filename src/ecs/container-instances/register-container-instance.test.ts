import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../limits.ts";
import { deregisterContainerInstance } from "./deregister-container-instance.ts";
import { describeContainerInstances } from "./describe-container-instances.ts";
import { document, InstanceWorld, prefix } from "./instance-world.ts";
import { registerContainerInstance } from "./register-container-instance.ts";

const attributeOf = (reply: { attributes: readonly { name: string; value: string | null }[] }, name: string) =>
  reply.attributes.find((attribute) => attribute.name === name)?.value;

test("an identity document gives id, type, zone, image and architecture", () => {
  const world = new InstanceWorld();
  const reply = world.register({ instanceIdentityDocument: document() });
  assert.equal(reply.ec2InstanceId, "i-0a1b2c3d4e5f60718");
  assert.equal(attributeOf(reply, "ecs.instance-type"), "m5.large");
  assert.equal(attributeOf(reply, "ecs.availability-zone"), "eu-central-1b");
  assert.equal(attributeOf(reply, "ecs.ami-id"), "ami-0123456789abcdef0");
  assert.equal(attributeOf(reply, "ecs.cpu-architecture"), "x86_64");
  assert.equal(attributeOf(reply, "ecs.os-type"), "linux");
  assert.match(reply.containerInstanceArn, new RegExp(`^${prefix}container-instance/lab/[0-9a-f]{32}$`));
  assert.deepEqual([reply.status, reply.version, reply.agentConnected], ["ACTIVE", 1, false]);
  assert.equal(reply.registeredAt, world.now);
  assert.deepEqual(
    world.events.map((event) => event.detail.version),
    [1],
  );
});

test("instances without a document get an id and are spread over zones", () => {
  const world = new InstanceWorld();
  const first = world.register();
  assert.match(first.ec2InstanceId ?? "", /^i-[0-9a-f]{17}$/);
  const external = world.register({
    instanceIdentityDocument: "",
    instanceIdentityDocumentSignature: "",
    attributes: [{ name: "ecs.capability.external" }, { name: "ecs.os-type", value: "windows" }],
  });
  assert.match(external.ec2InstanceId ?? "", /^mi-[0-9a-f]{17}$/);
  assert.equal(attributeOf(external, "ecs.os-type"), "windows");
  const zones = [first, external, world.register(), world.register()].map((reply) =>
    attributeOf(reply, "ecs.availability-zone"),
  );
  assert.deepEqual(zones, ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1a"]);
});

test("a malformed or forged identity document is refused", () => {
  const malformed = "The instance identity document is malformed.";
  const world = new InstanceWorld();
  const bad = ["{", "[]", "null", "7", "{}", document({ instanceType: 7 }), document({ imageId: "a b" })];
  for (const instanceIdentityDocument of bad) {
    world.refused(registerContainerInstance, { instanceIdentityDocument }, "ClientException", malformed);
  }
  const strict = new InstanceWorld({ verifyIdentity: (text, signature) => signature === `signed ${text.length}` });
  const signature = `signed ${document().length}`;
  const request = { instanceIdentityDocument: document(), instanceIdentityDocumentSignature: signature };
  assert.equal(strict.register(request).status, "ACTIVE");
  const message = "The instance identity document's signature could not be verified.";
  const forged = { instanceIdentityDocument: document(), instanceIdentityDocumentSignature: "x" };
  strict.refused(registerContainerInstance, forged, "ClientException", message);
  strict.refused(registerContainerInstance, { instanceIdentityDocument: document() }, "ClientException", message);
});

test("resources of all four types are registered, with zeros left out, and missing ones assumed for a call by hand", () => {
  const world = new InstanceWorld();
  const { registeredResources } = world.register({
    totalResources: [
      { name: "CPU", type: "INTEGER" },
      { name: "licences", type: "LONG", longValue: 5_000_000_000 },
      { name: "bandwidth", type: "DOUBLE", doubleValue: 2.5 },
      { name: "colours", type: "STRINGSET", stringSetValue: ["red", "blue", "red"] },
    ],
  });
  const zeros = { doubleValue: 0, longValue: 0, integerValue: 0 };
  assert.deepEqual(registeredResources, [
    { name: "CPU", type: "INTEGER", ...zeros },
    { name: "licences", type: "LONG", ...zeros, longValue: 5_000_000_000 },
    { name: "bandwidth", type: "DOUBLE", ...zeros, doubleValue: 2.5 },
    { name: "colours", type: "STRINGSET", ...zeros, stringSetValue: ["red", "blue"] },
    { name: "MEMORY", type: "INTEGER", ...zeros, integerValue: 7_680 },
    { name: "PORTS", type: "STRINGSET", ...zeros, stringSetValue: ["22", "2375", "2376", "51678", "51679"] },
    { name: "PORTS_UDP", type: "STRINGSET", ...zeros, stringSetValue: [] },
  ]);
});

test("invalid resources are refused", () => {
  const world = new InstanceWorld();
  const cases: readonly (readonly [Parameters<typeof world.register>[0] & object, string])[] = [
    [{ totalResources: [{ type: "INTEGER" }] }, "Resource names must be between 1 and 255 characters long."],
    [
      { totalResources: [{ name: "a", type: "TEXT" }] },
      "resource type should be one of [INTEGER, LONG, DOUBLE, STRINGSET]",
    ],
    [{ totalResources: [{ name: "CPU", type: "DOUBLE" }] }, "The resource 'CPU' must be of type INTEGER."],
    [{ totalResources: [{ name: "PORTS", type: "INTEGER" }] }, "The resource 'PORTS' must be of type STRINGSET."],
    [
      { totalResources: [{ name: "CPU", type: "INTEGER", integerValue: -1 }] },
      "The value of the resource 'CPU' must be of type INTEGER and at least 0.",
    ],
    [
      { totalResources: [{ name: "n", type: "LONG", longValue: 1.5 }] },
      "The value of the resource 'n' must be of type LONG and at least 0.",
    ],
    [
      { totalResources: [{ name: "PORTS", type: "STRINGSET", stringSetValue: ["65536"] }] },
      "The resource 'PORTS' must list ports between 1 and 65535.",
    ],
    [
      {
        totalResources: [
          { name: "a", type: "LONG" },
          { name: "a", type: "LONG" },
        ],
      },
      "The resource 'a' is given twice.",
    ],
    [
      { totalResources: Array.from({ length: 51 }, (_, i) => ({ name: `r${i}`, type: "LONG" })) },
      "totalResources can have at most 50 items.",
    ],
    [{ platformDevices: [{ type: "GPU" }] }, "A platform device must have an id."],
    [{ platformDevices: [{ id: "a", type: "TPU" }] }, "platform device type should be one of [GPU, NEURON_DEVICE]"],
    [
      {
        platformDevices: [
          { id: "a", type: "GPU" },
          { id: "a", type: "GPU" },
        ],
      },
      "A platform device is given twice.",
    ],
    [{ clientToken: "a b" }, "clientToken must be 1 to 64 characters of visible ASCII."],
  ];
  for (const [request, message] of cases) {
    world.refused(registerContainerInstance, request, "InvalidParameterException", message);
  }
});

test("GPUs become a resource and devices, Neuron devices stay separate", () => {
  const world = new InstanceWorld();
  const id = world.add({
    platformDevices: [
      { id: "GPU-1", type: "GPU" },
      { id: "GPU-2", type: "GPU" },
      { id: "neuron0", type: "NEURON_DEVICE" },
    ],
  });
  world.place(
    id,
    { gpuIds: ["GPU-2"] },
    {
      containers: [{ gpuIds: ["GPU-2"], networkBindings: [], networkInterfaces: [] }] as never,
    },
  );
  const [reply] = world.call(describeContainerInstances, { containerInstances: [id] }).containerInstances;
  const set = (list: readonly object[] | undefined, name: string) =>
    list?.find((resource) => "name" in resource && resource.name === name) as { stringSetValue: string[] } | undefined;
  assert.deepEqual(set(reply?.registeredResources, "GPU")?.stringSetValue, ["GPU-1", "GPU-2"]);
  assert.deepEqual(set(reply?.remainingResources, "GPU")?.stringSetValue, ["GPU-1"]);
  assert.deepEqual(set(reply?.registeredResources, "NEURON_DEVICE")?.stringSetValue, ["neuron0"]);
  assert.deepEqual(reply?.gpuDevices, [
    { gpuId: "GPU-1", sharingMode: "IDLE", containerCount: 0 },
    { gpuId: "GPU-2", sharingMode: "DEDICATED", containerCount: 1 },
  ]);
});

test("the same client token returns the same instance for an hour, unless it was deregistered", () => {
  const world = new InstanceWorld();
  const first = world.add({ clientToken: "t" });
  assert.equal(world.add({ clientToken: "t" }), first);
  assert.deepEqual(world.documents, []);
  assert.notEqual(world.add({ clientToken: "u" }), first);
  world.call(deregisterContainerInstance, { containerInstance: first });
  const second = world.add({ clientToken: "t" });
  assert.notEqual(second, first);
  world.pass(limits.registrationTokenMs);
  assert.equal(world.state.registrationTokens.size, 0);
  assert.notEqual(world.add({ clientToken: "t" }), second);
});

test("invalid attributes and tags are refused", () => {
  const world = new InstanceWorld();
  const eleven = Array.from({ length: 11 }, (_, i) => ({ name: `a${i}` }));
  const many = "A container instance can have at most 10 custom attributes.";
  world.refused(registerContainerInstance, { attributes: eleven }, "InvalidParameterException", many);
  const tooMany = Array.from({ length: 501 }, (_, i) => ({ name: `ecs.${i}` }));
  const most = "attributes can have at most 500 items.";
  world.refused(registerContainerInstance, { attributes: tooMany }, "InvalidParameterException", most);
  assert.deepEqual(world.register({ tags: [] }).tags, []);
  const tagged = world.register({ tags: [{ key: "team", value: "web" }] });
  assert.deepEqual(tagged.tags, [{ key: "team", value: "web" }]);
});

test("a cluster takes 5,000 container instances, not counting deregistered ones", () => {
  const world = new InstanceWorld();
  const id = world.add();
  const template = world.instance(id);
  world.run((step) => {
    for (let i = 1; i < limits.containerInstancesPerCluster; i++) step.noteInstance({ ...template, id: `id${i}` });
  });
  const message = "A cluster can have at most 5000 container instances.";
  world.refused(registerContainerInstance, {}, "ClientException", message);
  world.call(deregisterContainerInstance, { containerInstance: id });
  assert.equal(world.register().status, "ACTIVE");
});

test("property: every attribute is described as it was registered", () => {
  const text = (characters: string, max: number) =>
    fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: max });
  const name = text("abcXYZ019-_./\\", 100);
  const value = text("abc019-_.@/\\:", 128);
  const platform = fc.tuple(fc.constantFrom("ecs.", "com.amazonaws."), name).map(([head, tail]) => `${head}${tail}`);
  const attribute = (names: fc.Arbitrary<string>) => fc.record({ name: names, value }, { requiredKeys: ["name"] });
  const custom = name.filter((n) => !n.startsWith("ecs.") && !n.startsWith("com.amazonaws."));
  const sets = { selector: (a: { name: string }) => a.name };
  fc.assert(
    fc.property(
      fc.uniqueArray(attribute(platform), { ...sets, maxLength: 20 }),
      fc.uniqueArray(attribute(custom), { ...sets, maxLength: 10 }),
      (platformSent, customSent) => {
        const world = new InstanceWorld();
        const attributes = [...customSent, ...platformSent];
        const registered = world.register({ attributes });
        const [described] = world.call(describeContainerInstances, {
          containerInstances: [registered.containerInstanceArn],
        }).containerInstances;
        for (const reply of [registered, described]) {
          for (const sent of attributes) {
            const found = reply?.attributes.filter((a) => a.name === sent.name);
            assert.deepEqual(found, [{ name: sent.name, value: sent.value ?? null }]);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});
