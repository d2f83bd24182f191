import { assert, must } from "../../lib/assert.ts";
import { seededRandom } from "../../lib/random.ts";
import { reportAgentConnected } from "../agents/report-agent-connected.ts";
import { reportAgentDisconnected } from "../agents/report-agent-disconnected.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import type { Reservation, Task } from "../documents/task.ts";
import type { EcsEvent } from "../events/event.ts";
import { clusterReactions } from "../machine/cluster-reactions.ts";
import { runDue } from "../machine/due.ts";
import { eventsOf } from "../machine/step-events.ts";
import { Refusal, type RefusalCode } from "../refusals.ts";
import type { Caller, GivenSettings, MachineConfiguration } from "../state/call.ts";
import { ClusterState } from "../state/cluster-state.ts";
import { ClusterStep } from "../state/cluster-step.ts";
import type { ClusterEffect } from "../state/effect.ts";
import type { DocumentChange } from "../tables/journal.ts";
import type { ContainerInstanceReply } from "./describe-container-instance.ts";
import { registerContainerInstance } from "./register-container-instance.ts";
import type { RegisterContainerInstanceRequest } from "./registration-request.ts";

export const place = { account: "111122223333", region: "eu-central-1" };
export const prefix = "arn:aws:ecs:eu-central-1:111122223333:";

/** An identity document as EC2 provides it, reduced to the members that matter. */
export function document(changes: Readonly<Record<string, unknown>> = {}): string {
  const instance = { instanceId: "i-0a1b2c3d4e5f60718", instanceType: "m5.large", availabilityZone: "eu-central-1b" };
  const image = { imageId: "ami-0123456789abcdef0", architecture: "x86_64", region: "eu-central-1" };
  return JSON.stringify({ ...instance, ...image, accountId: "111122223333", ...changes });
}

/** A cluster's state and a clock for tests. Each call is one step: committed, or rolled back if refused. */
export class InstanceWorld {
  readonly state: ClusterState;
  readonly #random = seededRandom("instance-world");
  now = 1_750_000_000_000;
  /** The documents that the last step changed. */
  documents: DocumentChange[] = [];
  events: EcsEvent[] = [];
  effects: readonly ClusterEffect[] = [];
  settings: Record<string, string> = {};
  caller: Caller = { principalArn: "arn:aws:iam::111122223333:root", isAgent: true };

  constructor(configuration: Partial<MachineConfiguration> = {}) {
    const whole = { latestAgentVersion: "1.97.0", verifyIdentity: null, ...configuration };
    this.state = new ClusterState(place, "lab", whole);
  }

  get given(): GivenSettings {
    return { settings: this.settings, caller: this.caller } as GivenSettings;
  }

  /** Runs one step at the current time. */
  run<T>(decide: (step: ClusterStep) => T): T {
    const step = new ClusterStep(this.state, this.now, this.#random, clusterReactions);
    try {
      const value = decide(step);
      this.events = eventsOf(step, 0);
      this.documents = this.state.commit();
      this.effects = step.effects;
      return value;
    } catch (error) {
      this.state.rollback();
      throw error;
    }
  }

  call<Request, Reply>(
    operation: (step: ClusterStep, request: Request, given: GivenSettings) => Reply,
    request: Request,
  ): Reply {
    return this.run((step) => operation(step, request, this.given));
  }

  /** Asserts that the call is refused with this error and changed nothing. */
  refused<Request>(
    operation: (step: ClusterStep, request: Request, given: GivenSettings) => unknown,
    request: Request,
    code: RefusalCode,
    message: string,
  ): void {
    const snapshot = () => JSON.stringify([...this.state.instances.values()]);
    const before = snapshot();
    const refusal = this.#refusalOf(() => this.call(operation, request));
    assert(refusal === `${code}: ${message}`, `not refused with "${code}: ${message}" but with "${refusal}"`);
    assert(snapshot() === before, "a refused call changes nothing");
  }

  #refusalOf(act: () => unknown): string {
    try {
      act();
    } catch (error) {
      if (error instanceof Refusal) return `${error.code}: ${error.message}`;
      throw error;
    }
    return "nothing";
  }

  register(request: RegisterContainerInstanceRequest = {}): ContainerInstanceReply {
    return this.call(registerContainerInstance, request).containerInstance;
  }

  /** Registers an instance and returns its id. */
  add(request: RegisterContainerInstanceRequest = {}): string {
    return must(this.register(request).containerInstanceArn.split("/").at(-1), "the id in the ARN");
  }

  instance(id: string): ContainerInstance {
    return must(this.state.instances.get(id), `the instance ${id}`);
  }

  /** Puts a changed document, for states that take long to reach. */
  set(id: string, changes: Partial<ContainerInstance>): void {
    this.run((step) => step.noteInstance({ ...this.instance(id), ...changes }));
  }

  connect(id: string, agentVersion: string | null = "1.96.0", isNewProcess = true): void {
    const versions = { isNewProcess, agentVersion, agentHash: "1a2b3c4d", dockerVersion: "DockerVersion: 25.0.8" };
    this.run((step) => reportAgentConnected(step, { type: "agent-connected", instanceId: id, ...versions }));
  }

  disconnect(id: string): void {
    this.run((step) => reportAgentDisconnected(step, { type: "agent-disconnected", instanceId: id }));
  }

  /** Advances the clock and does what is due. */
  pass(ms: number): void {
    this.now += ms;
    this.run((step) => runDue(step));
  }

  /** A running task on the instance, holding `reservation`. */
  place(instanceId: string, reservation: Partial<Reservation> = {}, changes: Partial<Task> = {}): Task {
    const id = this.#random.stream("test-task").hex(32);
    const whole = { cpu: 0, memoryMiB: 0, tcpPorts: [], udpPorts: [], gpuIds: [], resources: [], ...reservation };
    this.run((step) => step.changeTask({ ...aTask(id, instanceId, whole), ...changes }));
    return must(this.state.tasks.get(id), "the placed task");
  }
}

function aTask(id: string, instanceId: string, reservation: Reservation): Task {
  const gone = {
    pullStartedAt: null,
    pullStoppedAt: null,
    stoppingAt: null,
    executionStoppedAt: null,
    stoppedAt: null,
  };
  const off = {
    startedBy: null,
    cpu: null,
    memory: null,
    ephemeralStorageGiB: null,
    capacityProviderName: null,
    platformVersion: null,
    waitingFor: null,
    protectedUntil: null,
  };
  return {
    ...gone,
    ...off,
    id,
    arn: `${prefix}task/lab/${id}`,
    taskDefinitionArn: `${prefix}task-definition/web:1`,
    family: "web",
    instanceId,
    availabilityZone: null,
    launchType: "EC2",
    lastStatus: "RUNNING",
    desiredStatus: "RUNNING",
    version: 0,
    containers: [],
    attachments: [],
    attributes: [],
    reservation,
    overrides: { containerOverrides: [] },
    group: "family:web",
    tags: [],
    enableExecuteCommand: false,
    healthStatus: "UNKNOWN",
    connectivity: "CONNECTED",
    connectivityAt: 0,
    statusSince: 0,
    createdAt: 0,
    startedAt: 0,
    stopCode: null,
    stoppedReason: null,
  };
}
