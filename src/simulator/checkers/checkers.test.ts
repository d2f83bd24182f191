/* What the checkers say about errors, one at a time. `tests/` has a whole world with tampering. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DurableState } from "../durable-state.ts";
import { AcknowledgedChecker } from "./acknowledged.ts";
import type { Call, Outcome } from "./checker.ts";
import { ClientTokensChecker } from "./client-tokens.ts";
import { FargateChecker } from "./fargate.ts";
import { LastWrites } from "./last-writes.ts";
import { PlacesChecker } from "./places.ts";
import { ResourcesChecker } from "./resources.ts";
import { VersionsChecker } from "./versions.ts";

const prefix = "arn:aws:ecs:eu-west-1:111122223333";
const partition = "cluster/111122223333/eu-west-1/default";

function problems() {
  const found: string[] = [];
  return { found, violate: (_rule: string, problem: string) => void found.push(problem) };
}

/** A task on the instance `i1` that binds host port 8080. */
function task(id: string) {
  return {
    id,
    arn: `${prefix}:task/default/${id}`,
    instanceId: "i1",
    lastStatus: "RUNNING",
    attachments: [],
    containers: [{ lastStatus: "RUNNING", networkBindings: [{ hostPort: 8080, protocol: "tcp" }] }],
    tags: [],
  };
}

const keep = (state: DurableState, ...tasks: object[]) =>
  state.keep(partition, {
    documents: tasks.map((body) => ({ kind: "task", key: (body as { id: string }).id, body: JSON.stringify(body) })),
    events: [],
  });

let ids = 0;
function call(operation: string, request: Readonly<Record<string, unknown>>, startedAt = 0): Call {
  ids += 1;
  return { id: ids, operation, request, cluster: "default", startedAt };
}

const reply = (members: Readonly<Record<string, unknown>>): Outcome => ({ type: "reply", reply: members });

describe("places", () => {
  test("a host port is bound by one task", () => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new PlacesChecker(violate);
    checker.kept(keep(state, task("t1")));
    assert.deepEqual(found, []);
    checker.kept(keep(state, { ...task("t2"), attachments: [{}] }));
    assert.deepEqual(found, []);
    checker.kept(keep(state, task("t3")));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", /8080\/tcp of i1/);
  });

  test("a container starts once, on one host, and only if its task is durable", () => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new PlacesChecker(violate);
    checker.kept(keep(state, task("t1")));
    const start = { host: "host-1", taskArn: `${prefix}:task/default/t1`, name: "main", runtimeId: "r1" };
    checker.containerStarted(start, state);
    checker.containerStarted(start, state);
    assert.deepEqual(found, []);
    checker.containerStarted({ ...start, runtimeId: "r2" }, state);
    assert.match(found.pop() ?? "", /a second time/);
    checker.containerStarted({ ...start, host: "host-2" }, state);
    assert.match(found.pop() ?? "", /host-1 and on host-2/);
    const instance = { id: "i1", arn: `${prefix}:container-instance/default/i1`, status: "ACTIVE" };
    state.keep(partition, {
      documents: ["container-instance", "instance-registration"].map((kind) => {
        return { kind, key: "i1", body: JSON.stringify(instance) };
      }),
      events: [],
    });
    keep(state, { ...task("t1"), lastStatus: "STOPPED" });
    checker.containerStarted(start, state);
    assert.match(found.pop() ?? "", /main of .* started on host-1/);
    checker.containerStarted({ ...start, taskArn: `${prefix}:task/default/t9` }, state);
    assert.match(found.pop() ?? "", /no such task is durable/);
  });
});

describe("client tokens", () => {
  const request = { clientToken: "once", taskDefinition: "web" };

  /** Calls RunTask repeatedly, with these tasks as answers, and returns what the checker says. */
  function run(
    ...calls: readonly (readonly [request: object, tasks: readonly string[], startedAt?: number])[]
  ): string[] {
    const { found, violate } = problems();
    const checker = new ClientTokensChecker(violate);
    for (const [members, tasks, startedAt] of calls) {
      const made = call("RunTask", { ...members }, startedAt);
      checker.callStarted(made);
      checker.callEnded(made, reply({ tasks: tasks.map((taskArn) => ({ taskArn })) }));
    }
    return found;
  }

  test("the same call gives the same tasks, or fewer if some are forgotten", () => {
    assert.deepEqual(run([request, ["a", "b"]], [request, ["b"]]), []);
    assert.equal(run([request, ["a", "b"]], [request, ["c"]]).length, 1);
  });

  test("a call that started nothing leaves its token unused", () => {
    assert.deepEqual(run([request, []], [request, ["c"]]), []);
    assert.equal(run([request, []], [request, ["c"]], [request, ["d"]]).length, 1);
  });

  test("another call with the same token is refused", () => {
    assert.equal(run([request, ["a"]], [{ ...request, count: 2 }, ["a"]]).length, 1);
    assert.deepEqual(run([request, ["a"]], [{ ...request, clientToken: "twice" }, ["b"]]), []);
  });

  test("a token ends with the last of its tasks", () => {
    const { found, violate } = problems();
    const checker = new ClientTokensChecker(violate);
    const state = new DurableState();
    checker.kept(keep(state, task("t1"), task("t2")));
    const answer = (...ids: readonly string[]): void => {
      const made = call("RunTask", request);
      checker.callStarted(made);
      checker.callEnded(made, reply({ tasks: ids.map((id) => ({ taskArn: task(id).arn })) }));
    };
    const forget = (key: string): void =>
      checker.kept(state.keep(partition, { documents: [{ kind: "task", key, body: null }], events: [] }));
    answer("t1", "t2");
    forget("t1");
    answer("t2");
    assert.deepEqual(found, []);
    answer("t3");
    assert.equal(found.length, 1);
    forget("t2");
    answer("t3");
    answer("t3");
    assert.equal(found.length, 1);
    answer("t4");
    assert.equal(found.length, 2);
  });

  test("a token lives for a day", () => {
    assert.equal(run([request, ["a"]], [request, ["b"], 85_000_000]).length, 1);
    assert.deepEqual(run([request, ["a"]], [request, ["b"], 86_400_000], [request, ["c"], 90_000_000]), []);
    const newLife = [request, ["b"], 90_000_000] as const;
    assert.deepEqual(run([request, ["a"]], newLife, [request, ["b"], 91_000_000]), []);
    assert.equal(run([request, ["a"]], newLife, [request, ["a"], 91_000_000]).length, 1);
  });
});

describe("acknowledged writes", () => {
  const arn = `${prefix}:task/default/t1`;
  const tagged = (value: string) => ({ ...task("t1"), tags: [{ key: "sim-a", value }] });
  const tag = (value: string) => call("TagResource", { resourceArn: arn, tags: [{ key: "sim-a", value }] });

  test("a tag that was answered exists, then and after a crash", () => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new AcknowledgedChecker(violate);
    keep(state, tagged("one"));
    const first = tag("one");
    checker.callStarted(first);
    checker.callEnded(first, reply({}), state);
    assert.deepEqual(found, []);
    keep(state, tagged("lost"));
    checker.crashed(state);
    assert.match(found.pop() ?? "", /written as one, durable is lost/);
    const second = tag("two");
    checker.callStarted(second);
    checker.callEnded(second, reply({}), state);
    assert.match(found.pop() ?? "", /written as two, durable is lost/);
  });

  test("nothing is known of a write without an answer", () => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new AcknowledgedChecker(violate);
    keep(state, tagged("one"));
    const lost = tag("two");
    checker.callStarted(lost);
    checker.callEnded(lost, { type: "lost", reason: "" }, state);
    checker.crashed(state);
    assert.deepEqual(found, []);
  });

  test("a stop that was answered shows", () => {
    const { found, violate } = problems();
    const state = new DurableState();
    keep(state, { ...task("t1"), desiredStatus: "RUNNING" });
    new AcknowledgedChecker(violate).callEnded(
      call("StopTask", {}),
      reply({ task: { taskArn: arn, version: 1 } }),
      state,
    );
    assert.ok(found.some((problem) => /StopTask was answered/.test(problem)));
    assert.ok(found.some((problem) => /in version 1, durable is none/.test(problem)));
  });

  test("a task that was shown stays until its retention is over", () => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new AcknowledgedChecker(violate);
    keep(state, task("t1"));
    checker.callEnded(call("RunTask", {}), reply({ tasks: [{ taskArn: arn, version: 0 }] }), state);
    found.length = 0;
    checker.audit(state, 0);
    assert.deepEqual(found, []);
    state.keep(partition, { documents: [{ kind: "task", key: "t1", body: null }], events: [] });
    checker.audit(state, 0);
    assert.match(found[0] ?? "", /was shown and is gone/);
  });
});

describe("concurrent writes", () => {
  test("leave the value unknown until the next one alone", () => {
    const writes = new LastWrites<string>();
    writes.begin("k");
    writes.begin("k");
    writes.acknowledged("k", "a");
    writes.acknowledged("k", "b");
    assert.deepEqual([...writes.known()], []);
    writes.begin("k");
    writes.acknowledged("k", "c");
    assert.deepEqual([...writes.known()], [["k", "c"]]);
    writes.begin("k");
    writes.refused("k");
    assert.deepEqual([...writes.known()], [["k", "c"]]);
    writes.begin("k");
    writes.lost("k");
    assert.deepEqual([...writes.known()], []);
  });
});

test("versions: what is described is never ahead of the log, nor behind it", () => {
  const { found, violate } = problems();
  const checker = new VersionsChecker(violate);
  const state = new DurableState();
  const arn = `${prefix}:task/default/t1`;
  const event = { sequence: 1, resources: [arn], detail: { version: 1 } };
  checker.kept(state.keep(partition, { documents: [], events: [{ sequence: 1, body: JSON.stringify(event) }] }));
  for (const [version, expected] of [
    [1, 0],
    [2, 1],
    [0, 1],
  ] as const) {
    found.length = 0;
    const describe = call("DescribeTasks", { tasks: ["t1"] });
    checker.callStarted(describe);
    checker.callEnded(describe, reply({ tasks: [{ taskArn: arn, version }] }), state);
    assert.equal(found.length, expected, `version ${version}`);
  }
});

test("versions: what the disk kept but reported as failed may be described or not, but not taken back", () => {
  const { found, violate } = problems();
  const checker = new VersionsChecker(violate);
  const state = new DurableState();
  const arn = `${prefix}:task/default/t1`;
  const keep = (version: number, isConfirmed: boolean): void => {
    const body = JSON.stringify({ sequence: version, resources: [arn], detail: { version } });
    const kept = state.keep(partition, { documents: [], events: [{ sequence: version, body }] }, isConfirmed);
    checker.kept(kept);
    state.noteEvents(kept);
  };
  const describe = (version: number): number => {
    found.length = 0;
    const asked = call("DescribeTasks", { tasks: ["t1"] });
    checker.callStarted(asked);
    checker.callEnded(asked, reply({ tasks: [{ taskArn: arn, version }] }), state);
    return found.length;
  };
  keep(1, true);
  keep(2, false);
  assert.deepEqual([describe(1), describe(2), describe(1)], [0, 0, 1]);
  keep(3, false);
  assert.equal(describe(2), 0);
  keep(4, true);
  assert.deepEqual([describe(3), describe(4)], [1, 0]);
});

test("resources: the described remainder is what the described tasks leave", () => {
  const { found, violate } = problems();
  const checker = new ResourcesChecker(violate);
  const amounts = (cpu: number) => [
    { name: "CPU", type: "INTEGER", integerValue: cpu },
    { name: "MEMORY", type: "INTEGER", integerValue: 0 },
  ];
  const instance = {
    containerInstanceArn: "i",
    version: 1,
    registeredResources: amounts(1024),
    remainingResources: amounts(512),
  };
  const described = { taskArn: "t", containerInstanceArn: "i", lastStatus: "RUNNING", cpu: "512", memory: "0" };
  const snapshot = { cluster: "default", instancesBefore: [instance], tasks: [described], instancesAfter: [instance] };
  checker.snapshot(snapshot);
  assert.deepEqual(found, []);
  checker.snapshot({ ...snapshot, tasks: [] });
  assert.match(found[0] ?? "", /512 of 1024 CPU left, its tasks use 0/);
});

test("Fargate: tasks are on the right hosts, and no answer names their host", () => {
  const { found, violate } = problems();
  const state = new DurableState();
  const checker = new FargateChecker(violate);
  const host = `managed-${"0".repeat(32)}`;
  const onFargate = { ...task("t1"), launchType: "FARGATE", instanceId: host };
  checker.kept(keep(state, onFargate, { ...task("t2"), launchType: "EC2" }));
  checker.callEnded(call("DescribeTasks", { tasks: [host] }), reply({ failures: [{ arn: host }] }));
  assert.deepEqual(found, []);
  checker.kept(keep(state, { ...onFargate, launchType: "EC2" }));
  checker.kept(keep(state, { ...onFargate, instanceId: "i1" }));
  checker.callEnded(call("ListTasks", {}), reply({ taskArns: [host] }));
  assert.equal(found.length, 3);
});

test("resources: a managed host is idle when no task is on it", () => {
  const { found, violate } = problems();
  const state = new DurableState();
  const checker = new ResourcesChecker(violate);
  const host = (idleSince: number | null) =>
    state.keep(partition, {
      documents: [{ kind: "managed-host", key: "i1", body: JSON.stringify({ id: "i1", idleSince }) }],
      events: [],
    });
  checker.kept(host(1));
  assert.deepEqual(found, []);
  checker.kept(host(null));
  assert.match(found[0] ?? "", /i1 is idle/);
  checker.kept(keep(state, task("t1")));
  checker.kept(host(null));
  assert.equal(found.length, 1);
  checker.kept(host(2));
  assert.match(found[1] ?? "", /not idle/);
});
