import type { ContainerInstance } from "../src/ecs/documents/container-instance.ts";
import type { PlacementRequest } from "../src/ecs/documents/placement-request.ts";
import type { TaskDefinition } from "../src/ecs/documents/task-definition.ts";
import { launch } from "../src/ecs/launch/launch.ts";
import { effectiveContainers, needOf, type TaskTemplate } from "../src/ecs/launch/new-task.ts";
import { resolveOverrides } from "../src/ecs/launch/overrides.ts";
import { clusterReactions } from "../src/ecs/machine/cluster-reactions.ts";
import { eventsOf } from "../src/ecs/machine/step-events.ts";
import { placeTask } from "../src/ecs/placement/place-task.ts";
/**
 * The scheduler core alone: decisions per second with the task documents, events and changed documents that a step of the cluster
 * machine makes of them, but without a store; and how the cost of a decision itself grows with the cluster.
 */
import { ClusterState } from "../src/ecs/state/cluster-state.ts";
import { ClusterStep } from "../src/ecs/state/cluster-step.ts";
import { seededRandom } from "../src/lib/random.ts";
import { type Figure, printFigures } from "./figure.ts";

const place = { account: "123456789012", region: "us-east-1" };
const arn = (kind: string, id: string) => `arn:aws:ecs:us-east-1:123456789012:${kind}/default/${id}`;
// LIMIT: as many tasks as one RunTask call starts; a service's step starts more, which costs less for each.
const tasksPerStep = 10;
const services = 20;

type Wishes = Pick<PlacementRequest, "constraints" | "strategies">;
const none: Wishes = { constraints: [], strategies: [] };
const all: Wishes = {
  constraints: [{ type: "memberOf", expression: "attribute:stack == prod and attribute:ecs.instance-type =~ m5.*" }],
  strategies: [
    { type: "spread", field: "attribute:ecs.availability-zone" },
    { type: "binpack", field: "MEMORY" },
  ],
};

/** As many attributes as the official agent sends, and some user-defined ones. */
const anInstance = (number: number): ContainerInstance => {
  const id = number.toString(16).padStart(32, "0");
  const zone = `us-east-1${"abc".charAt(number % 3)}`;
  return {
    id,
    arn: arn("container-instance", id),
    ec2InstanceId: `i-${id.slice(15)}`,
    instanceType: "m5.4xlarge",
    availabilityZone: zone,
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
    registeredAt: number,
    deregisteredAt: null,
    statusSince: number,
    registeredResources: [
      { name: "CPU", type: "INTEGER", value: 16_384 },
      { name: "MEMORY", type: "INTEGER", value: 63_488 },
      { name: "PORTS", type: "STRINGSET", values: ["22", "2375", "2376", "51678", "51679"] },
      { name: "PORTS_UDP", type: "STRINGSET", values: [] },
    ],
    platformDevices: [],
    platformAttributes: [
      ...Array.from({ length: 57 }, (_, at) => ({ name: `ecs.capability.benchmark-capability-${at}`, value: null })),
      { name: "ecs.availability-zone", value: zone },
      { name: "ecs.instance-type", value: "m5.4xlarge" },
    ],
    // One in ten is not for these tasks.
    customAttributes: [{ name: "stack", value: number % 10 === 0 ? "test" : "prod" }],
    attachments: [],
    tags: [],
    capacityProviderName: null,
  };
};

const definition: TaskDefinition = {
  arn: "arn:aws:ecs:us-east-1:123456789012:task-definition/bench:1",
  family: "bench",
  revision: 1,
  status: "ACTIVE",
  networkMode: "bridge",
  cpu: null,
  memory: null,
  containerDefinitions: [
    { name: "main", image: "bench", essential: true, cpu: 256, memory: 512, portMappings: [], environment: [] },
  ],
  requiresCompatibilities: [],
  compatibilities: ["EC2", "EXTERNAL"],
  requiresAttributes: [3, 20, 40].map((at) => ({ name: `ecs.capability.benchmark-capability-${at}` })),
  placementConstraints: [],
  taskRoleArn: null,
  executionRoleArn: null,
  ephemeralStorageGiB: null,
  registeredAt: 1,
  deregisteredAt: null,
  deleteRequestedAt: null,
  registeredBy: "arn:aws:iam::123456789012:root",
  tags: [],
  more: {},
};

function templateFor(group: string): TaskTemplate {
  const overrides = resolveOverrides(undefined, definition);
  const containers = effectiveContainers(definition, overrides);
  const need = needOf(definition, containers, overrides);
  return { definition, containers, overrides, need, group, startedBy: null, tags: [], subnets: null };
}

type Wanted = { readonly template: TaskTemplate; readonly request: PlacementRequest };

/** A cluster as its machine sees it. */
class Core {
  readonly state = new ClusterState(place, "default", {
    latestAgentVersion: "1.100.0",
    verifyIdentity: null,
    managedHosts: null,
  });
  readonly #random = seededRandom("placement");
  readonly #wanted: readonly Wanted[];
  #sequence = 0;
  #steps = 0;
  /** Milliseconds of each single decision. */
  decisions: number[] = [];

  constructor(instances: number, wishes: Wishes) {
    for (let number = 1; number <= instances; number++) {
      const instance = anInstance(number);
      this.state.instances.load(instance.id, instance);
    }
    this.#wanted = Array.from({ length: services }, (_, number) => {
      const template = templateFor(`service:bench-${number}`);
      const request = {
        need: template.need,
        group: template.group,
        launchType: "EC2",
        capacityProvider: null,
        ...wishes,
      } as const;
      return { template, request };
    });
  }

  /** Places `count` tasks. Each step places those of one of the services in turn. */
  run(count: number): void {
    for (let done = 0; done < count; done += tasksPerStep) this.#step();
  }

  #step(): void {
    const step = new ClusterStep(this.state, 1_000 + this.#steps, this.#random, clusterReactions);
    const { template, request } = this.#wanted[this.#steps % services] as Wanted;
    this.#steps += 1;
    for (let started = 0; started < tasksPerStep; started++) {
      const begin = performance.now();
      const candidate = placeTask(this.state, request, step.random("placement"));
      this.decisions.push(performance.now() - begin);
      if (candidate === null) throw new Error("the cluster of the benchmark is full");
      launch(step, template, candidate);
    }
    this.#sequence += eventsOf(step, this.#sequence).length;
    this.state.tables.toStored(this.state.commit());
  }
}

/** Microseconds of one decision, without the slowest hundredth, in which the process had to wait for something else. */
function ofOne({ decisions }: Core): number {
  const kept = decisions.sort((a, b) => a - b).slice(0, Math.floor(0.99 * decisions.length));
  return (1000 * kept.reduce((sum, each) => sum + each, 0)) / kept.length;
}

/** Decisions per second while the last `measured` of `tasks` are placed. */
function perSecond(instances: number, tasks: number, wishes: Wishes, measured = 20_000): Figure {
  const core = new Core(instances, wishes);
  const warm = Math.min(measured, tasks / 2);
  core.run(tasks - warm);
  core.decisions = [];
  const cpu = process.threadCpuUsage();
  const begin = performance.now();
  core.run(warm);
  const tookMs = performance.now() - begin;
  const { user, system } = process.threadCpuUsage(cpu);
  const what = wishes === all ? "spread, binpack and memberOf" : "no strategy";
  const own = ((user + system) / warm).toFixed(1);
  return {
    name: `placement, ${instances} instances, ${tasks} tasks, ${what}`,
    value: (1000 * warm) / tookMs,
    unit: "/s",
    beside: `the last ${warm}, documents and events included; ${own} µs of CPU for each, the decision itself ${ofOne(core).toFixed(1)} µs`,
  };
}

/** The cost of the decision itself, with as many tasks on each instance in every cluster. */
function growth(): Figure {
  const sizes = [100, 1_000, 10_000];
  const costs = sizes.map((instances) => {
    const core = new Core(instances, all);
    core.run(10 * instances + 1_000);
    core.decisions = [];
    core.run(3_000);
    return ofOne(core);
  });
  const [first = 1, , last = 1] = costs;
  return {
    name: "placement, one decision at 10,000 instances against 100",
    value: last / first,
    unit: "times",
    beside: sizes.map((size, at) => `${size}: ${costs[at]?.toFixed(2)} µs`).join(", "),
  };
}

export async function placementFigures(): Promise<Figure[]> {
  // Until the code is compiled.
  for (const wishes of [all, none]) new Core(1_000, wishes).run(20_000);
  return [
    perSecond(1_000, 10_000, all),
    perSecond(1_000, 10_000, none),
    perSecond(5_000, 100_000, all),
    perSecond(5_000, 100_000, none),
    growth(),
  ];
}

if (import.meta.main) printFigures(await placementFigures());
