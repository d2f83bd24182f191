// Cached results must equal the query's current result, whatever happened in between; and evaluation is bounded in each step.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkedQuery } from "../cluster-query/checked-query.ts";
import { matchesQuery } from "../cluster-query/matches-query.ts";
import { aCluster, aDefinition, type SmallWorld } from "../small-world.ts";
import type { Candidate } from "./candidate.ts";
import { candidateOf } from "./place-task.ts";
import { queryStepsMax, StepTooLong } from "./selections.ts";

const expressions = [
  "attribute:stack == prod",
  "attribute:stack =~ p.*",
  "agentConnected == true",
  "task:group == service:web",
  "task:group =~ family:.*",
  "runningTasksCount > 1",
  "not(task:group exists) or attribute:stack exists",
];

function checkAll(world: SmallWorld): void {
  const { placement, instances } = world.state;
  placement.selections.begin(Number.POSITIVE_INFINITY);
  for (const expression of expressions) {
    const query = checkedQuery(expression);
    for (const id of instances.keys()) {
      const candidate = candidateOf(world.state, id) as Candidate;
      const said = placement.selections.selects(query, candidate);
      assert.equal(said, matchesQuery(query, candidate), `${expression} of ${id}`);
    }
  }
}

const change = fc.oneof(
  fc.record({ kind: fc.constant("attribute" as const), at: fc.nat(3), value: fc.constantFrom("prod", "test", "p") }),
  fc.record({ kind: fc.constant("remove" as const), at: fc.nat(3) }),
  fc.record({ kind: fc.constant("run" as const), at: fc.nat(3) }),
  fc.record({ kind: fc.constant("stop" as const), at: fc.nat(9) }),
  fc.record({ kind: fc.constant("disconnect" as const), at: fc.nat(3) }),
  fc.record({ kind: fc.constant("refused" as const), at: fc.nat(3) }),
  fc.record({ kind: fc.constant("earlier" as const), at: fc.nat(3) }),
);

test("a cached result equals the query's current result, after any history", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 25 }), (changes) => {
      const world = aCluster();
      for (let at = 0; at < 4; at++) world.withInstances(1, { registeredAt: 1_000 + at });
      const definition = aDefinition();
      checkAll(world);
      for (const [number, { kind, at, ...rest }] of changes.entries()) {
        const targetId = world.instanceId(at % 4);
        if (kind === "attribute") {
          const value = (rest as { value: string }).value;
          world.call("PutAttributes", {
            attributes: [{ name: "stack", value, targetId, targetType: "container-instance" }],
          });
        } else if (kind === "remove") {
          const attributes = [{ name: "stack", targetId, targetType: "container-instance" }];
          world.call("DeleteAttributes", { attributes });
        } else if (kind === "run") {
          world.call("StartTask", { containerInstances: [targetId] }, definition);
        } else if (kind === "stop") {
          const task = [...world.state.tasks.values()][at];
          if (task !== undefined) world.call("StopTask", { task: task.id });
        } else if (kind === "disconnect") {
          world.agent({ type: "agent-disconnected", instanceId: targetId });
        } else if (kind === "earlier") {
          // Renumbers all slots.
          world.withInstances(1, { registeredAt: 900 - number });
        } else {
          assert.throws(
            () =>
              world.run((step) => {
                const instance = world.instance(at);
                step.changeInstance({ ...instance, customAttributes: [{ name: "stack", value: "prod" }] });
                checkAll(world);
                throw new Error("the step is refused");
              }),
            /the step is refused/,
          );
        }
        checkAll(world);
      }
    }),
    { numRuns: 60 },
  );
});

test("suppositions about an instance have their own results", () => {
  const world = aCluster().withInstances(1);
  const candidate = candidateOf(world.state, world.instanceId(0)) as Candidate;
  const query = checkedQuery("task:group == service:web");
  const { selections } = world.state.placement;
  const supposed: Candidate = { ...candidate, usage: { ...candidate.usage, groups: new Map([["service:web", 1]]) } };
  assert.equal(selections.selects(query, candidate), false);
  assert.equal(selections.selects(query, supposed, "with web"), true);
  assert.equal(selections.selects(query, candidate), false);
  assert.equal(selections.selects(query, supposed, "with web"), true);
});

test("a step that has spent its budget evaluates nothing more, and cached results stay free", () => {
  const world = aCluster().withInstances(2);
  const { selections } = world.state.placement;
  const query = checkedQuery("attribute:stack == prod");
  const [first, second] = [0, 1].map((at) => candidateOf(world.state, world.instanceId(at)) as Candidate);
  selections.begin(1);
  assert.equal(selections.selects(query, first as Candidate), false);
  assert.throws(() => selections.selects(query, second as Candidate), StepTooLong);
  assert.equal(selections.selects(query, first as Candidate), false);
  selections.begin(queryStepsMax);
  assert.equal(selections.selects(query, second as Candidate), false);
});
