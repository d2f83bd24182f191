import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { holdsResources } from "../documents/task.ts";
import { images, ServiceWorld } from "../services/service-world.ts";
import { aDefinition, type InstanceOptions } from "../small-world.ts";

const name = "logs";
const kinds = ["web", "db"] as const;
const expressions = ["attribute:kind == web", "attribute:kind == db", "attribute:kind exists"];

type Change =
  | { readonly type: "join"; readonly kind: 0 | 1; readonly cpu: number }
  | { readonly type: "kind"; readonly at: number; readonly kind: 0 | 1 }
  | {
      readonly type: "drain" | "activate" | "disconnect" | "connect" | "deregister" | "end" | "run";
      readonly at: number;
    }
  | { readonly type: "constrain"; readonly expression: number }
  | { readonly type: "update"; readonly minimum: number; readonly fails: boolean; readonly cpu: number };

const at = fc.nat(7);
const kind = fc.constantFrom<0 | 1>(0, 1);
const cpu = fc.constantFrom(100, 300, 1_000);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ type: fc.constant("join" as const), kind, cpu }),
  fc.record({ type: fc.constant("kind" as const), at, kind }),
  fc.record({
    type: fc.constantFrom("drain", "activate", "disconnect", "connect", "deregister", "end", "run"),
    at,
  }),
  fc.record({ type: fc.constant("constrain" as const), expression: fc.nat(2) }),
  fc.record({
    type: fc.constant("update" as const),
    minimum: fc.constantFrom(0, 50, 100),
    fails: fc.boolean(),
    cpu: fc.constantFrom(50, 200),
  }),
);
const withPause = fc.record({ change, pauseMs: fc.constantFrom(0, 300, 1_000, 5_000, 60_000) });

/** A daemon in a cluster to which anything happens. */
class Drill {
  readonly world = new ServiceWorld("drill").withInstances(2, ofKind(0));
  #expression = 2;
  #instances = 2;
  #revision = 1;

  constructor() {
    this.world.aService({ serviceName: name, schedulingStrategy: "DAEMON", ...this.#constraints() }, definition(1, 50));
    this.world.watch = () => this.#holdToOne();
  }

  take(change: Change): void {
    switch (change.type) {
      case "join":
        if (this.#instances < 8) {
          this.#instances += 1;
          this.world.withInstances(1, { ...ofKind(change.kind), cpu: change.cpu });
        }
        break;
      case "constrain":
        this.#expression = change.expression;
        this.world.updateService({ service: name, ...this.#constraints() });
        break;
      case "update": {
        const { minimum, fails, cpu } = change;
        this.#revision += 1;
        const deploymentConfiguration = { minimumHealthyPercent: minimum };
        const request = { service: name, deploymentConfiguration };
        this.world.updateService(request, definition(this.#revision, cpu, fails ? images.failing : "good"));
        break;
      }
      default:
        this.#onInstance(change);
    }
  }

  #onInstance(change: Extract<Change, { readonly at: number }>): void {
    const index = change.at % this.#instances;
    const instance = this.world.instance(index);
    if (instance.status === "INACTIVE") return;
    if (change.type === "kind") this.world.changeInstance(index, { customAttributes: attributes(change.kind) });
    else if (change.type === "drain") this.world.changeInstance(index, { status: "DRAINING" });
    else if (change.type === "activate") this.world.changeInstance(index, { status: "ACTIVE" });
    else if (change.type === "disconnect") this.world.agent({ type: "agent-disconnected", instanceId: instance.id });
    else if (change.type === "connect") this.#connect(instance.id);
    else if (change.type === "deregister")
      this.world.call("DeregisterContainerInstance", { containerInstance: instance.arn, force: true });
    else if (change.type === "run" && instance.status === "ACTIVE")
      this.world.call("RunTask", {}, aDefinition({ containers: [{ cpu: 100 }] }));
    else {
      const ended = this.world.tasksOf(name).find(({ instanceId }) => instanceId === instance.id);
      if (ended !== undefined && instance.agentConnected) this.world.report(ended.id, "STOPPED");
    }
  }

  /** Nothing stands in the way any more: agents are connected, standalone tasks are over, the definition starts and is small. */
  settle(): void {
    for (let index = 0; index < this.#instances; index++) {
      const { id, status, agentConnected } = this.world.instance(index);
      if (status !== "INACTIVE" && !agentConnected) this.#connect(id);
    }
    this.take({ type: "update", minimum: 0, fails: false, cpu: 50 });
    this.world.play(5_000);
    for (const task of [...this.world.state.tasks.values()]) {
      if (task.group !== `service:${name}` && holdsResources(task)) this.world.report(task.id, "STOPPED");
    }
    this.world.untilSteady(name);
  }

  holdToPlaces(): void {
    const wanted = Array.from({ length: this.#instances }, (_, index) => this.world.instance(index))
      .filter(({ status, customAttributes }) => {
        const [{ value } = { value: null }] = customAttributes;
        return status === "ACTIVE" && (this.#expression === 2 || value === kinds[this.#expression as 0 | 1]);
      })
      .map(({ id }) => id);
    const places = this.world.running(name).map(({ instanceId }) => instanceId);
    assert.deepEqual(places.sort(), wanted.sort());
    assert.equal(this.world.tasksOf(name).length, wanted.length);
  }

  #connect(instanceId: string): void {
    const versions = { agentVersion: null, agentHash: null, dockerVersion: null };
    this.world.agent({ type: "agent-connected", instanceId, isNewProcess: false, ...versions });
  }

  #constraints(): object {
    return { placementConstraints: [{ type: "memberOf", expression: expressions[this.#expression] }] };
  }

  #holdToOne(): void {
    const places = this.world.tasksOf(name).map(({ instanceId }) => instanceId);
    assert.equal(new Set(places).size, places.length, "never two tasks of a daemon on one instance");
  }
}

const attributes = (of: 0 | 1) => [{ name: "kind", value: kinds[of] }];
const ofKind = (of: 0 | 1): InstanceOptions => ({ customAttributes: attributes(of) });

const definition = (revision: number, cpu: number, image = "good") =>
  aDefinition({ family: name, revision, containers: [{ cpu, image }] });

test("whatever happens, never two tasks of a daemon on an instance, and in the end one on each that matches", () => {
  fc.assert(
    fc.property(fc.array(withPause, { maxLength: 15 }), (steps) => {
      const drill = new Drill();
      for (const step of steps) {
        drill.take(step.change);
        drill.world.play(step.pauseMs);
      }
      drill.settle();
      drill.holdToPlaces();
    }),
    { numRuns: 60 },
  );
});
