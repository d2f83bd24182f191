import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { advance } from "../task-life/advance.ts";
import { describeContainerInstances } from "./describe-container-instances.ts";
import { InstanceWorld, prefix } from "./instance-world.ts";

const one = (world: InstanceWorld, id: string, include: string[] = []) => {
  const [reply] = world.call(describeContainerInstances, { containerInstances: [id], include }).containerInstances;
  assert.ok(reply);
  return reply;
};

test("ids, short and long ARNs are accepted; unknown ones are missing under their full ARN", () => {
  const world = new InstanceWorld();
  const id = world.add();
  const dashed = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const references = [id, world.instance(id).arn, `${prefix}container-instance/${dashed}`];
  for (const reference of references) assert.equal(one(world, reference).containerInstanceArn, world.instance(id).arn);
  const elsewhere = `${prefix}container-instance/other/${id}`;
  const { containerInstances, failures } = world.call(describeContainerInstances, {
    containerInstances: [...references, "nobody"],
  });
  assert.equal(containerInstances.length, 1);
  const text = "Invalid identifier: Identifier is for cluster other. Your cluster is lab";
  const request = { containerInstances: [elsewhere] };
  world.refused(describeContainerInstances, request, "InvalidParameterException", text);
  assert.deepEqual(failures, [{ arn: `${prefix}container-instance/lab/nobody`, reason: "MISSING" }]);
});

test("invalid lists and includes are refused", () => {
  const world = new InstanceWorld();
  const refused = (request: object, message: string) =>
    world.refused(describeContainerInstances, request, "InvalidParameterException", message);
  refused({}, "Container Instances cannot be empty.");
  refused({ containerInstances: [] }, "Container Instances cannot be empty.");
  refused({ containerInstances: Array(101).fill("a") }, "instanceIds can have at most 100 items.");
  refused(
    { containerInstances: ["a"], include: ["SECRETS"] },
    "include should be one of [TAGS, CONTAINER_INSTANCE_HEALTH]",
  );
});

test("tags and health are shown only on request", () => {
  const world = new InstanceWorld();
  const id = world.add({ tags: [{ key: "team", value: "web" }] });
  assert.deepEqual([one(world, id).tags, one(world, id).healthStatus], [[], null]);
  const full = one(world, id, ["TAGS", "CONTAINER_INSTANCE_HEALTH"]);
  assert.deepEqual(full.tags, [{ key: "team", value: "web" }]);
  assert.equal(full.healthStatus?.overallStatus, "INITIALIZING");
});

test("counts follow desired and last status", () => {
  const world = new InstanceWorld();
  const id = world.add();
  world.place(id);
  world.place(id, {}, { lastStatus: "PENDING" });
  world.place(id, {}, { desiredStatus: "STOPPED", lastStatus: "STOPPING" });
  assert.deepEqual([one(world, id).runningTasksCount, one(world, id).pendingTasksCount], [2, 1]);
});

test("property: what remains is what is registered minus what tasks hold, and ports in use are listed", () => {
  const port = fc.integer({ min: 1_024, max: 1_060 });
  const reservation = fc.record({
    cpu: fc.integer({ min: 0, max: 512 }),
    memoryMiB: fc.integer({ min: 0, max: 512 }),
    tcpPorts: fc.uniqueArray(port, { maxLength: 3 }),
    udpPorts: fc.uniqueArray(port, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(reservation, fc.boolean()), { maxLength: 8 }), (plans) => {
      const world = new InstanceWorld();
      const id = world.add();
      const held = plans.filter(([plan, stops]) => {
        const task = world.place(id, plan);
        if (stops) world.run((step) => step.changeTask(advance(task, "instance-deregistered", step.now)));
        return !stops;
      });
      const reply = one(world, id);
      const of = (name: string) => reply.remainingResources.find((resource) => resource.name === name);
      const sum = (key: "cpu" | "memoryMiB") => held.reduce((all, [plan]) => all + plan[key], 0);
      assert.equal(of("CPU")?.integerValue, 4_096 - sum("cpu"));
      assert.equal(of("MEMORY")?.integerValue, 7_680 - sum("memoryMiB"));
      const ports = (key: "tcpPorts" | "udpPorts") => held.flatMap(([plan]) => plan[key]).map(String);
      const strings = (name: string) => {
        const resource = of(name);
        assert.ok(resource !== undefined && "stringSetValue" in resource);
        assert.equal(new Set(resource.stringSetValue).size, resource.stringSetValue.length);
        return new Set(resource.stringSetValue);
      };
      assert.deepEqual(strings("PORTS"), new Set(["22", "2375", "2376", "51678", "51679", ...ports("tcpPorts")]));
      assert.deepEqual(strings("PORTS_UDP"), new Set(ports("udpPorts")));
      assert.equal(reply.version, world.instance(id).version);
    }),
    { numRuns: 100 },
  );
});
