import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Deployment } from "../documents/deployment.ts";
import type { Service } from "../documents/service.ts";
import { unknownCondition } from "../documents/service-condition.ts";
import { moveTaskSets } from "../service-plan/move-task-sets.ts";
import { ServiceWorld } from "../services/service-world.ts";
import { aDefinition } from "../small-world.ts";
import { rolling } from "./rolling.ts";
import type { ServiceTask, ServiceView } from "./service-view.ts";
import { viewService } from "./service-view.ts";
import { sharesOf, type TaskSet, wantedIn } from "./task-sets.ts";

describe("the rolling strategy", () => {
  const deployments = ["new", "old", "older"].map((id) => ({ id, rolloutState: "IN_PROGRESS" }) as Deployment);
  const serving = new Map([
    ["new", 1],
    ["old", 2],
  ]);
  const wants = (targetId: string, rolloutState = "IN_PROGRESS", percent = [50, 150]) => {
    const [minimumHealthyPercent, maximumPercent] = percent;
    const deploymentConfiguration = { minimumHealthyPercent, maximumPercent };
    return rolling({
      service: { desiredCount: 3, deploymentConfiguration } as unknown as Service,
      rollout: { serviceName: "web", targetId, deployments, serviceDeploymentId: "d" },
      target: { ...deployments.find(({ id }) => id === targetId), rolloutState } as Deployment,
      countsOf: (id) => ({ tasks: 0, healthy: 0, serving: serving.get(id) ?? 0 }),
    });
  };
  const wantedOf = ({ sets }: { readonly sets: readonly TaskSet[] }) =>
    sets.map(({ deployment, wanted }) => [deployment.id, wanted]);

  test("wants the service's count of the target, which comes first, and nothing of the others", () => {
    assert.deepEqual(wantedOf(wants("new")), [
      ["new", 3],
      ["old", 0],
      ["older", 0],
    ]);
    assert.deepEqual(wantedOf(wants("old")), [
      ["old", 3],
      ["new", 0],
      ["older", 0],
    ]);
  });

  test("rounds the lower bound up and the upper one down", () => {
    const { lower, upper } = wants("new");
    assert.deepEqual([lower, upper], [2, 4]);
  });

  test("gives each set the share of the requests that its serving tasks have", () => {
    assert.deepEqual(
      wants("new").sets.map(({ weight }) => weight),
      [34, 66, 0],
    );
  });

  test("replaces nothing when the target has failed", () => {
    assert.deepEqual([wants("new").replaces, wants("new", "FAILED").replaces], [true, false]);
  });
});

test("shares are whole, in proportion, and 100 together", () => {
  assert.deepEqual(sharesOf([0, 0]), [100, 0]);
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 5 }), (counts) => {
      const shares = sharesOf(counts);
      const sum = counts.reduce((all, count) => all + count, 0);
      assert.equal(
        shares.reduce((all, share) => all + share, 0),
        100,
      );
      for (const [at, share] of shares.entries()) {
        const exact = sum === 0 ? (at === 0 ? 100 : 0) : (100 * (counts[at] ?? 0)) / sum;
        assert.ok(Number.isInteger(share) && Math.abs(share - exact) < counts.length, `${share} for ${exact}`);
      }
    }),
  );
});

describe("the planner knows no strategy", () => {
  let made = 0;
  const tasksOf = (id: string, count: number, isHealthy = true): ServiceTask[] =>
    Array.from({ length: count }, () => {
      made += 1;
      const task = { id: `t${made}`, startedBy: id, createdAt: made } as ServiceTask["task"];
      return { task, leaves: null, isRunning: true, serves: isHealthy, isHealthy, isProtected: false };
    });
  /** A view in which a strategy wants these counts of the sets `a` (the target) and `b`. */
  const viewOf = (
    wanted: readonly [number, number],
    keepers: readonly ServiceTask[],
    more: Partial<ServiceView> = {},
  ): ServiceView => {
    const sets = wanted.map((count, at) => ({
      deployment: { id: at === 0 ? "a" : "b" } as Deployment,
      wanted: count,
      weight: 50,
    }));
    const [target] = sets;
    return {
      service: { status: "ACTIVE" },
      condition: unknownCondition("web"),
      target: target?.deployment,
      sets,
      replaces: true,
      lower: 0,
      upper: wanted[0] + wanted[1],
      keepers,
      leavers: [],
      stopping: 0,
      changesAt: null,
      ...more,
    } as ServiceView;
  };

  test("it starts what each set lacks, the target's first, as far as there is room", () => {
    const { starts } = moveTaskSets(viewOf([3, 2], tasksOf("b", 1)));
    assert.deepEqual(starts, [
      { deploymentId: "a", count: 3, instanceIds: null },
      { deploymentId: "b", count: 1, instanceIds: null },
    ]);
    const tight = moveTaskSets(viewOf([3, 2], tasksOf("b", 1), { upper: 3 }));
    assert.deepEqual(tight.starts, [{ deploymentId: "a", count: 2, instanceIds: null }]);
    assert.deepEqual(moveTaskSets(viewOf([3, 2], [], { replaces: false })).starts, []);
  });

  test("it stops what each set has beyond what is wanted", () => {
    const { starts, surplus } = moveTaskSets(viewOf([1, 2], [...tasksOf("a", 2), ...tasksOf("b", 5)]));
    assert.deepEqual(
      [starts, surplus],
      [
        [],
        [
          { deploymentId: "a", count: 1 },
          { deploymentId: "b", count: 3 },
        ],
      ],
    );
  });

  test("whatever is wanted, it comes to that and no further, and the bounds hold on the way", () => {
    // Of a set other than the target's of which nothing is wanted, no task is to be kept.
    const counts = fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 6 }));
    fc.assert(
      fc.property(counts, counts, fc.nat(4), (wanted, has, above) => {
        const have = { a: has[0], b: has[1] };
        const upper = wanted[0] + wanted[1] + above;
        for (let round = 0; round < 20; round++) {
          const view = viewOf(wanted, [...tasksOf("a", have.a), ...tasksOf("b", have.b)], { upper });
          const { starts, surplus } = moveTaskSets(view);
          const isAbove = have.a + have.b > upper;
          for (const { deploymentId, count } of starts) have[deploymentId as "a" | "b"] += count;
          assert.ok(isAbove || have.a + have.b <= upper, "never more than the upper bound");
          for (const { deploymentId, count } of surplus) have[deploymentId as "a" | "b"] -= count;
        }
        assert.deepEqual([have.a, have.b], wanted);
      }),
    );
  });
});

test("the view of a rollout has a set for each deployment, the target's first, with the share of its tasks that serve", () => {
  const world = new ServiceWorld("sets").withInstances(2, { cpu: 4_096, memoryMiB: 8_192 }) as ServiceWorld;
  world.aService({ desiredCount: 4 });
  world.untilSteady();
  const view = () => viewService({ state: world.state, now: world.now }, world.service());
  assert.deepEqual([view().sets.length, view().sets[0]?.weight], [1, 100]);
  const old = world.target().id;
  world.updateService({}, aDefinition({ revision: 2 }));
  assert.deepEqual(
    view().sets.map(({ deployment, weight }) => [deployment.id, weight]),
    [
      [world.target().id, 0],
      [old, 100],
    ],
  );
  world.play(600_000, () => view().sets[0]?.weight === 50);
  assert.equal(view().sets[1]?.weight, 50, "as many of the old ones serve as of the new");
  assert.equal(wantedIn(view()), 4);
  world.untilSteady();
  assert.equal(view().sets.length, 1);
});
