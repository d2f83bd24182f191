/*
 * The whole machine under random work. Each step of a small world is held to the rules of `step-rules.ts`; here they meet
 * calls, reports, timers, refusals and restarts in any order.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { must } from "../../lib/assert.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Task } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { Refusal } from "../refusals.ts";
import { aCluster, aDefinition, awsvpcDefinition, inSubnet, type SmallWorld } from "../small-world.ts";
import { documentsOf, dump } from "../step-rules.ts";

const definitions: readonly [TaskDefinition, object][] = [
  [aDefinition(), {}],
  [awsvpcDefinition(), inSubnet],
  [aDefinition({ family: "port", containers: [{ portMappings: [{ containerPort: 80, hostPort: 80 }] }] }), {}],
  [aDefinition({ family: "gpu", containers: [{ resourceRequirements: [{ type: "GPU", value: "2" }] }] }), {}],
  [aDefinition({ family: "pair", containers: [{ cpu: 10 }, { name: "side", essential: false, cpu: 500 }] }), {}],
];

/** Something that may happen; `a`, `b` and `c` select among what exists. */
type Happening = (world: SmallWorld, a: number, b: number, c: number) => void;

const pick = <T>(items: readonly T[], n: number): T => items[n % items.length] as T;
const someTask = (world: SmallWorld, n: number): Task | undefined => {
  const ids = world.state.taskIds.after(null);
  return ids.length === 0 ? undefined : world.task(pick(ids, n));
};
const versions = { agentVersion: "1.96.0", agentHash: null, dockerVersion: null };

const happenings: Record<string, Happening> = {
  run: (world, a, b, c) => {
    const [definition, request] = pick(definitions, a);
    const clientToken = c % 3 === 0 ? { clientToken: `t${b % 3}` } : {};
    world.call("RunTask", { ...request, ...clientToken, count: 1 + (b % 4) }, definition);
  },
  start: (world, a, b) => {
    const [definition, request] = pick(definitions, a);
    world.call("StartTask", { ...request, containerInstances: [world.instanceId(b % 3), "nobody"] }, definition);
  },
  stop: (world, a) => {
    world.call("StopTask", { task: someTask(world, a)?.id ?? "nobody" });
  },
  report: (world, a, b, c) => {
    const task = someTask(world, a);
    if (task === undefined) return;
    const hostPort = 30_000 + (c % 3);
    world.call("SubmitTaskStateChange", {
      task: task.arn,
      status: pick(["RUNNING", "STOPPED", "PENDING", undefined], b),
      containers: task.containers.slice(c % 2).map(({ name }) => ({
        containerName: name,
        status: pick(["RUNNING", "STOPPED", "RUNNING"], b + c),
        ...(c % 4 === 0 ? { networkBindings: [{ hostPort, protocol: pick(["tcp", "udp"], a) }] } : {}),
      })),
      attachments: task.attachments.map(({ id }) => ({ attachmentArn: `arn:x/${id}`, status: "ATTACHED" })),
    });
  },
  health: (world, a, b) => {
    const task = someTask(world, a);
    const containers = [{ name: "app", healthStatus: pick(["HEALTHY", "UNHEALTHY"] as const, b) }];
    const tasks = [{ taskArn: task?.arn ?? "nobody", containers }];
    world.agent({ type: "task-health", instanceId: task?.instanceId ?? "nobody", tasks });
  },
  connect: (world, a) => {
    world.agent({ type: "agent-connected", isNewProcess: true, instanceId: world.instanceId(a % 3), ...versions });
  },
  disconnect: (world, a) => {
    world.agent({ type: "agent-disconnected", instanceId: world.instanceId(a % 3) });
  },
  drain: (world, a, b) => {
    const status = pick(["DRAINING", "ACTIVE", "GONE"], b);
    world.call("UpdateContainerInstancesState", { containerInstances: [world.instanceId(a % 3)], status });
  },
  deregister: (world, a, b) => {
    if (b % 5 > 1) return;
    world.call("DeregisterContainerInstance", { containerInstance: world.instanceId(a % 3), force: b % 5 === 0 });
  },
  tag: (world, a, b) => {
    const tags = [{ key: b % 4 === 0 ? "aws:bad" : "k", value: String(b) }];
    world.call("TagResource", { resourceArn: someTask(world, a)?.arn ?? "nobody", tags });
  },
  wait: (world, a, b) => {
    world.advanceClock(pick([1, 100, 200, 60_000, 300_000, 3_600_000], b) + (a % 3));
  },
  restart: (world, _, b) => {
    world.restart();
    if (b % 2 === 0) world.step({ type: "recovered" });
  },
};

const work = fc.array(fc.tuple(fc.constantFrom(...Object.keys(happenings)), fc.nat(99), fc.nat(99), fc.nat(99)), {
  minLength: 10,
  maxLength: 60,
  size: "max",
});

/** Returns how many steps were refused. */
function happen(world: SmallWorld, sequence: readonly [string, number, number, number][]): number {
  let refused = 0;
  for (const [name, a, b, c] of sequence) {
    world.now += a;
    try {
      must(happenings[name], name)(world, a, b, c);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused += 1;
    }
  }
  return refused;
}

const small = (seed?: string) =>
  aCluster(seed)
    .withInstances(1, { gpus: ["g1", "g2", "g3"] })
    .withInstances(2, { ports: ["22"] });

test("whatever happens in whatever order, every step keeps the rules", () => {
  let refused = 0;
  let events = 0;
  fc.assert(
    fc.property(work, (sequence) => {
      const world = small();
      refused += happen(world, sequence);
      events += world.events.length;
      // On no instance is more in use than registered.
      for (const index of [0, 1, 2]) {
        const usage = world.usage(index);
        assert.ok(usage.cpu <= 1024 && usage.memoryMiB <= 2048 && usage.gpuIds.size <= (index === 0 ? 3 : 0));
        for (const task of world.state.tasks.values()) {
          if (task.lastStatus === "STOPPED") assert.ok(!usage.taskIds.has(task.id));
        }
      }
    }),
    { numRuns: 150 },
  );
  assert.ok(refused > 100 && events > 1_000, `the work is worth its name: ${refused} refusals, ${events} events`);
});

test("equal seeds and inputs give equal documents and events", () => {
  const sequence = must(fc.sample(work, { numRuns: 1, seed: 7 })[0], "a sample");
  const [one, two, other] = [small("s"), small("s"), small("t")];
  for (const world of [one, two, other]) happen(world, [["run", 0, 3, 1], ...sequence]);
  assert.deepEqual(one.events, two.events);
  assert.deepEqual(documentsOf(one.state), documentsOf(two.state));
  assert.notDeepEqual(one.events, other.events);
});

test("left alone, with agents that answer, everything that should stop stops and is forgotten", () => {
  fc.assert(
    fc.property(work, (sequence) => {
      const world = small();
      happen(world, sequence);
      for (const { id } of [...world.state.tasks.values()]) {
        if (world.task(id).desiredStatus === "RUNNING") world.call("StopTask", { task: id });
      }
      world.advanceClock(1_000);
      for (const task of [...world.state.tasks.values()]) world.report(task.id, "STOPPED");
      world.advanceClock(1_000);
      for (const { lastStatus, arn } of world.state.tasks.values()) assert.equal(lastStatus, "STOPPED", arn);
      for (const index of [0, 1, 2]) {
        if (world.state.instances.has(world.instanceId(index))) assert.equal(world.usage(index).cpu, 0);
      }
      world.advanceClock(86_400_000);
      assert.deepEqual([world.state.tasks.size, world.state.revisions.size, world.state.runTaskTokens.size], [0, 0, 0]);
    }),
    { numRuns: 40 },
  );
});

test("a call after the cluster was deleted is refused, for that incarnation only", () => {
  const world = aCluster();
  world.step({ type: "close", incarnation: 1 });
  const text = "The referenced cluster was inactive.";
  world.refused("ClusterNotFoundException", text, "ListTasks", {});
  world.restart();
  world.refused("ClusterNotFoundException", text, "ListTasks", {});
  assert.deepEqual(world.step({ type: "close", incarnation: 1 }).documents, []);
  world.step({ type: "close", incarnation: 2 });
  assert.deepEqual(world.call("ListTasks", {}).value, { taskArns: [], nextToken: null });
});

test("a bug in a step leaves the machine as it was", () => {
  const world = small();
  const task = world.runTask();
  const broken = { type: "no-such-input" } as never;
  assert.throws(() => world.step(broken), /unexpected input/);
  const events = world.events.length;
  assert.throws(() =>
    world.run((step) => {
      step.changeTask({ ...task, lastStatus: "RUNNING" });
      throw new Error("late");
    }),
  );
  assert.equal(world.task(task.id), task);
  world.report(task.id, "RUNNING");
  assert.equal(world.events.length, events + 1);
});

test("the machine undoes a report that meets a bug after it has written", () => {
  const world = small();
  const task = world.runTask();
  const index = [0, 1, 2].find((each) => world.instanceId(each) === task.instanceId) ?? 0;
  world.agent({ type: "agent-disconnected", instanceId: world.instanceId(index) });
  world.run((step) => step.state.revisions.delete(task.taskDefinitionArn));
  const report = {
    type: "agent-connected",
    isNewProcess: true,
    instanceId: world.instanceId(index),
    ...versions,
  } as const;
  assert.throws(() => world.agent(report), /the revision of a task must be there/);
  assert.equal(world.instance(index).agentConnected, false);
});

test("a document of an unknown kind is refused", () => {
  const load = () => aCluster().machine.load("of-a-later-berth", "k", {});
  assert.throws(load, { name: "NewerDocumentError", message: "no document of that kind is known" });
});

test("random streams decide: another seed gives other ids", () => {
  const ids = (seed: string) =>
    small(seed)
      .runTasks(aDefinition(), { count: 3 })
      .map(({ id }) => id);
  assert.deepEqual(ids("a"), ids("a"));
  assert.notDeepEqual(ids("a"), ids("b"));
  assert.equal(seededRandom("a/x").stream("y").hex(8) === seededRandom("a").stream("x").hex(8), false);
});

test("steps that could not be made durable are undone, whatever they did", () => {
  let undone = 0;
  fc.assert(
    fc.property(work, work, (durable, lost) => {
      const world = small();
      happen(world, durable);
      const { machine } = world;
      const undos: (() => void)[] = [];
      const before = dump(world.state);
      const step = machine.step.bind(machine);
      machine.step = (...given) => {
        const result = step(...given);
        if (!("reply" in result)) return result;
        if (result.documents.length > 0) undos.push(must(result.undo, "the undo of a step with changes"));
        return result;
      };
      happen(
        world,
        lost.filter(([name]) => name !== "restart"),
      );
      undone += undos.length;
      for (const undo of undos.toReversed()) undo();
      assert.deepEqual(dump(machine.state), before);
    }),
    { numRuns: 40 },
  );
  assert.ok(undone > 100, `${undone} steps`);
});

test("a read is answered as by a step, anything else not at all, and neither leaves a trace", () => {
  const counts = { reads: 0, refused: 0, writes: 0 };
  fc.assert(
    fc.property(work, (sequence) => {
      const world = small();
      const { machine } = world;
      const step = machine.step.bind(machine);
      machine.step = (input, now, random) => {
        if (input.type !== "call") return step(input, now, random);
        const before = dump(machine.state);
        const read = machine.read(input, now, seededRandom("read"));
        assert.deepEqual(dump(machine.state), before);
        const result = step(input, now, random);
        if (!("reply" in result)) {
          assert.equal(read, null);
          return result;
        }
        const wrote = result.documents.length > 0 || result.events.length > 0;
        counts[wrote ? "writes" : result.reply.ok ? "reads" : "refused"] += 1;
        if (wrote) assert.equal(read, null);
        else if (result.reply.ok) assert.deepEqual(read, result);
        else assert.deepEqual([read?.reply.ok, read?.documents], [false, []]);
        return result;
      };
      happen(
        world,
        sequence.filter(([name]) => name !== "restart"),
      );
      world.call("DescribeTasks", { tasks: world.state.taskIds.after(null).slice(0, 3).concat("nobody") });
      world.call("ListContainerInstances", {});
    }),
    { numRuns: 40 },
  );
  for (const [kind, count] of Object.entries(counts)) assert.ok(count > 40, `${count} ${kind}`);
});
