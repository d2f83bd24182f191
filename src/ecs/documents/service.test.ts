import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../lib/assert.ts";
import { ClusterMachine } from "../machine/cluster-machine.ts";
import { ServiceWorld } from "../services/service-world.ts";
import { aDefinition } from "../small-world.ts";
import type { ClusterInput } from "../state/cluster-input.ts";
import { progressOf } from "../state/service-documents.ts";
import { DocumentError } from "./document-kind.ts";
import { serviceKind } from "./service.ts";

/** A deployment as version 1 of a service held it. */
const aDeployment = (members: object = {}): object => ({
  id: "ecs-svc/1",
  status: "PRIMARY",
  revisionId: "1",
  rolloutState: "IN_PROGRESS",
  rolloutStateReason: "ECS deployment ecs-svc/1 in progress.",
  failedTasks: 3,
  hasRun: false,
  breakerCount: 2,
  lastFailureAt: 4,
  startBackoff: { rounds: 3, until: 9, countedUpTo: 4 },
  alarmsAtStart: ["slow"],
  bakesUntil: null,
  createdAt: 1,
  updatedAt: 2,
  ...members,
});

/** A service of version 1, as far as it is taken apart. */
const inOnePiece = (members: object = {}): object => ({
  name: "web",
  desiredCount: 2,
  deployments: [aDeployment(), aDeployment({ id: "ecs-svc/0", status: "ACTIVE", rolloutState: "COMPLETED" })],
  serviceDeploymentId: "d",
  rebalance: null,
  steadySince: 5,
  steadyAnnouncedAt: 5,
  impediment: { reason: { type: "no-instances" }, isOfBalance: false, since: 5 },
  impedimentsTold: [{ news: "no-instances", at: 5 }],
  lastDeployment: null,
  ...members,
});

/** The service that version 1 becomes, and the documents that it releases: kind -> key -> document. */
function upgraded(stored: object): { service: object; released: Record<string, Record<string, object>> } {
  const released: Record<string, Record<string, object>> = {};
  const service = must(serviceKind.upgrade, "the upgrade of a service")(stored, 1, ({ name }, key, part) => {
    released[name] = { ...released[name], [key]: part };
  });
  return { service, released };
}

test("a service of version 1 becomes what the user wants, a rollout, a condition and the progress of each deployment", () => {
  const { service, released } = upgraded(inOnePiece());
  assert.deepEqual(service, { name: "web", desiredCount: 2, lastDeployment: null });
  const { "service-rollout": rollouts, "service-condition": conditions, "deployment-progress": progress } = released;
  const { web: rollout } = rollouts as unknown as Record<string, { targetId: string; deployments: object[] }>;
  assert.deepEqual([rollout?.targetId, rollout?.deployments.length], ["ecs-svc/1", 2]);
  const { status, failedTasks, hasRun, breakerCount, lastFailureAt, startBackoff, ...deployment } =
    aDeployment() as Record<string, unknown>;
  assert.equal(status, "PRIMARY");
  assert.deepEqual(rollout?.deployments[0], deployment);
  const shown = { failedTasks, hasRun, breakerCount, lastFailureAt, startBackoff };
  assert.deepEqual(progress?.["ecs-svc/1"], { deploymentId: "ecs-svc/1", serviceName: "web", ...shown });
  const { rebalance, steadySince, steadyAnnouncedAt, impediment, impedimentsTold } = inOnePiece() as Record<
    string,
    unknown
  >;
  const condition = { rebalance, steadySince, steadyAnnouncedAt, impediment, impedimentsTold };
  assert.deepEqual(conditions, { web: { serviceName: "web", ...condition } });
});

test("what was in the way of a service in an even earlier form, as a text, is left for the next look to find out", () => {
  const impediment = { message: "was unable to place a task.", isOfBalance: false, since: 5 };
  const impedimentsTold = [{ message: "was unable to place a task.", at: 5 }];
  const { released } = upgraded(inOnePiece({ impediment, impedimentsTold }));
  const condition = released["service-condition"]?.web as { impediment: unknown; impedimentsTold: unknown };
  assert.deepEqual([condition.impediment, condition.impedimentsTold], [null, []]);
});

test("an INACTIVE service of version 1 releases nothing, and keeps its last deployment", () => {
  const { service, released } = upgraded(inOnePiece({ deployments: [], lastDeployment: aDeployment() }));
  const { lastDeployment } = service as { lastDeployment: { id: string; failedTasks: number } };
  assert.deepEqual([lastDeployment.id, lastDeployment.failedTasks, released], ["ecs-svc/1", 3, {}]);
});

test("a damaged service of version 1 is refused, and says where", () => {
  assert.throws(() => upgraded(inOnePiece({ deployments: [aDeployment({ startBackoff: null })] })), {
    name: DocumentError.name,
    message: "its member deployments[0].startBackoff is not an object",
  });
  assert.throws(() => upgraded(inOnePiece({ deployments: [aDeployment({ status: "ACTIVE" })] })), DocumentError);
});

test("a service of today is taken as it is", () => {
  const service = { name: "web", desiredCount: 2 };
  const fail = () => assert.fail("it is in one piece");
  assert.equal(must(serviceKind.upgrade, "the upgrade of a service")(service, 2, fail), service);
});

/** A world that keeps what its steps store, and can begin again from it. */
class StoredWorld extends ServiceWorld {
  readonly stored = new Map<string, { kind: string; key: string; body: string }>();

  override step(input: ClusterInput): ReturnType<ServiceWorld["step"]> {
    const outcome = super.step(input);
    for (const { kind, key, value } of outcome.documents) {
      if (value === null) this.stored.delete(`${kind} ${key}`);
      else this.stored.set(`${kind} ${key}`, { kind, key, body: JSON.stringify(value) });
    }
    return outcome;
  }

  begin(): void {
    const { place, name, configuration } = this.state;
    this.machine = new ClusterMachine(place, name, configuration);
    for (const { kind, key, body } of this.stored.values()) this.machine.load(kind, key, JSON.parse(body));
    this.machine.resume(this.events.length);
  }

  /** Makes what is stored of services what version 1 stored. */
  putInOnePiece(): void {
    for (const service of this.state.services.values()) {
      const { deployments, targetId, serviceDeploymentId } = this.rollout(service.name);
      const whole = {
        ...service,
        ...this.condition(service.name),
        serviceDeploymentId,
        deployments: deployments.map((deployment) => ({
          ...deployment,
          ...progressOf(this.state, service.name, deployment.id),
          status: deployment.id === targetId ? "PRIMARY" : "ACTIVE",
        })),
      };
      this.stored.set(`service ${service.name}`, { kind: "service", key: service.name, body: JSON.stringify(whole) });
    }
    for (const [id, { kind }] of this.stored) if (partKinds.includes(kind)) this.stored.delete(id);
  }
}

const partKinds = ["service-rollout", "service-condition", "deployment-progress"];

test("a cluster that an earlier version stored goes on, and is stored in parts by the first step that changes anything", () => {
  const world = new StoredWorld("in one piece");
  world.withInstances(1);
  world.aService({ desiredCount: 2 });
  world.aService({ serviceName: "api", desiredCount: 1 });
  world.untilSteady();
  world.untilSteady("api");
  const described = () => world.call("DescribeServices", { services: ["web", "api"] }).value;
  const whole = described();
  world.putInOnePiece();
  world.begin();
  assert.deepEqual(described(), whole);
  assert.equal(
    [...world.stored.values()].filter(({ kind }) => partKinds.includes(kind)).length,
    0,
    "a read stores nothing",
  );
  world.begin();
  world.call("TagResource", { resourceArn: world.service("api").arn, tags: [{ key: "k", value: "v" }] });
  assert.deepEqual(
    partKinds.map((part) => [...world.stored.values()].filter(({ kind }) => kind === part).length),
    [2, 2, 2],
  );
  assert.match(world.stored.get("service web")?.body ?? "", /"documentVersion":2/);
  world.begin();
  assert.deepEqual(described(), whole);
  world.updateService({}, aDefinition({ revision: 2 }));
  world.untilSteady();
  world.begin();
  assert.equal(world.target().rolloutState, "COMPLETED");
  world.call("DeleteService", { service: "web", force: true });
  world.play(60_000, () => world.service().status === "INACTIVE");
  assert.deepEqual(
    partKinds.map((part) => [...world.stored.values()].filter(({ kind }) => kind === part).length),
    [1, 1, 1],
    "what a service had goes with it",
  );
});
