import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { noProgress } from "../documents/deployment-progress.ts";
import type { Service } from "../documents/service.ts";
import { unknownCondition } from "../documents/service-condition.ts";
import type { Task } from "../documents/task.ts";
import { rolling } from "../service-view/rolling.ts";
import type { LeaveReason, ServiceTask, ServiceView } from "../service-view/service-view.ts";
import { moveTaskSets } from "./move-task-sets.ts";

type Kind = "pending" | "running" | "held" | "failing";

let ids = 0;

/** A task by what matters of it. A held one serves and is not to be counted on yet. */
function aTask(kind: Kind, leaves: LeaveReason | null = null, isProtected = false): ServiceTask {
  ids += 1;
  const task = { id: String(ids).padStart(8, "0"), createdAt: ids } as Partial<Task> as Task;
  const serves = kind === "running" || kind === "held";
  return { task, leaves, isProtected, isRunning: kind !== "pending", serves, isHealthy: kind === "running" };
}

const many = (count: number, kind: Kind, leaves: LeaveReason | null = null): ServiceTask[] =>
  Array.from({ length: count }, () => aTask(kind, leaves));

type Scene = {
  readonly desired: number;
  readonly percent: readonly [number, number];
  readonly keepers?: readonly ServiceTask[];
  readonly leavers?: readonly ServiceTask[];
  readonly stopping?: number;
  readonly rolloutState?: "IN_PROGRESS" | "COMPLETED" | "FAILED";
};

function viewOf(scene: Scene): ServiceView {
  const { desired, percent, keepers = [], leavers = [], stopping = 0, rolloutState = "IN_PROGRESS" } = scene;
  const [minimumHealthyPercent, maximumPercent] = percent;
  const service = {
    status: "ACTIVE",
    desiredCount: desired,
    deploymentConfiguration: { minimumHealthyPercent, maximumPercent },
  } as unknown as Service;
  const target = { id: "a", rolloutState } as ServiceView["target"];
  const rollout = { serviceName: "web", targetId: "a", deployments: [target], serviceDeploymentId: "d" };
  const standing = { rollout, target, progress: noProgress("web", "a"), condition: unknownCondition("web") };
  const counts = { tasks: 0, serving: 0, healthy: 0 };
  const wanted = rolling({ service, rollout, target, countsOf: () => counts });
  return { service, ...standing, ...wanted, now: 0, keepers, leavers, stopping, ofOthers: 0, changesAt: null };
}

const sumOf = (of: readonly { readonly count: number }[]): number => of.reduce((sum, { count }) => sum + count, 0);

const planned = (scene: Scene) => {
  const { starts, stops, surplus, hindrance } = moveTaskSets(viewOf(scene));
  return { starts: sumOf(starts), stops: stops.length, surplus: sumOf(surplus), hindrance };
};

test("100 and 200: the replacements start first, and the old ones stop as the new become healthy", () => {
  const leavers = many(4, "running", "replaced");
  const scene: Scene = { desired: 4, percent: [100, 200], leavers };
  assert.deepEqual(planned(scene), { starts: 4, stops: 0, surplus: 0, hindrance: "in-motion" });
  const held = { ...scene, keepers: many(4, "held") };
  assert.deepEqual(planned(held), { starts: 0, stops: 0, surplus: 0, hindrance: "in-motion" });
  const halfway = { ...scene, keepers: [...many(2, "running"), ...many(2, "pending")] };
  assert.deepEqual(planned(halfway), { starts: 0, stops: 2, surplus: 0, hindrance: "in-motion" });
  const over = { ...scene, keepers: many(4, "running") };
  assert.deepEqual(planned(over), { starts: 0, stops: 4, surplus: 0, hindrance: null });
});

test("50 and 100: half of them stop first, and as many start when those are gone", () => {
  const scene: Scene = { desired: 4, percent: [50, 100], leavers: many(4, "running", "draining") };
  assert.deepEqual(planned(scene), { starts: 0, stops: 2, surplus: 0, hindrance: "in-motion" });
  const stopping = { ...scene, leavers: many(2, "running", "draining"), stopping: 2 };
  assert.deepEqual(planned(stopping), { starts: 0, stops: 0, surplus: 0, hindrance: "in-motion" });
  assert.deepEqual(planned({ ...stopping, stopping: 0 }), { starts: 2, stops: 0, surplus: 0, hindrance: "in-motion" });
});

test("100 and 100, and one task with 50 and 100: nothing moves, and that is what is said", () => {
  for (const [desired, percent] of [
    [4, [100, 100]],
    [1, [50, 100]],
    [2, [75, 100]],
  ] as const) {
    for (const reason of ["draining", "replaced"] as const) {
      const leavers = many(desired, "running", reason);
      assert.deepEqual(planned({ desired, percent, leavers }), {
        starts: 0,
        stops: 0,
        surplus: 0,
        hindrance: "deployment-configuration",
      });
    }
  }
});

test("tasks that are not RUNNING go at once, whatever the percentages", () => {
  const leavers = [
    ...many(2, "pending", "draining"),
    ...many(1, "pending", "replaced"),
    ...many(1, "running", "draining"),
  ];
  assert.equal(planned({ desired: 4, percent: [100, 100], leavers }).stops, 3);
});

test("what fails its health check is replaced first where there is room, else stopped one at a time", () => {
  const leavers = many(2, "failing", "unhealthy");
  const keepers = many(2, "running");
  const scene: Scene = { desired: 4, percent: [100, 150], keepers, leavers, rolloutState: "COMPLETED" };
  assert.deepEqual(planned(scene), { starts: 2, stops: 0, surplus: 0, hindrance: "in-motion" });
  assert.deepEqual(planned({ ...scene, percent: [100, 100] }), {
    starts: 0,
    stops: 1,
    surplus: 0,
    hindrance: "in-motion",
  });
  assert.equal(planned({ ...scene, keepers: many(4, "running") }).stops, 2);
});

test("protected tasks stay, but for those that fail their checks; a failed rollout moves nothing", () => {
  const safe = [
    aTask("running", "replaced", true),
    aTask("running", "draining", true),
    aTask("pending", "draining", true),
  ];
  assert.equal(planned({ desired: 3, percent: [0, 200], keepers: many(3, "running"), leavers: safe }).stops, 0);
  const waiting: Scene = { desired: 2, percent: [100, 200], keepers: many(2, "running"), leavers: safe.slice(0, 2) };
  assert.equal(planned(waiting).hindrance, "in-motion", "other percentages would not help");
  const failing = [aTask("failing", "unhealthy", true)];
  assert.equal(planned({ desired: 1, percent: [0, 200], keepers: many(1, "running"), leavers: failing }).stops, 1);
  const scene: Scene = {
    desired: 4,
    percent: [50, 200],
    leavers: many(4, "running", "replaced"),
    rolloutState: "FAILED",
  };
  assert.deepEqual(planned(scene), { starts: 0, stops: 0, surplus: 0, hindrance: "deployment-failed" });
});

test("tasks of lost agents take no room, and are given up when as many others are healthy", () => {
  const leavers = many(2, "running", "lost");
  const scene: Scene = {
    desired: 4,
    percent: [100, 100],
    keepers: many(2, "running"),
    leavers,
    rolloutState: "COMPLETED",
  };
  assert.deepEqual(planned(scene), { starts: 2, stops: 0, surplus: 0, hindrance: "in-motion" });
  assert.equal(planned({ ...scene, keepers: many(4, "running") }).stops, 2);
});

const kind = fc.constantFrom<Kind>("pending", "running", "held", "failing");
const reason = fc.constantFrom<LeaveReason>("draining", "replaced", "unhealthy", "lost");
const scene = fc.record({
  desired: fc.nat(30),
  percent: fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 100, max: 250 })),
  keepers: fc.array(
    kind.map((each) => aTask(each)),
    { maxLength: 40 },
  ),
  leavers: fc.array(
    fc.tuple(kind, reason, fc.boolean()).map(([each, why, isProtected]) => aTask(each, why, isProtected)),
    { maxLength: 40 },
  ),
  stopping: fc.nat(10),
  rolloutState: fc.constantFrom("IN_PROGRESS" as const, "COMPLETED" as const, "FAILED" as const),
});

test("no plan goes outside the percentages", () => {
  fc.assert(
    fc.property(scene, (drawn) => {
      const view = viewOf(drawn);
      const { starts, stops, surplus } = moveTaskSets(view);
      const { lower, upper } = view;
      const lost = view.leavers.filter(({ leaves }) => leaves === "lost").length;
      const occupied = view.keepers.length + view.leavers.length - lost + view.stopping;
      assert.ok(starts.length === 0 || occupied + sumOf(starts) <= upper, "never more than the upper bound");
      const serving = view.leavers.filter(
        ({ serves, leaves }) => serves && leaves !== "lost" && leaves !== "unhealthy",
      );
      // At worst all that is too many is healthy.
      const kept = Math.max(0, view.keepers.filter(({ isHealthy }) => isHealthy).length - sumOf(surplus));
      const gone = serving.filter(({ task }) => stops.some((stop) => stop.task === task)).length;
      assert.ok(gone === 0 || kept + serving.length - gone >= lower, "never fewer than the lower bound");
      assert.ok(stops.every(({ task, why }) => why === "unhealthy" || why === "lost" || !isProtected(view, task)));
      assert.equal(new Set(stops.map(({ task }) => task)).size, stops.length, "no task is stopped twice");
    }),
  );
});

const isProtected = (view: ServiceView, task: Task): boolean =>
  view.leavers.some((leaver) => leaver.task === task && leaver.isProtected);
