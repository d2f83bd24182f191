/*
 * The index against the rules written down plainly: over random histories of instances that come, go and change and of tasks
 * that are placed and stopped, steps that are rolled back included, it must draw from exactly those instances that are equally
 * good and better than the rest, and in the same order as an index that is built from the documents alone.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type RandomStream, seededRandom } from "../../lib/random.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import type { PlacementConstraint, PlacementRequest, PlacementStrategy } from "../documents/placement-request.ts";
import { holdsResources } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { launch } from "../launch/launch.ts";
import { effectiveContainers, needOf, type TaskTemplate } from "../launch/new-task.ts";
import { resolveOverrides } from "../launch/overrides.ts";
import { clusterReactions } from "../machine/cluster-reactions.ts";
import { aCluster, aDefinition, awsvpcDefinition } from "../small-world.ts";
import { ClusterState } from "../state/cluster-state.ts";
import { ClusterStep } from "../state/cluster-step.ts";
import type { Candidate } from "./candidate.ts";
import { remaining } from "./filters/resources.ts";
import { candidateOf, placementFailures, placeTask, refusalOn } from "./place-task.ts";
import { filtersOf, isEligible } from "./placement-filters.ts";
import { countsInSpread, spreadKey, spreadKeyOf } from "./spread-key.ts";

const { state: empty } = aCluster();
const newState = () => new ClusterState(empty.place, empty.name, empty.configuration);

/** The rules without any index. Returns the ids of the best instances, which are equally good. */
function best(state: ClusterState, request: PlacementRequest): Set<string> {
  const all = [...state.instances.keys()].map((id): Candidate => {
    // Without the index's cached results.
    const { instance, usage } = candidateOf(state, id) as Candidate;
    return { instance, usage };
  });
  const counted = [...state.tasks.values()].filter(
    (task) => holdsResources(task) && countsInSpread(task) && spreadKeyOf(task) === spreadKey(request),
  );
  const tasksOn = ({ instance }: Candidate) =>
    instance.status === "ACTIVE" ? counted.filter(({ instanceId }) => instanceId === instance.id).length : 0;
  let left = all.filter(
    (candidate) =>
      isEligible(request, candidate.instance) && filtersOf(request).every((filter) => filter.lacks(candidate) === 0),
  );
  for (const strategy of request.strategies) {
    if (strategy.type === "random") break;
    const wish = (candidate: Candidate): number => {
      if (strategy.type === "binpack") return remaining(candidate, strategy.field);
      if (strategy.field === "instanceId") return tasksOn(candidate);
      const value = attributeOf(candidate.instance, strategy.field);
      if (value === undefined) return Number.POSITIVE_INFINITY;
      const alike = all.filter(({ instance }) => attributeOf(instance, strategy.field) === value);
      return alike.reduce((sum, each) => sum + tasksOn(each), 0);
    };
    const least = Math.min(...left.map(wish));
    left = left.filter((candidate) => wish(candidate) === least);
  }
  return new Set(left.map(({ instance }) => instance.id));
}
const attributeOf = ({ platformAttributes, customAttributes }: ContainerInstance, field: string) =>
  [...platformAttributes, ...customAttributes].find(({ name }) => `attribute:${name}` === field)?.value;

/** Every instance that placement may draw, in the order of drawing. */
function drawn(state: ClusterState, request: PlacementRequest): string[] {
  let among = 0;
  const draw = (nth: number) => {
    const random: RandomStream = {
      ...seededRandom("").stream(""),
      below(limit) {
        among = limit;
        return nth;
      },
    };
    return placeTask(state, request, random)?.instance.id;
  };
  const first = draw(0);
  return first === undefined ? [] : [first, ...Array.from({ length: among - 1 }, (_, nth) => draw(nth + 1) as string)];
}

type Wanted = { readonly template: TaskTemplate; readonly request: PlacementRequest };

/** Two deployments of one service, and two groups of standalone tasks. */
const parties = [
  { group: "one", deploymentId: null },
  { group: "two", deploymentId: null },
  { group: "service:web", deploymentId: "ecs-svc/1" },
  { group: "service:web", deploymentId: "ecs-svc/2" },
] as const;
type Party = (typeof parties)[number];

function wanted(
  definition: TaskDefinition,
  rest: Pick<PlacementRequest, "constraints" | "strategies">,
  { group, deploymentId }: Party,
) {
  const overrides = resolveOverrides(undefined, definition);
  const containers = effectiveContainers(definition, overrides);
  const need = needOf(definition, containers, overrides);
  const subnets = definition.networkMode === "awsvpc" ? ["subnet-1"] : null;
  const template = { definition, containers, overrides, need, group, startedBy: deploymentId, tags: [], subnets };
  return {
    template,
    request: { need, group, deploymentId, launchType: "EC2", capacityProvider: null, ...rest },
  } as Wanted;
}

const definitions: readonly TaskDefinition[] = [
  aDefinition(),
  aDefinition({ containers: [{ cpu: 300, memory: 200 }] }),
  aDefinition({ containers: [{ portMappings: [{ containerPort: 80, hostPort: 80 }] }] }),
  aDefinition({ containers: [{ resourceRequirements: [{ type: "GPU", value: "1" }] }] }),
  aDefinition({ requiresAttributes: [{ name: "rack" }] }),
  awsvpcDefinition(),
];
const strategies: readonly PlacementStrategy[] = [
  { type: "random" },
  { type: "spread", field: "instanceId" },
  { type: "spread", field: "attribute:ecs.availability-zone" },
  { type: "spread", field: "attribute:rack" },
  { type: "binpack", field: "CPU" },
  { type: "binpack", field: "MEMORY" },
];
const constraints: readonly PlacementConstraint[] = [
  { type: "distinctInstance" },
  { type: "memberOf", expression: "attribute:ecs.availability-zone != a" },
  { type: "memberOf", expression: "attribute:rack exists" },
  { type: "memberOf", expression: "runningTasksCount < 3" },
  { type: "memberOf", expression: "task:group == two" },
];
const pick = <T>(values: readonly T[]) => fc.nat(values.length - 1).map((at) => values[at] as T);
const aWanted = fc
  .record({
    definition: pick(definitions),
    strategies: fc.array(pick(strategies), { maxLength: 3 }),
    constraints: fc.oneof(fc.constant([]), fc.array(pick(constraints), { minLength: 1, maxLength: 2 })),
    party: fc.constantFrom(...parties),
    launchType: fc.constantFrom("EC2", "EC2", "EC2", "EC2", "EXTERNAL"),
    capacityProvider: fc.constantFrom(null, null, null, "own"),
  })
  .map(({ definition, party, ...rest }) => wanted(definition, rest, party));

const aHost = fc.record({
  zone: fc.constantFrom("a", "b", "c"),
  rack: fc.constantFrom(null, "1", "2", "3"),
  cpu: fc.constantFrom(512, 1_024, 1_024, 2_048),
  external: fc.constantFrom(false, false, false, true),
  provider: fc.constantFrom(null, null, "own"),
  registeredAt: fc.nat(3),
});
type Host = typeof aHost extends fc.Arbitrary<infer H> ? H : never;

const template = aCluster()
  .withInstances(1, { gpus: ["g1", "g2"] })
  .instance(0);
const numbered = (number: number) => number.toString(16).padStart(32, "0");
const hostDocument = (id: string, host: Host, at: number): ContainerInstance => ({
  ...template,
  id,
  external: host.external,
  capacityProviderName: host.provider,
  registeredAt: at - host.registeredAt,
  registeredResources: [
    { name: "CPU", type: "INTEGER", value: host.cpu },
    { name: "MEMORY", type: "INTEGER", value: 2_048 },
  ],
  ...attributes(host),
});
const attributes = ({ zone, rack }: Host) => ({
  platformAttributes: [{ name: "ecs.availability-zone", value: zone }],
  customAttributes: rack === null ? [] : [{ name: "rack", value: rack }],
});

const nth = fc.nat(1_000);
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("arrive" as const), host: aHost }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drain" as const), nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("disconnect" as const), nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("relabel" as const), nth, host: aHost }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("place" as const), nth }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("stop" as const), nth }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("stopped" as const), nth }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("sicken" as const), nth }) },
);
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never;

/** Makes a change in a step. `count` numbers the instances of a history. */
function apply(step: ClusterStep, each: Change, wishes: readonly Wanted[], count: number): void {
  const { state } = step;
  if (each.do === "arrive") {
    // Ids that don't rise with time, so new instances sort between others.
    step.changeInstance(hostDocument(numbered((count * 7_919) % 1_009), each.host, 10 * (count >> 2)));
    return;
  }
  const instances = [...state.instances.values()];
  const tasks = [...state.tasks.values()].filter(({ lastStatus }) => lastStatus !== "STOPPED");
  const instance = instances[each.nth % instances.length];
  const task = tasks[each.nth % tasks.length];
  if (each.do === "place") place(step, wishes[each.nth % wishes.length] as Wanted);
  if (each.do === "stop" && task !== undefined) step.changeTask({ ...task, desiredStatus: "STOPPED" });
  if (each.do === "stopped" && task !== undefined) step.changeTask({ ...task, lastStatus: "STOPPED" });
  if (each.do === "sicken" && task !== undefined) {
    step.changeTask({ ...task, healthStatus: task.healthStatus === "UNHEALTHY" ? "HEALTHY" : "UNHEALTHY" });
  }
  if (instance === undefined) return;
  if (each.do === "relabel") step.changeInstance({ ...instance, ...attributes(each.host) });
  if (each.do === "drain") {
    step.changeInstance({ ...instance, status: instance.status === "ACTIVE" ? "DRAINING" : "ACTIVE" });
  }
  if (each.do === "disconnect") step.changeInstance({ ...instance, agentConnected: !instance.agentConnected });
  if (each.do === "leave" && state.book.usageOf(instance.id).taskIds.size === 0) state.instances.delete(instance.id);
}

function place(step: ClusterStep, { template, request }: Wanted): void {
  const candidate = placeTask(step.state, request, step.random("placement"));
  if (candidate === null) {
    assert.equal(best(step.state, request).size, 0);
    return;
  }
  assert.equal(refusalOn(step.state, request, candidate), null);
  launch(step, template, candidate);
  for (const name of ["CPU", "MEMORY"] as const) {
    const after = candidateOf(step.state, candidate.instance.id) as Candidate;
    assert.ok(remaining(after, name) >= 0, `${name} is not given out twice`);
  }
}

function check(state: ClusterState, wishes: readonly Wanted[], count: number): void {
  for (const { request } of wishes.filter((_, index) => (index + count) % 3 === 0)) {
    const found = drawn(state, request);
    assert.equal(new Set(found).size, found.length, "each once");
    assert.deepEqual(new Set(found), best(state, request));
    if (found.length > 0) continue;
    const failures = placementFailures(state, request);
    assert.equal(
      failures.length > 0,
      [...state.instances.values()].some((each) => isEligible(request, each)),
    );
  }
}

test("placement draws from exactly the best instances, whatever happened before", () => {
  const history = fc.array(fc.record({ change, keep: fc.constantFrom(true, true, true, false) }), {
    minLength: 20,
    maxLength: 80,
    size: "max",
  });
  fc.assert(
    fc.property(fc.array(aWanted, { minLength: 1, maxLength: 6 }), history, (wishes, changes) => {
      const state = newState();
      const random = seededRandom("history");
      for (const [count, { change: each, keep }] of changes.entries()) {
        apply(new ClusterStep(state, 1_000, random, clusterReactions), each, wishes, count);
        if (count % 2 === 0) check(state, wishes, count);
        if (keep) state.commit();
        else state.rollback();
        check(state, wishes, count);
      }
      const restarted = newState();
      for (const instance of state.instances.values()) restarted.instances.load(instance.id, instance);
      for (const task of state.tasks.values()) restarted.tasks.load(task.id, task);
      for (const { request } of wishes) assert.deepEqual(drawn(restarted, request), drawn(state, request));
    }),
    { numRuns: 150 },
  );
});

/** Places `count` tasks of a request on `hosts`, one at a time. */
function filled(hosts: readonly Host[], count: number, { template, request }: Wanted) {
  const state = newState();
  const step = new ClusterStep(state, 1_000, seededRandom("filled"), clusterReactions);
  for (const [at, host] of hosts.entries()) step.changeInstance(hostDocument(numbered(at), host, at));
  const order: string[] = [];
  for (let i = 0; i < count; i++) {
    const candidate = placeTask(state, request, step.random("placement"));
    if (candidate === null) break;
    launch(step, template, candidate);
    order.push(candidate.instance.id);
  }
  return { state, order };
}
const plainHosts = fc.array(
  aHost.map((host) => ({ ...host, external: false })),
  { minLength: 1, maxLength: 12, size: "max" },
);

test("spread stays within one task among the values that had room to the end", () => {
  for (const field of ["instanceId", "attribute:ecs.availability-zone"]) {
    const wish = wanted(aDefinition(), { constraints: [], strategies: [{ type: "spread", field }] }, parties[0]);
    fc.assert(
      fc.property(plainHosts, fc.nat(60), (hosts, count) => {
        const { state } = filled(hosts, count, wish);
        const counts = new Map<string, number>();
        const open = new Set<string>();
        for (const instance of state.instances.values()) {
          const value = field === "instanceId" ? instance.id : (attributeOf(instance, field) ?? "");
          const candidate = candidateOf(state, instance.id) as Candidate;
          counts.set(value, (counts.get(value) ?? 0) + (candidate.usage.groups.get("one") ?? 0));
          if (refusalOn(state, wish.request, candidate) === null) open.add(value);
        }
        const least = Math.min(...[...open].map((value) => counts.get(value) ?? 0));
        for (const [value, tasks] of counts) {
          if (open.has(value)) assert.ok(tasks - least <= 1, `${value} has ${tasks}, another ${least}`);
          else assert.ok(tasks <= least + 1, "a full value does not hold more than its share");
        }
      }),
    );
  }
});

test("binpack starts with the least room and fills an instance before the next", () => {
  for (const field of ["CPU", "MEMORY"] as const) {
    const wish = wanted(aDefinition(), { constraints: [], strategies: [{ type: "binpack", field }] }, parties[0]);
    fc.assert(
      fc.property(plainHosts, fc.nat(60), (hosts, count) => {
        const { state, order } = filled(hosts, count, wish);
        const runs = order.filter((id, at) => id !== order[at - 1]);
        assert.equal(runs.length, new Set(runs).size, "never back to an instance that was left");
        const sizes = runs.map((id) => {
          const { instance } = candidateOf(state, id) as Candidate;
          return (
            instance.registeredResources.flatMap((each) =>
              each.name === field && "value" in each ? [each.value] : [],
            )[0] ?? 0
          );
        });
        assert.deepEqual(
          sizes,
          [...sizes].sort((a, b) => a - b),
        );
      }),
    );
  }
});
