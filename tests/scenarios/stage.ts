/** The world that a scenario plays in: a real control plane and real agents in virtual time, and the output about them. */
import assert from "node:assert/strict";
import type { HostFacts } from "../../src/agent/registration.ts";
import { simulatedAttributes } from "../../src/agent/simulated/simulated-attributes.ts";
import type { ContainerInstance } from "../../src/ecs/documents/container-instance.ts";
import type { ServiceDeployment, ServiceRevision } from "../../src/ecs/documents/deployment.ts";
import { type Rollout, rolloutKind } from "../../src/ecs/documents/rollout.ts";
import type { Service, ServiceEvent } from "../../src/ecs/documents/service.ts";
import { type ServiceCondition, serviceConditionKind } from "../../src/ecs/documents/service-condition.ts";
import type { Task } from "../../src/ecs/documents/task.ts";
import { must } from "../../src/lib/assert.ts";
import type { Outcome } from "../../src/simulator/checkers/checker.ts";
import type { Kept } from "../../src/simulator/durable-state.ts";
import type { Host } from "../../src/simulator/host.ts";
import { hostFacts } from "../../src/simulator/host-facts.ts";
import { place, World } from "../../src/simulator/world.ts";
import { Aliases } from "./aliases.ts";
import { EventLines } from "./event-line.ts";

/** The longest that an instruction waits. */
const waitMaxMs = 3 * 3_600_000;
/** How wide the column of subjects is. */
const subjectWidth = 12;

export type HostPlan = {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly zone: string;
  readonly customAttributes: HostFacts["customAttributes"];
};

export class Stage {
  readonly world: World;
  readonly aliases = new Aliases();
  /** The output, line by line. */
  readonly lines: string[] = [];
  /** How many lines there were when the instruction began. */
  mark = 0;
  readonly #events = new EventLines(this.aliases);
  #startedAt = 0;

  constructor(seed: string) {
    this.world = new World({ seed, hosts: 0, scenario: "calm", sink: null, onKept: (kept) => this.#kept(kept) });
  }

  async start(): Promise<void> {
    await this.world.start();
    await this.world.clock.advance(1_000);
    this.#startedAt = this.world.clock.now();
  }

  /** Prints a line of its own, with names for ids. */
  print(text: string): void {
    this.lines.push(this.aliases.plain(text));
  }

  /** Makes a call as a user does and returns its reply. A refused call is printed and returns null. */
  async call(
    operation: string,
    request: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>> | null> {
    let outcome: Outcome | null = null;
    const ended = this.world.call(operation, request).then((end) => {
      outcome = end;
    });
    await this.world.clock.runUntil(() => outcome !== null, 60_000);
    await ended;
    const end = must(outcome as Outcome | null, "the outcome of a call");
    if (end.type === "lost") throw new Error(`${operation} was lost: ${end.reason}`);
    if (end.type === "refused") {
      this.print(`  ${end.code}: ${end.message}`);
      return null;
    }
    const { failures } = end.reply as { failures?: readonly Readonly<Record<string, string | null>>[] };
    for (const { arn, reason, detail } of failures ?? []) {
      this.print(`  failure ${[arn, reason, detail].filter((part) => part !== undefined && part !== null).join(": ")}`);
    }
    await this.world.clock.settle();
    return end.reply;
  }

  /** Lets time pass until it holds. An assertion fails if it never does. */
  async until(what: string, predicate: () => boolean): Promise<void> {
    const holds = await this.world.clock.runUntil(predicate, waitMaxMs);
    assert(holds, `waited in vain until ${what}\n${this.lines.slice(-30).join("\n")}`);
  }

  async pass(ms: number): Promise<void> {
    await this.world.clock.advance(ms);
  }

  /** Another container instance, whose agent is connected when this is over. */
  async addInstance({ cpu, memoryMiB, zone, customAttributes }: HostPlan): Promise<void> {
    const index = this.world.hosts.length;
    const host = this.world.addHost((name) => {
      const facts = hostFacts(place, name, index);
      const identity = { ...must(facts.identity, "a host's identity"), availabilityZone: zone };
      const attributes = simulatedAttributes({ ...identity, gpuIds: [] });
      return { ...facts, cpu, memoryMiB, identity, attributes, customAttributes, gpuIds: [], tags: [] };
    });
    host.boot({ rebooted: false });
    await this.until(`${host.name} is connected`, () => this.#isConnected(host));
  }

  /** The host of `instance-3`: they are named in the order in which they came. */
  host(instance: string): Host {
    const number = Number(/^instance-(\d+)$/.exec(instance)?.[1]);
    return must(this.world.hosts[number - 1], `the host of ${instance}`);
  }

  /** `kill -9` of the control plane. It is back two seconds later. */
  async restartControlPlane(): Promise<void> {
    this.world.killControlPlane();
    await this.pass(2_000);
    this.world.startControlPlane();
    await this.until("the control plane listens", () => this.world.isListening);
  }

  service(name: string): Service | null {
    return this.documents<Service>("service").find((service) => service.name === name) ?? null;
  }

  rollout(serviceName: string): Rollout | null {
    return this.documents<Rollout>(rolloutKind.name).find((rollout) => rollout.serviceName === serviceName) ?? null;
  }

  condition(serviceName: string): ServiceCondition | null {
    const conditions = this.documents<ServiceCondition>(serviceConditionKind.name);
    return conditions.find((condition) => condition.serviceName === serviceName) ?? null;
  }

  tasks(): Task[] {
    return this.documents<Task>("task");
  }

  instances(): ContainerInstance[] {
    return [...this.world.state.instances()];
  }

  documents<D extends object>(kind: string): D[] {
    return [...this.world.state.partitions.values()].flatMap((partition) => [...partition.values(kind)]) as D[];
  }

  #isConnected(host: Host): boolean {
    const arn = host.containerInstanceArn;
    return arn !== null && this.world.state.instance(arn)?.agentConnected === true;
  }

  #kept({ documents, events }: Kept): void {
    for (const event of events) this.#tell(...this.#events.line(event));
    for (const { kind, before, after } of documents) {
      // Named in order of appearance, not in a list's order.
      if (kind === "service-deployment" && after !== null) this.aliases.of((after as ServiceDeployment).arn);
      if (kind === "service-revision" && after !== null) this.aliases.of((after as ServiceRevision).arn);
      if (kind !== "service-event" || before !== null || after === null) continue;
      const { serviceName, message } = after as ServiceEvent;
      this.#tell(`service ${serviceName}`, `says: ${message}`);
    }
  }

  #tell(subject: string, text: string): void {
    const seconds = ((this.world.clock.now() - this.#startedAt) / 1_000).toFixed(3).padStart(9);
    this.print(`${seconds}  ${subject.padEnd(subjectWidth)} ${text}`);
  }
}
