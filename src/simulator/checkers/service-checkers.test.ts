/* What the checkers of services say about errors, one at a time. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DurableState } from "../durable-state.ts";
import { ConstraintsChecker } from "./constraints.ts";
import { RepeatedEventsChecker } from "./repeated-events.ts";
import { RolloutsChecker } from "./rollouts.ts";
import { ServicesChecker } from "./services.ts";

const prefix = "arn:aws:ecs:eu-west-1:111122223333";
const partition = "cluster/111122223333/eu-west-1/default";

function problems() {
  const found: string[] = [];
  return { found, violate: (_rule: string, problem: string) => void found.push(problem) };
}

type Body = Readonly<Record<string, unknown>>;

/** Keeps documents, given as kind, key and body. */
const keep = (state: DurableState, ...documents: (readonly [kind: string, key: string, body: Body | null])[]) =>
  state.keep(partition, {
    documents: documents.map(([kind, key, body]) => ({ kind, key, body: body === null ? null : JSON.stringify(body) })),
    events: [],
  });

function service(members: Body = {}): readonly [string, string, Body] {
  return [
    "service",
    "web",
    {
      name: "web",
      arn: `${prefix}:service/default/web`,
      status: "ACTIVE",
      schedulingStrategy: "REPLICA",
      desiredCount: 2,
      deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 101 },
      placementConstraints: [],
      createdAt: 5,
      ...members,
    },
  ];
}

function rollout(members: Body = {}): readonly [string, string, Body] {
  const deployments = [{ id: "ecs-svc/1", rolloutState: "COMPLETED", revisionId: "r1" }];
  const body = { serviceName: "web", targetId: "ecs-svc/1", deployments, serviceDeploymentId: "d1" };
  return ["service-rollout", "web", { ...body, ...members }];
}

const history = (status: string): readonly [string, string, Body] => [
  "service-deployment",
  "d1",
  { arn: "d1", status, finishedAt: status === "IN_PROGRESS" ? null : 9 },
];

function task(id: string, members: Body = {}): readonly [string, string, Body] {
  const body = {
    id,
    arn: `${prefix}:task/default/${id}`,
    group: "service:web",
    startedBy: "ecs-svc/1",
    instanceId: `i-${id}`,
    lastStatus: "RUNNING",
    desiredStatus: "RUNNING",
    createdAt: 6,
    startedAt: null,
    stopCode: null,
    stoppedReason: null,
    waitingFor: null,
    containers: [],
  };
  return ["task", id, { ...body, ...members }];
}

const scaledIn = {
  desiredStatus: "STOPPED",
  stopCode: "ServiceSchedulerInitiated",
  stoppedReason: "Scaling activity initiated by (deployment ecs-svc/1)",
};

describe("rollouts", () => {
  const begun = () => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new RolloutsChecker(violate);
    keep(state, service());
    checker.kept(keep(state, task("t1"), task("t2")));
    assert.deepEqual(found, []);
    return { found, state, checker };
  };

  test("a task above the upper bound", () => {
    const { found, state, checker } = begun();
    checker.kept(keep(state, task("t3")));
    assert.match(found.join(), /has 3, at most 2/);
  });

  test("not while an update is under way, which may have allowed it", () => {
    const { found, state, checker } = begun();
    const request = { service: `${prefix}:service/default/web` };
    const call = { id: 1, operation: "UpdateService", request, cluster: "default", startedAt: 0 };
    checker.callStarted(call);
    checker.kept(keep(state, task("t3")));
    assert.deepEqual(found, []);
    checker.callEnded(call, { type: "lost", reason: "" });
    checker.kept(keep(state, task("t4")));
    assert.match(found.join(), /has 4, at most 2/);
  });

  test("a task that is stopped below the lower bound", () => {
    const { found, state, checker } = begun();
    checker.kept(keep(state, task("t1", scaledIn)));
    assert.match(found.join(), /stopped t1 and has 1 left, but at least 2/);
  });

  test("not one that failed its health check, nor one that went together with others that ended by themselves", () => {
    const { found, state, checker } = begun();
    const sick = [{ essential: true, healthStatus: "UNHEALTHY" }];
    checker.kept(keep(state, task("t1", { containers: sick })));
    checker.kept(keep(state, task("t1", { containers: sick, ...scaledIn })));
    assert.deepEqual(found, []);
    checker.kept(keep(state, service({ desiredCount: 1 })));
    keep(state, task("t3"));
    checker.kept(keep(state, task("t2", { lastStatus: "STOPPED" }), task("t3", scaledIn)));
    assert.deepEqual(found, []);
  });

  test("not one that was stopped because others served, even if these ended within the same append", () => {
    const checked = (healthStatus: string) => [{ essential: true, healthStatus }];
    const exited = {
      lastStatus: "STOPPED",
      desiredStatus: "STOPPED",
      stopCode: "EssentialContainerExited",
      startedAt: 7,
    };
    for (const before of [{ containers: checked("UNKNOWN"), startedAt: 7 }, { lastStatus: "PENDING" }]) {
      const { found, state, checker } = begun();
      keep(state, task("t3", before));
      const after = { ...exited, containers: checked("HEALTHY") };
      checker.kept(keep(state, task("t1", scaledIn), task("t3", after)));
      assert.deepEqual(found, []);
    }
  });

  test("one whose replacement never ran, or had ended before", () => {
    for (const [before, after] of [
      [{ lastStatus: "PENDING" }, { lastStatus: "STOPPED", desiredStatus: "STOPPED" }],
      [
        { lastStatus: "RUNNING", desiredStatus: "STOPPED", startedAt: 7 },
        { lastStatus: "STOPPED", desiredStatus: "STOPPED", startedAt: 7 },
      ],
    ]) {
      const { found, state, checker } = begun();
      keep(state, task("t3", before));
      checker.kept(keep(state, task("t1", scaledIn), task("t3", after)));
      assert.match(found.join(), /stopped t1 and has 1 left, but at least 2/);
    }
  });
});

describe("services", () => {
  const begun = (members: Body = {}) => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new ServicesChecker(violate);
    // Without an event its deployment appears from nowhere, which these tests are not about.
    keep(state, service(members), history("SUCCESSFUL"));
    if (members.status !== "INACTIVE") keep(state, rollout());
    return { found, state, checker };
  };

  test("a rollout whose target is not there, none for a service that is ACTIVE, and one for a service that is INACTIVE", () => {
    const { found, state, checker } = begun();
    checker.kept(keep(state, service()));
    assert.deepEqual(found, []);
    checker.kept(keep(state, rollout({ targetId: "ecs-svc/2" })));
    assert.match(found.pop() ?? "", /has 0 of them/);
    checker.kept(keep(state, ["service-rollout", "web", null]));
    assert.match(found.pop() ?? "", /has 0 of them/);
    checker.kept(keep(state, rollout(), service({ status: "INACTIVE" })));
    assert.match(found.join(), /is INACTIVE and has a rollout/);
  });

  test("a service deployment that goes back, and one that disagrees with the deployment", () => {
    const { found, state, checker } = begun();
    checker.kept(keep(state, history("IN_PROGRESS")));
    assert.match(found.pop() ?? "", /from SUCCESSFUL to IN_PROGRESS/);
    checker.kept(keep(state, service()));
    assert.match(found.pop() ?? "", /is COMPLETED, its service deployment is IN_PROGRESS/);
  });

  test("a daemon twice on an instance; a REPLICA service may be", () => {
    const on = (id: string) => task(id, { instanceId: "i1" });
    const replica = begun();
    replica.checker.kept(keep(replica.state, on("t1"), on("t2")));
    assert.deepEqual(replica.found, []);
    const daemon = begun({ schedulingStrategy: "DAEMON" });
    daemon.checker.kept(keep(daemon.state, on("t1")));
    assert.deepEqual(daemon.found, []);
    daemon.checker.kept(keep(daemon.state, on("t2")));
    assert.match(daemon.found.join(), /has two on i1/);
  });

  test("a task of an INACTIVE service", () => {
    const { found, state, checker } = begun({ status: "INACTIVE" });
    checker.kept(keep(state, task("t1", { desiredStatus: "STOPPED" })));
    assert.deepEqual(found, []);
    checker.kept(keep(state, task("t2")));
    assert.match(found.join(), /t2 is wanted RUNNING/);
  });

  test("events with a gap, and more than a hundred of them", () => {
    const { found, state, checker } = begun();
    const event = (number: number): readonly [string, string, Body] => [
      "service-event",
      `web/${number}`,
      { serviceName: "web", number },
    ];
    checker.kept(keep(state, event(1), event(2)));
    assert.deepEqual(found, []);
    checker.kept(keep(state, event(4)));
    assert.match(found.pop() ?? "", /no event 3 before 4/);
    checker.kept(keep(state, ...Array.from({ length: 101 }, (_, at) => event(at + 1))));
    assert.match(found.pop() ?? "", /has 101 events/);
    checker.kept(keep(state, ...[1, 2, 3].map((number) => ["service-event", `web/${number}`, null] as const)));
    assert.match(found.pop() ?? "", /events 4 to 101/);
  });
});

test("an event that is repeated while its reason lasts; a change of the closest instance is not news", () => {
  const { found, violate } = problems();
  const state = new DurableState();
  const checker = new RepeatedEventsChecker(violate);
  let number = 0;
  const condition = (impediment: Body | null) => ["service-condition", "web", { impediment }] as const;
  keep(state, service(), condition({ since: 400 }));
  const tell = (message: string, createdAt: number) => {
    number += 1;
    const event = { serviceName: "web", number, createdAt, message: `(service web) ${message}` };
    checker.kept(keep(state, ["service-event", `web/${number}`, event]));
  };
  const unplaced = (id: string) =>
    `was unable to place a task. The closest matching (container-instance ${id}) is full.`;
  tell("is unable to consistently start tasks successfully.", 500);
  tell(unplaced("a"), 1_000);
  assert.deepEqual(found, []);
  tell(unplaced("b"), 3_000);
  assert.match(found.pop() ?? "", /was reported at 1000 and at 3000/);
  tell(unplaced("a"), 30_000_000);
  assert.deepEqual(found, [], "more than six hours later");
  tell("has started 1 tasks: (task x).", 30_001_000);
  tell(unplaced("a"), 30_002_000);
  checker.kept(keep(state, condition(null)));
  tell(unplaced("a"), 30_003_000);
  assert.deepEqual(found, [], "after anything else it is news again");
  for (let at = 0; at < 41; at++) {
    tell(at % 2 === 0 ? "is unable to consistently start tasks successfully." : unplaced("a"), 31_000_000 + at * 1_000);
  }
  assert.match(found.join(), /was reported 41 times in ten minutes/);
});

describe("constraints", () => {
  const instance = (id: string, rack: string): (readonly [string, string, Body])[] =>
    ["container-instance", "instance-registration"].map((kind) => {
      const arn = `${prefix}:container-instance/default/${id}`;
      return [kind, id, { id, arn, platformAttributes: [], customAttributes: [{ name: "rack", value: rack }] }];
    });

  test("a task of a service on an instance that its expression excludes", () => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new ConstraintsChecker(violate);
    const placementConstraints = [{ type: "memberOf", expression: "attribute:rack == r0" }];
    keep(state, service({ placementConstraints }), ...instance("i-t1", "r0"), ...instance("i-t2", "r1"));
    checker.kept(keep(state, task("t1")));
    assert.deepEqual(found, []);
    checker.kept(keep(state, task("t2")));
    assert.match(found.join(), /t2 is on .*i-t2, which does not match attribute:rack == r0/);
  });

  test("two tasks of a service that needs distinct instances; two of one RunTask", () => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new ConstraintsChecker(violate);
    const placementConstraints = [{ type: "distinctInstance" }];
    keep(state, service({ placementConstraints }));
    checker.kept(keep(state, task("t1", { instanceId: "i1" })));
    assert.deepEqual(found, []);
    checker.kept(keep(state, task("t2", { instanceId: "i1" })));
    assert.match(found.pop() ?? "", /but must be on distinct ones/);
    const call = { id: 1, operation: "RunTask", request: { placementConstraints }, cluster: "default", startedAt: 0 };
    const tasks = ["t1", "t2"].map((id) => ({ taskArn: `${prefix}:task/default/${id}` }));
    checker.callEnded(call, { type: "reply", reply: { tasks } }, state);
    assert.match(found.pop() ?? "", /RunTask put two tasks on i1/);
  });

  test("a task that waited and was put on an instance that it did not wait for", () => {
    const { found, violate } = problems();
    const state = new DurableState();
    const checker = new ConstraintsChecker(violate);
    const waitingFor = { constraints: [{ type: "memberOf", expression: "not(attribute:rack == r1)" }] };
    keep(state, ...instance("i-t1", "r1"), task("t1", { group: "blue", instanceId: null, waitingFor }));
    checker.kept(keep(state, task("t1", { group: "blue" })));
    assert.match(found.join(), /does not match not\(attribute:rack == r1\)/);
  });
});
