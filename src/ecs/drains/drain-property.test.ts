import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { images, withImage } from "../services/service-world.ts";
import { DrainWorld } from "./drain-world.ts";

type ServicePlan = {
  readonly daemon: boolean;
  readonly desired: number;
  readonly minimum: number;
  readonly over: number;
};

const services: fc.Arbitrary<readonly ServicePlan[]> = fc.array(
  fc.record({
    daemon: fc.boolean(),
    desired: fc.integer({ min: 0, max: 6 }),
    minimum: fc.constantFrom(0, 34, 50, 100),
    over: fc.constantFrom(0, 25, 100),
  }),
  { minLength: 1, maxLength: 3 },
);

const clusters = fc.record({
  instances: fc.integer({ min: 1, max: 5 }),
  tasksEach: fc.integer({ min: 1, max: 6 }),
  services,
  standalone: fc.integer({ min: 0, max: 2 }),
  drained: fc.integer({ min: 1, max: 2 }),
  isProtected: fc.boolean(),
  away: fc.option(fc.integer({ min: 0, max: 4 }), { nil: null, freq: 4 }),
  /** Whether the first REPLICA service is being rolled out. */
  rollout: fc.boolean(),
  /** Seconds between the last change and the plan. */
  rest: fc.constantFrom(0, 1, 120),
});
type Cluster = typeof clusters extends fc.Arbitrary<infer C> ? C : never;

function definitionOf(index: number): TaskDefinition {
  const definition = withImage(images.healthy);
  const family = `family-${index}`;
  return { ...definition, family, arn: definition.arn.replace("/web:", `/${family}:`) };
}

function worldOf(cluster: Cluster): DrainWorld {
  const world = new DrainWorld("drain-property");
  world.withInstances(cluster.instances, { memoryMiB: cluster.tasksEach * 256 });
  for (const [index, { daemon, desired, minimum, over }] of cluster.services.entries()) {
    const percentages = {
      minimumHealthyPercent: minimum,
      maximumPercent: 100 + Math.max(over, minimum === 100 ? 1 : 0),
    };
    const schedule = daemon
      ? {
          schedulingStrategy: "DAEMON",
          deploymentConfiguration: { minimumHealthyPercent: minimum, maximumPercent: 100 },
        }
      : { desiredCount: desired, deploymentConfiguration: percentages };
    const family = `family-${index}`;
    const definition = {
      ...withImage(images.healthy),
      family,
      arn: withImage("x").arn.replace("/web:", `/${family}:`),
    };
    world.aService({ serviceName: `service-${index}`, ...schedule }, definition);
  }
  world.play(30_000);
  for (let n = 0; n < cluster.standalone; n++) world.call("RunTask", {}, withImage("x", 9));
  world.play(cluster.rest * 1_000);
  const rolled = cluster.services.findIndex(({ daemon }) => !daemon);
  if (cluster.rollout && rolled >= 0) {
    const definition = { ...definitionOf(rolled), revision: 2, arn: definitionOf(rolled).arn.replace(/1$/, "2") };
    world.updateService({ service: `service-${rolled}` }, definition);
  }
  const ofServices = [...world.state.tasks.values()].filter(({ group }) => group.startsWith("service:"));
  const [first] = ofServices;
  if (cluster.isProtected && first !== undefined && first.desiredStatus === "RUNNING") {
    world.call("UpdateTaskProtection", { tasks: [first.id], protectionEnabled: true, expiresInMinutes: 600 });
  }
  if (cluster.away !== null && cluster.away < cluster.instances) {
    world.agent({ type: "agent-disconnected", instanceId: world.instanceId(cluster.away) });
  }
  return world;
}

const drainedOf = ({ drained, instances }: Cluster): number[] =>
  Array.from({ length: Math.min(drained, instances) }, (_, index) => index);

test("a drain does what its plan says; whatever is left has a blocker", () => {
  fc.assert(
    fc.property(clusters, (cluster) => {
      const world = worldOf(cluster);
      const indexes = drainedOf(cluster);
      const plan = world.plan(...indexes);
      world.drain(...indexes);
      world.play(300_000);
      // If services compete for the same room, timing decides which one gets it.
      const replicas = cluster.services.filter(({ daemon }) => !daemon).length;
      const left = indexes.flatMap((index) => world.on(index));
      const isSure = plan.finishes && (replicas < 2 || !cluster.rollout);
      if (isSure) assert.deepEqual(left, [], "the plan says that it finishes");
      const expected = [...plan.blockers, ...plan.stays].map(({ taskArn }) => taskArn);
      const blocked = new Set(world.describeDrain().flatMap(({ blockers }) => blockers.map(({ taskArn }) => taskArn)));
      const isHeld = left.length === 0 || blocked.size > 0;
      assert.ok(isHeld, `nobody blocks ${left.map(({ id }) => id)}`);
      if (replicas < 2) assert.equal(left.length, expected.length, "as many are left as the plan says");
      for (const drain of world.describeDrain()) {
        assert.equal(drain.finished, drain.tasksRemaining === 0);
        const waiting = drain.remaining.filter(({ taskArn }) => !blocked.has(taskArn));
        for (const { reason } of waiting) assert.equal(reason, "DAEMON_LAST", "all else would have gone by now");
      }
      const moves = replicas < 2 ? plan.moves : [];
      for (const move of moves) assert.ok(!left.some(({ arn }) => arn === move.taskArn), "what moves is gone");
    }),
    { numRuns: 150 },
  );
});

test("a drain keeps within the percentages of services, and a cancelled one leaves them with the tasks they want", () => {
  fc.assert(
    fc.property(clusters, fc.integer({ min: 0, max: 12 }), (drawn, seconds) => {
      const cluster = { ...drawn, away: null, isProtected: false };
      const world = worldOf(cluster);
      const before = new Map(
        world.state.serviceIndex.names.after(null).map((name) => [name, world.running(name).length]),
      );
      world.watch = () => {
        for (const [name, healthy] of before) {
          const { desiredCount, schedulingStrategy, deploymentConfiguration } = world.service(name);
          if (schedulingStrategy === "DAEMON") continue;
          const lower = Math.ceil((desiredCount * deploymentConfiguration.minimumHealthyPercent) / 100);
          const upper = Math.floor((desiredCount * deploymentConfiguration.maximumPercent) / 100);
          assert.ok(world.running(name).length >= Math.min(lower, healthy), `${name} has its minimum`);
          assert.ok(world.tasksOf(name).length <= Math.max(upper, desiredCount), `${name} keeps to its maximum`);
        }
      };
      const indexes = drainedOf(cluster);
      world.drain(...indexes);
      world.play(seconds * 1_000);
      world.cancelDrain(...indexes);
      world.play(120_000);
      const names = [...before.keys()];
      for (const name of names) assert.ok(world.running(name).length <= world.service(name).desiredCount);
      // One service may have got another's room.
      const healthy = names.reduce((sum, name) => sum + world.running(name).length, 0);
      const had = [...before.values()].reduce((sum, each) => sum + each, 0);
      assert.ok(healthy >= had, "together they have what they had");
    }),
    { numRuns: 80 },
  );
});
