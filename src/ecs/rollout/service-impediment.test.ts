import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { clusterReactions } from "../machine/cluster-reactions.ts";
import { applyPlan } from "../service-look/apply-plan.ts";
import { PlanDraft } from "../service-plan/plan-draft.ts";
import { documentsOf } from "../service-view/service-view.ts";
import { ServiceWorld } from "../services/service-world.ts";
import { ClusterStep } from "../state/cluster-step.ts";

const hour = 3_600_000;

test("reasons that take turns are told once each, and again after six hours or when the service was steady in between", () => {
  const world = new ServiceWorld("impediments");
  world.aService({ desiredCount: 0 });
  const told = () => world.told().filter((text) => text.includes("has insufficient")).length;
  const at = (hours: number, decide: (draft: PlanDraft) => void) => {
    const chance = seededRandom(`impediments ${hours}`);
    const step = new ClusterStep(world.state, world.now + hours * hour, chance, clusterReactions);
    const draft = new PlanDraft(step, documentsOf(world.state, world.service()));
    decide(draft);
    applyPlan(step, "web", draft.items);
  };
  const says = (reason: string, instanceId: string) => (draft: PlanDraft) =>
    draft.impede({ reason: { type: "no-room", closest: { instanceId, reason: `RESOURCE:${reason}` } }, detail: {} });
  at(0, says("MEMORY", "a"));
  at(1, says("CPU", "a"));
  at(2, says("MEMORY", "b"));
  at(3, says("CPU", "a"));
  assert.equal(told(), 2, "which instance is closest is no news");
  assert.deepEqual(
    world.condition().impediment?.reason,
    { type: "no-room", closest: { instanceId: "a", reason: "RESOURCE:CPU" } },
    "what is told first is not what is in the way last",
  );
  assert.equal(world.condition().impediment?.since, world.now + 3 * hour);
  at(6, says("MEMORY", "a"));
  assert.equal(told(), 3);
  at(6.5, says("CPU", "a"));
  assert.equal(told(), 3);
  at(6.6, (draft) => draft.clearImpediment());
  at(6.7, says("CPU", "a"));
  assert.equal(told(), 3, "a service whose tasks come and go gets on with each of them");
  world.play(100_000);
  assert.deepEqual([world.condition().impediment, world.condition().steadySince === null], [null, false]);
  at(6.8, says("CPU", "a"));
  assert.equal(told(), 4);
});
