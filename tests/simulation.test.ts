/*
 * The simulated world as a test: equal seeds give equal runs, no rule is broken in a few thousand steps, and every checker
 * notices tampering with what it looks at.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { answeredNames } from "../src/ecs/machine/operations.ts";
import { unsettled } from "../src/simulator/settled/convergence.ts";
import { type SimulationOptions, type SimulationResult, simulate } from "../src/simulator/simulation.ts";
import { World } from "../src/simulator/world.ts";
import type { Append } from "../src/store/store.ts";

const regressions = new URL("../src/simulator/regressions/", import.meta.url);

function unbroken(result: SimulationResult, { seed, steps, hosts, scenario }: SimulationOptions): void {
  const { violation, tail } = result;
  if (violation === null) return;
  const repeat = `npm run sim -- --seed ${seed} --steps ${steps} --hosts ${hosts} --scenario ${scenario ?? "everything"}`;
  assert.fail(`${violation.rule}\n${violation.problem}\n${tail.slice(-20).join("\n")}\nRepeat with: ${repeat}`);
}

describe("a run", () => {
  test("is the same every time, to the last character of its trace", async () => {
    const lines: string[][] = [[], []];
    const results = [];
    for (const trace of lines) {
      results.push(await simulate({ seed: "twice", steps: 400, hosts: 4, sink: (line) => trace.push(line) }));
    }
    const [first, second] = lines;
    assert.ok((first?.length ?? 0) > 1_000, "something happens");
    assert.deepEqual(first, second);
    assert.equal(results[0]?.digest, results[1]?.digest);
  });

  test("differs with another seed", async () => {
    const runs = ["this", "that"].map((seed) => simulate({ seed, steps: 50, hosts: 2 }));
    const [one, other] = await Promise.all(runs);
    assert.notEqual(one?.digest, other?.digest);
  });
});

test("no rule is broken on several seeds, and every operation is answered", async () => {
  const answered = new Set<string>();
  for (let seed = 1; seed <= 8; seed++) {
    const options = { seed: String(seed), steps: 500, hosts: 4 };
    const result = await simulate(options);
    unbroken(result, options);
    for (const [operation, { reply }] of result.outcomes) if (reply > 0) answered.add(operation);
  }
  // AWS: the services of a namespace. There are no namespaces, and the call's error says so.
  answered.add("ListServicesByNamespace");
  assert.deepEqual([...answered].sort(), answeredNames);
});

test("services are rolled out, fail, drain and are deleted under faults, and settle, on several seeds", async () => {
  const eventNames = new Set<string>();
  const sink = (line: string) => {
    const name = /"eventName":"(\w+)"/.exec(line)?.[1];
    if (name !== undefined) eventNames.add(name);
  };
  for (let seed = 1; seed <= 8; seed++) {
    const options = { seed: String(seed), steps: 400, hosts: 4, scenario: "services", sink } as const;
    unbroken(await simulate(options), options);
  }
  for (const name of ["SERVICE_STEADY_STATE", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED"]) {
    assert.ok(eventNames.has(name), `${name} occurs in some run: ${[...eventNames].sort().join(", ")}`);
  }
});

test("networks that are cut for minutes: both sides agree after each cut, on several seeds", async () => {
  let cuts = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const options = { seed: String(seed), steps: 400, hosts: 4, scenario: "network-cut" } as const;
    const result = await simulate(options);
    unbroken(result, options);
    cuts += result.cuts.count;
  }
  assert.ok(cuts >= 24, `${cuts} cuts`);
});

describe("runs that once found a bug", () => {
  for (const file of readdirSync(regressions).filter((name) => name.endsWith(".json"))) {
    test(file, async () => {
      const options = JSON.parse(readFileSync(new URL(file, regressions), "utf8")) as SimulationOptions;
      unbroken(await simulate(options), options);
    });
  }
});

test("a world that cannot settle is noticed", async () => {
  const world = new World({ seed: "unsettled", hosts: 2, sink: null });
  await world.start();
  world.faults.stop();
  await world.clock.advance(300_000);
  assert.deepEqual(unsettled(world), []);
  world.hosts[0]?.kill({ quiet: true });
  await world.clock.advance(300_000);
  assert.match(unsettled(world).join(), /host-1 has no container instance/);
});

test("a service that stands still without a reason is noticed", async () => {
  const blind = tamperer("documents", 0, (condition, kind) =>
    kind === "service-condition" ? { ...condition, steadySince: null } : null,
  );
  const world = new World({ seed: "stands-still", hosts: 2, sink: null, tamper: blind });
  await world.start();
  world.faults.stop();
  await world.clock.advance(120_000);
  const containerDefinitions = [{ name: "main", image: "app", memory: 64 }];
  for (const [operation, request] of [
    ["RegisterTaskDefinition", { family: "web", containerDefinitions }],
    ["CreateService", { serviceName: "web", taskDefinition: "web", desiredCount: 1 }],
  ] as const) {
    const outcomes: string[] = [];
    void world.call(operation, request).then(({ type }) => outcomes.push(type));
    await world.clock.advance(180_000);
    assert.deepEqual(outcomes, ["reply"], operation);
  }
  assert.match(unsettled(world).join(), /service\/default\/web is not steady: 1 wanted, COMPLETED, tasks \w+ RUNNING/);
});

type Json = Record<string, unknown>;

/** Changes the `nth` document or event that `change` applies to, or every one if `nth` is 0. */
function tamperer(what: "documents" | "events", nth: number, change: (body: Json, kind: string) => Json | null) {
  let seen = 0;
  return (_: string, append: Append): Append => {
    const entries = append[what].flatMap((entry) => {
      if (entry.body === null) return [entry];
      const changed = change(JSON.parse(entry.body) as Json, "kind" in entry ? entry.kind : "event");
      seen += changed === null ? 0 : 1;
      if (changed === null || (nth > 0 && seen !== nth)) return [entry];
      return changed === removed ? [] : [{ ...entry, body: JSON.stringify(changed) }];
    });
    return { ...append, [what]: entries } as Append;
  };
}

const removed: Json = {};
const detail = (event: Json): Json => event.detail as Json;
const withDetail = (event: Json, members: Json): Json => ({ ...event, detail: { ...detail(event), ...members } });
const ofTask = (event: Json): boolean => event.detailType === "ECS Task State Change";

describe("a checker notices", () => {
  const cases: readonly (readonly [what: string, rule: RegExp, tamper: ReturnType<typeof tamperer>])[] = [
    [
      "a task that uses more than its instance has",
      /resources in use/,
      tamperer("documents", 0, (task, kind) =>
        kind === "task" && task.lastStatus === "PENDING"
          ? { ...task, reservation: { ...(task.reservation as Json), memoryMiB: 1 } }
          : null,
      ),
    ],
    [
      "an event that disagrees about what is left",
      /resources in use/,
      tamperer("events", 5, (event) =>
        ofTask(event)
          ? null
          : withDetail(event, {
              remainingResources: (detail(event).remainingResources as Json[]).map((resource) =>
                resource.name === "CPU" ? { ...resource, integerValue: 7 } : resource,
              ),
            }),
      ),
    ],
    [
      "a task that goes back",
      /statuses never go back/,
      tamperer("events", 2, (event) =>
        ofTask(event) && detail(event).lastStatus === "RUNNING"
          ? withDetail(event, { lastStatus: "PROVISIONING" })
          : null,
      ),
    ],
    [
      "a time that changes once it is set",
      /statuses never go back/,
      tamperer("events", 1, (event) =>
        ofTask(event) && detail(event).lastStatus === "STOPPED"
          ? withDetail(event, { createdAt: "2020-01-01T00:00:00.000Z" })
          : null,
      ),
    ],
    ["a gap in the sequence", /sequence has no gap/, tamperer("events", 4, () => removed)],
    [
      "a version that jumps",
      /versions rise by one/,
      tamperer("events", 4, (event) => withDetail(event, { version: Number(detail(event).version) + 1 })),
    ],
    [
      "a document in another version than its event",
      /versions rise by one/,
      tamperer("documents", 2, (task, kind) => (kind === "task" ? { ...task, version: 40 } : null)),
    ],
    [
      "a revision that was answered but not kept",
      /acknowledged writes are durable/,
      tamperer("documents", 0, (_, kind) => (kind === "task-definition" ? removed : null)),
    ],
    [
      "tags that were answered but not kept",
      /acknowledged writes are durable/,
      tamperer("documents", 0, (document) =>
        (document.tags as Json[] | undefined)?.some(({ key }) => String(key).startsWith("sim-"))
          ? { ...document, tags: [] }
          : null,
      ),
    ],
    [
      "a task on two instances",
      /one container instance only/,
      tamperer("documents", 1, (task, kind) =>
        kind === "task" && task.lastStatus === "RUNNING" ? { ...task, instanceId: "elsewhere" } : null,
      ),
    ],
  ];
  const ofServices: typeof cases = [
    [
      "a service whose rollout has no target",
      /is brought to one deployment/,
      tamperer("documents", 3, (rollout, kind) =>
        kind === "service-rollout" ? { ...rollout, deployments: [] } : null,
      ),
    ],
    [
      "a service deployment that is over and continues",
      /along their tables/,
      tamperer("documents", 1, (deployment, kind) =>
        kind === "service-deployment" && deployment.finishedAt !== null ? { ...deployment, status: "PENDING" } : null,
      ),
    ],
    [
      "an event of a service that is missing",
      /numbered without a gap/,
      tamperer("documents", 2, (_, kind) => (kind === "service-event" ? removed : null)),
    ],
    [
      "an INACTIVE service that has tasks",
      /no task that is wanted RUNNING/,
      tamperer("documents", 0, (service, kind) =>
        kind === "service" && Number(service.desiredCount) > 0 ? { ...service, status: "INACTIVE" } : null,
      ),
    ],
    [
      "a deployment that is COMPLETED without an event",
      /service deployment agree/,
      tamperer("events", 1, (event) => (detail(event).eventName === "SERVICE_DEPLOYMENT_COMPLETED" ? removed : null)),
    ],
    [
      "a task that is started above maximumPercent",
      /above its maximumPercent/,
      tamperer("documents", 0, (service, kind) =>
        kind === "service" && service.schedulingStrategy === "REPLICA"
          ? { ...service, deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 1 } }
          : null,
      ),
    ],
    [
      "a task that is stopped though minimumHealthyPercent needs it",
      /minimumHealthyPercent needs/,
      tamperer("documents", 0, (service, kind) =>
        kind === "service" && service.schedulingStrategy === "REPLICA"
          ? { ...service, deploymentConfiguration: { minimumHealthyPercent: 900, maximumPercent: 900 } }
          : null,
      ),
    ],
    [
      "a task where its constraints forbid it",
      /constraints let them be/,
      tamperer("documents", 0, (service, kind) =>
        kind === "service"
          ? { ...service, placementConstraints: [{ type: "memberOf", expression: "attribute:nowhere exists" }] }
          : null,
      ),
    ],
  ];
  for (const [what, rule, tamper] of [...cases, ...ofServices]) {
    test(what, async () => {
      const broken = new Set<string>();
      const sink = (line: string) => {
        const found = /^\S+ VIOLATION (.*)$/.exec(line)?.[1];
        if (found !== undefined) broken.add((JSON.parse(found) as { rule: string }).rule);
      };
      // A run may never reach what is tampered with: what happens in one follows from the whole workload.
      const scenario = ofServices.some(([each]) => each === what) ? "services" : "everything";
      for (const seed of ["tampered-1", "tampered-2", "tampered-3", "tampered-4"]) {
        if ([...broken].some((name) => rule.test(name))) break;
        await simulate({ seed, steps: 600, hosts: 3, scenario, tamper, sink });
      }
      assert.ok(
        [...broken].some((name) => rule.test(name)),
        `broken: ${[...broken].join(", ") || "nothing"}`,
      );
    });
  }
});
