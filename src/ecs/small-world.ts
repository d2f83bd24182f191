/* Test support: one cluster machine, its container instances and a hand on the clock. */
// biome-ignore lint/style/noRestrictedImports: test support; nothing but tests imports it.
import assert from "node:assert/strict";
import { must } from "../lib/assert.ts";
import { seededRandom } from "../lib/random.ts";
import { containerInstanceArn, taskDefinitionArn } from "./arn.ts";
import type { Cluster } from "./documents/cluster.ts";
import type { ContainerInstance } from "./documents/container-instance.ts";
import { type FargateUse, fargateProviders, nothingOnFargate } from "./documents/fargate-use.ts";
import type { Task } from "./documents/task.ts";
import type { ContainerDefinition, TaskDefinition } from "./documents/task-definition.ts";
import type { EcsEvent } from "./events/event.ts";
import type { Usage } from "./indexes/resource-book.ts";
import { limits } from "./limits.ts";
import { ClusterMachine } from "./machine/cluster-machine.ts";
import { clusterReactions } from "./machine/cluster-reactions.ts";
import type { SlicedStep, StepResult } from "./machine/machine.ts";
import { eventsOf } from "./machine/step-events.ts";
import { Refusal } from "./refusals.ts";
import type { Given } from "./state/call.ts";
import type { AgentReport, ClusterInput } from "./state/cluster-input.ts";
import { ClusterStep } from "./state/cluster-step.ts";
import type { ClusterEffect, HostEffect } from "./state/effect.ts";
import { type Play, Rehearsal } from "./state/rehearsal.ts";
import {
  checkBook,
  checkEvents,
  checkTasks,
  checkTimers,
  documentsOf,
  dump,
  freezeDocuments,
  type StepOutcome,
  snapshot,
} from "./step-rules.ts";

const place = { account: "111122223333", region: "eu-central-1" };
const clusterName = "lab";

export type InstanceOptions = Partial<ContainerInstance> & {
  readonly cpu?: number;
  readonly memoryMiB?: number;
  /** Ports that the agent reserves for itself. */
  readonly ports?: readonly string[];
  readonly udpPorts?: readonly string[];
  readonly gpus?: readonly string[];
};

/** A cluster `lab` without container instances. The seed determines ids and placement. */
export const aCluster = (seed = "a-seed"): SmallWorld => new SmallWorld(seed);

/** A task definition `web:1` with one container `app`, 128 CPU units and 256 MiB, with `changes` applied. */
export function aDefinition(
  changes: Partial<Omit<TaskDefinition, "containerDefinitions">> & {
    readonly containers?: readonly Partial<ContainerDefinition>[];
  } = {},
): TaskDefinition {
  const { containers = [{}], family = "web", revision = 1, ...rest } = changes;
  return {
    arn: taskDefinitionArn(place, family, revision),
    family,
    revision,
    status: "ACTIVE",
    networkMode: "bridge",
    cpu: null,
    memory: null,
    containerDefinitions: containers.map((container) => ({
      name: "app",
      image: "registry.example/app:1",
      essential: true,
      cpu: 128,
      portMappings: [],
      environment: [],
      ...(container.memoryReservation === undefined ? { memory: 256 } : {}),
      ...container,
    })),
    requiresCompatibilities: [],
    compatibilities: ["EC2", "EXTERNAL"],
    requiresAttributes: [],
    placementConstraints: [],
    taskRoleArn: null,
    executionRoleArn: null,
    ephemeralStorageGiB: null,
    registeredAt: 1,
    deregisteredAt: null,
    deleteRequestedAt: null,
    registeredBy: "arn:aws:iam::111122223333:root",
    tags: [],
    more: {},
    ...rest,
  };
}

/** A Fargate task definition with a quarter of a vCPU and 512 MiB, with `changes` applied; `inSubnet` goes with it. */
export const fargateDefinition = (changes: Parameters<typeof aDefinition>[0] = {}): TaskDefinition =>
  aDefinition({
    family: "fargate",
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    requiresCompatibilities: ["FARGATE"],
    compatibilities: ["EC2", "MANAGED_INSTANCES", "FARGATE"],
    requiresAttributes: [{ name: "ecs.capability.task-eni" }],
    ...changes,
  });

/** A definition whose tasks have their own ENI, and the network configuration that goes with it. */
export const awsvpcDefinition = (): TaskDefinition => aDefinition({ family: "vpc", networkMode: "awsvpc" });
export const inSubnet = { networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } } };

const isHostEffect = (effect: ClusterEffect): effect is HostEffect => "instanceId" in effect;

export class SmallWorld {
  machine = new ClusterMachine(place, clusterName, {
    latestAgentVersion: "1.96.0",
    verifyIdentity: null,
    managedHosts: { capabilities: new Set(["ecs.capability.task-eni", "ecs.cpu-architecture=arm64"]) },
  });
  now = 1_000_000;
  /** How many steps had to be repeated. */
  stepsAgain = 0;
  /** Every event announced, in order. */
  readonly events: EcsEvent[] = [];
  readonly #random;
  readonly #instanceIds: string[] = [];

  /** What the account's other clusters have reserved on Fargate. This one gets all the rest at once. */
  fargateElsewhere = nothingOnFargate;
  /** The cluster as its account sees it. */
  cluster = aClusterDocument;

  constructor(seed: string) {
    this.#random = seededRandom(seed);
    freezeDocuments(this.state);
  }

  get state() {
    return this.machine.state;
  }

  /** Adds ACTIVE, connected instances, by default with 1,024 CPU units and 2,048 MiB. */
  withInstances(count: number, options: InstanceOptions = {}): this {
    const { cpu = 1024, memoryMiB = 2048, ports = [], udpPorts = [], gpus = [], ...changes } = options;
    for (let i = 0; i < count; i++) {
      const id = (this.#instanceIds.length + 1).toString(16).padStart(32, "0");
      this.#instanceIds.push(id);
      const instance: ContainerInstance = {
        id,
        arn: containerInstanceArn(place, clusterName, id),
        ec2InstanceId: `i-${id.slice(-8)}`,
        instanceType: "m5.large",
        availabilityZone: "eu-central-1a",
        external: false,
        status: "ACTIVE",
        statusReason: null,
        version: 0,
        agentConnected: true,
        disconnectedAt: null,
        registeredBy: null,
        privateAddress: null,
        versionInfo: null,
        agentUpdate: null,
        registeredAt: this.now,
        deregisteredAt: null,
        statusSince: this.now,
        registeredResources: [
          { name: "CPU", type: "INTEGER", value: cpu },
          { name: "MEMORY", type: "INTEGER", value: memoryMiB },
          { name: "PORTS", type: "STRINGSET", values: ports },
          { name: "PORTS_UDP", type: "STRINGSET", values: udpPorts },
          ...(gpus.length === 0 ? [] : [{ name: "GPU", type: "STRINGSET" as const, values: gpus }]),
        ],
        platformDevices: gpus.map((gpu) => ({ id: gpu, type: "GPU" })),
        platformAttributes: [
          { name: "ecs.cpu-architecture", value: "x86_64" },
          { name: "ecs.os-type", value: "linux" },
        ],
        customAttributes: [],
        attachments: [],
        tags: [],
        capacityProviderName: null,
        ...changes,
      };
      this.run((step) => step.changeInstance(instance));
    }
    return this;
  }

  /** The id of the instance at `index`, from 0. */
  instanceId(index: number): string {
    return must(this.#instanceIds[index], `instance ${index} of the test`);
  }

  instance(index: number): ContainerInstance {
    return must(this.state.instances.get(this.instanceId(index)), `instance ${index} of the test`);
  }

  usage(index: number): Usage {
    return this.state.book.usageOf(this.instanceId(index));
  }

  /** Changes an instance as another part of the rulebook would, with an event. */
  changeInstance(index: number, changes: Partial<ContainerInstance>): void {
    this.run((step) => step.changeInstance({ ...this.instance(index), ...changes }));
  }

  task(id: string): Task {
    return must(this.state.tasks.get(id), "the task of the test");
  }

  /** Changes a task as another part of the rulebook (say, a service) would, with an event. */
  changeTask(id: string, changes: Partial<Task>): void {
    this.run((step) => step.changeTask({ ...this.task(id), ...changes }));
  }

  /** The documents of the tasks that RunTask started. Fails unless all were placed. */
  runTasks(definition: TaskDefinition = aDefinition(), request: object = {}): Task[] {
    const { value } = this.call<TasksReply>("RunTask", request, definition);
    assert.deepEqual(value.failures, []);
    return value.tasks.map(({ taskArn }) => this.task(taskArn.slice(-32)));
  }

  /** As `runTasks`, for one task. */
  runTask(definition?: TaskDefinition, request?: object): Task {
    return must(this.runTasks(definition, request)[0], "the task that was run");
  }

  /** A task that its agent reported RUNNING. */
  runningTask(definition?: TaskDefinition, request?: object): Task {
    const task = this.runTask(definition, request);
    if (task.attachments.length > 0) this.advanceClock(1_000);
    this.report(task.id, "RUNNING");
    return this.task(task.id);
  }

  /** SubmitTaskStateChange for a task, with all its containers in the same status. */
  report(id: string, status: "PENDING" | "RUNNING" | "STOPPED", members: object = {}): StepOutcome<object> {
    const containers = this.task(id).containers.map(({ name }) => ({ containerName: name, status }));
    return this.call("SubmitTaskStateChange", { task: this.task(id).arn, status, reason: "", containers, ...members });
  }

  agent(report: AgentReport): StepOutcome<unknown> {
    return this.step({ type: "agent-report", report });
  }

  /** Advances the clock, with a timer step whenever something is due. */
  advanceClock(milliseconds: number): StepOutcome<unknown>[] {
    const until = this.now + milliseconds;
    const outcomes: StepOutcome<unknown>[] = [];
    for (let dueAt = this.machine.nextDueAt(); dueAt !== null && dueAt <= until; dueAt = this.machine.nextDueAt()) {
      this.now = Math.max(this.now, dueAt);
      outcomes.push(this.step({ type: "timer" }));
    }
    this.now = until;
    return outcomes;
  }

  /** The reply of an operation. Throws its Refusal. */
  call<T = object>(operation: string, request: object, taskDefinition: TaskDefinition | null = null): StepOutcome<T> {
    return this.step({ type: "call", operation, request, given: this.#given(taskDefinition) }) as StepOutcome<T>;
  }

  /** Asserts that the operation is refused with this code and text. */
  refused(
    code: string,
    text: string | RegExp,
    operation: string,
    request: object,
    definition?: TaskDefinition,
  ): Refusal {
    try {
      this.call(operation, request, definition ?? null);
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error));
      assert.equal(error.code, code);
      if (typeof text === "string") assert.equal(error.message, text);
      else assert.match(error.message, text);
      return error;
    }
    return assert.fail(`${operation} was not refused with ${code}`);
  }

  /** Gives the machine one input and checks the rules above. Passes a Refusal on. The account answers at once. */
  step(input: ClusterInput): StepOutcome<unknown> {
    this.#reserveFargate();
    const outcome = this.#stepOnce(input);
    if (!this.state.isFargateAsked.get()) return outcome;
    const answered = this.#stepOnce({ type: "fargate-answered", noMoreOf: fargateProviders });
    return {
      value: outcome.value,
      documents: [...outcome.documents, ...answered.documents],
      events: [...outcome.events, ...answered.events],
      effects: [...outcome.effects, ...answered.effects],
    };
  }

  /** What the account has for the cluster is all that the others leave. */
  #reserveFargate(): void {
    const room = ({ FARGATE, FARGATE_SPOT }: FargateUse, quota = limits.fargateVcpus * 1024): FargateUse => ({
      FARGATE: quota - FARGATE,
      FARGATE_SPOT: quota - FARGATE_SPOT,
    });
    const { journal, fargateReservation } = this.state;
    const { revision = 0, reserved = null } = fargateReservation.get() ?? {};
    const left = room(this.fargateElsewhere);
    if (reserved?.FARGATE === left.FARGATE && reserved.FARGATE_SPOT === left.FARGATE_SPOT) return;
    journal.betweenSteps(() => fargateReservation.set({ revision: revision + 1, reserved: left }));
  }

  #stepOnce(input: ClusterInput): StepOutcome<unknown> {
    return this.#checked(() => {
      const result = this.#stepToEnd(input);
      if ("slices" in result) return { value: this.#played(result.slices), documents: [], events: [], effects: [] };
      const { reply, documents, events, effects } = result;
      if (reply.ok) return { value: reply.value, documents, events, effects: effects.filter(isHostEffect) };
      assert.deepEqual({ documents, events, effects }, { documents: [], events: [], effects: [] });
      throw reply.refusal;
    });
  }

  #stepToEnd(input: ClusterInput): StepResult<ClusterEffect> | SlicedStep<ClusterEffect> {
    for (;;) {
      const before = dump(this.state);
      const result = this.machine.step(input, this.now, this.#random);
      if (!("again" in result)) return result;
      assert.deepEqual(dump(this.state), before, "what is to be made again left no trace");
      this.stepsAgain += 1;
    }
  }

  #played(slices: SlicedStep<ClusterEffect>["slices"]): unknown {
    const reply = atEnd(slices);
    if (!reply.ok) throw reply.refusal;
    return reply.value;
  }

  #step(): ClusterStep {
    return new ClusterStep(this.state, this.now, this.#random, clusterReactions);
  }

  /** Plays a rehearsal by hand. */
  rehearse<T extends object>(play: Play<T>): T {
    return this.#checked(() => {
      const value = atEnd(new Rehearsal(play).begin(this.#step())) as T;
      return { value, documents: [], events: [], effects: [] };
    }).value;
  }

  /** A step made by hand: commits what `decide` did, or rolls it back and throws what `decide` threw. */
  run<T>(decide: (step: ClusterStep) => T): StepOutcome<T> {
    return this.#checked(() => {
      const step = this.#step();
      try {
        const value = decide(step);
        if (step.isDryRun) {
          this.state.rollback();
          return { value, documents: [], events: [], effects: [] };
        }
        const events = eventsOf(step, this.events.length);
        const documents = this.state.commit();
        this.machine.resume(this.events.length + events.length);
        return { value, documents, events, effects: step.effects.filter(isHostEffect) };
      } catch (error) {
        this.state.rollback();
        throw error;
      }
    });
  }

  /** Rebuilds the machine from its documents, as after a crash. */
  restart(): void {
    const before = dump(this.state);
    const machine = new ClusterMachine(place, clusterName, this.state.configuration);
    freezeDocuments(machine.state);
    const empty = new ClusterMachine(place, clusterName, this.state.configuration);
    for (const { kind, key, value } of empty.state.tables.toStored(documentsOf(this.state))) {
      machine.load(kind, key, JSON.parse(JSON.stringify(value)));
    }
    machine.resume(this.events.length);
    this.machine = machine;
    assert.deepEqual(dump(this.state), before, "a restart changes nothing");
  }

  #given(taskDefinition: TaskDefinition | null): Given {
    const caller = { principalArn: "arn:aws:iam::111122223333:root", isAgent: false };
    return { caller, cluster: this.cluster, settings: {}, taskDefinition, noMoreFargate: fargateProviders };
  }

  /** Takes a step and checks it against the rules. */
  #checked<T>(take: () => StepOutcome<T>): StepOutcome<T> {
    const before = snapshot(this.state);
    let outcome: StepOutcome<T>;
    try {
      outcome = take();
    } catch (error) {
      assert.deepEqual(dump(this.state), before.dump, "refused means untouched");
      checkTimers(this.machine);
      throw error;
    }
    checkEvents(this.state, before, outcome, this.events.length);
    if (outcome.documents.length === 0)
      assert.deepEqual(dump(this.state), before.dump, "nothing written, nothing changed");
    checkTasks(this.state, before);
    checkBook(this.state);
    checkTimers(this.machine);
    this.events.push(...outcome.events);
    return outcome;
  }
}

function atEnd<T>(slices: Iterator<undefined, T>): T {
  for (;;) {
    const next = slices.next();
    if (next.done === true) return next.value;
  }
}

type TasksReply = { readonly tasks: readonly { readonly taskArn: string }[]; readonly failures: readonly object[] };

const aClusterDocument: Cluster = {
  name: clusterName,
  arn: `arn:aws:ecs:eu-central-1:111122223333:cluster/${clusterName}`,
  status: "ACTIVE",
  incarnation: 1,
  settings: [],
  configuration: null,
  serviceConnectDefaults: null,
  capacityProviders: [],
  defaultCapacityProviderStrategy: [],
  tags: [],
  createdAt: 1,
  deletedAt: null,
};
