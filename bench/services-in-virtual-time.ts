import { AgentSessions } from "../src/agent-sessions/agent-sessions.ts";
import { ControlPlane } from "../src/cluster-runner/control-plane.ts";
import { ecsTimeline } from "../src/ecs/timeline.ts";
import { seededRandom } from "../src/lib/random.ts";
import { VirtualClock } from "../src/lib/virtual-clock.ts";
import { AgentArrivals } from "../src/server/hosts/agent-arrivals.ts";
import { SimulatedHosts } from "../src/server/hosts/simulated-hosts.ts";
import { openLog } from "../src/server/log/log.ts";
import { MemoryStore } from "../src/store/memory/memory-store.ts";
import { type Figure, printFigures } from "./figure.ts";

const place = { account: "123456789012", region: "us-east-1" } as const;
const caller = { principalArn: `arn:aws:iam::${place.account}:root`, isAgent: false } as const;
/** 2026-01-05 00:00 UTC. */
const startMs = 1_767_571_200_000;
const limitMs = 24 * 3_600_000;

type Described = {
  readonly runningCount: number;
  readonly deployments: readonly { readonly rolloutState: string }[];
  readonly events: readonly { readonly message: string }[];
};

type Size = { readonly hosts: number; readonly drained: number; readonly tasks: number };

/**
 * The same life of a service with ECS's times on a virtual clock: how long a user waits for it, and how long the computation
 * takes. The store is in memory: while time stands still between timers, nearly every report is an append of its own, and
 * synchronising a hundred thousand of them would be all that is measured.
 */
export async function virtualServiceFigures({ hosts, drained, tasks }: Size): Promise<Figure[]> {
  const world = new VirtualWorld(hosts);
  try {
    await world.open();
    await world.call("RegisterTaskDefinition", definition);
    await world.call("CreateService", { serviceName: "web", taskDefinition: "bench", desiredCount: 0 });
    await world.until(({ deployments }) => deployments[0]?.rolloutState === "COMPLETED");
    const figures = [
      await world.measure(`0 to ${tasks} tasks RUNNING`, async () => {
        await world.call("UpdateService", { service: "web", desiredCount: tasks });
        await world.until(({ runningCount }) => runningCount === tasks);
      }),
    ];
    await world.until(isSteady);
    const arns = world.instances.slice(0, drained);
    figures.push(
      await world.measure(`${drained} hosts drained`, async () => {
        await world.setStatus(arns, "DRAINING");
        await world.untilEmpty(arns);
      }),
    );
    await world.until(isSteady);
    await world.setStatus(arns, "ACTIVE");
    figures.push(
      await world.measure(`rolling deployment of ${tasks}`, async () => {
        await world.call("RegisterTaskDefinition", definition);
        await world.call("UpdateService", { service: "web", taskDefinition: "bench" });
        await world.until(
          ({ runningCount, deployments }) =>
            runningCount === tasks && deployments.length === 1 && deployments[0]?.rolloutState === "COMPLETED",
        );
      }),
    );
    return figures;
  } finally {
    await world.close();
  }
}

const definition = {
  family: "bench",
  containerDefinitions: [{ name: "main", image: "bench", cpu: 100, memory: 128, essential: true }],
};

const isSteady = ({ events }: Described): boolean =>
  events[0]?.message.endsWith("has reached a steady state.") === true;

class VirtualWorld {
  readonly #clock = new VirtualClock(startMs);
  readonly #store = new MemoryStore();
  readonly #controlPlane: ControlPlane;
  readonly #hosts: SimulatedHosts;

  constructor(instances: number) {
    const clock = this.#clock;
    const log = openLog("error");
    const store = this.#store;
    const controlPlane = new ControlPlane({
      store,
      clock,
      randomFor: (partition) => seededRandom(`bench/${partition}`),
      configuration: { latestAgentVersion: "1.105.0", verifyIdentity: null, timeline: ecsTimeline, managedHosts: null },
      endpoints: () => ({ endpoint: "http://acs", telemetryEndpoint: "http://tcs" }),
      log: log.write,
    });
    const arrivals = new AgentArrivals(controlPlane);
    const sessions = new AgentSessions({
      controlPlane: arrivals,
      clock,
      random: seededRandom("bench/agent-sessions"),
      log: log.write,
      credentials: null,
      timeline: ecsTimeline,
      agentArchive: null,
    });
    this.#controlPlane = controlPlane;
    this.#hosts = new SimulatedHosts({
      place,
      instances,
      cpu: 4_096,
      memoryMiB: 16_384,
      adopt: false,
      controlPlane,
      sessions,
      arrivals,
      store,
      clock,
      random: seededRandom("bench/hosts"),
      log,
      docker: null,
      services: null,
      dataDir: null,
    });
  }

  get instances(): readonly string[] {
    return this.#hosts.instances();
  }

  async open(): Promise<void> {
    await this.#settled(this.#controlPlane.open());
    await this.#settled(this.#controlPlane.submit(place, { type: "create-default-cluster" }));
    await this.#settled(this.#hosts.open());
  }

  async close(): Promise<void> {
    await this.#settled(this.#hosts.close());
    await this.#settled(this.#controlPlane.close());
  }

  call(operation: Parameters<ControlPlane["call"]>[0]["operation"], request: object): Promise<object> {
    return this.#settled(this.#controlPlane.call({ ...place, operation, request, caller }));
  }

  async setStatus(arns: readonly string[], status: "ACTIVE" | "DRAINING"): Promise<void> {
    for (let at = 0; at < arns.length; at += 10) {
      await this.call("UpdateContainerInstancesState", { containerInstances: arns.slice(at, at + 10), status });
    }
  }

  /** Advances the clock by a quarter of a second at a time until the service is as wanted. */
  async until(holds: (service: Described) => boolean): Promise<void> {
    await this.#until(async () => {
      const { services } = (await this.call("DescribeServices", { services: ["web"] })) as { services: Described[] };
      return services[0] !== undefined && holds(services[0]);
    });
  }

  async untilEmpty(arns: readonly string[]): Promise<void> {
    await this.#until(async () => {
      const { containerInstances } = (await this.call("DescribeContainerInstances", {
        containerInstances: arns,
      })) as { containerInstances: { runningTasksCount: number; pendingTasksCount: number }[] };
      return containerInstances.every((each) => each.runningTasksCount + each.pendingTasksCount === 0);
    });
  }

  async measure(name: string, work: () => Promise<void>): Promise<Figure> {
    const begin = performance.now();
    const beganAt = this.#clock.now();
    await work();
    const value = (this.#clock.now() - beganAt) / 1_000;
    const wall = (performance.now() - begin) / 1_000;
    return {
      name: `ECS's times: ${name}`,
      value,
      unit: "s of virtual time",
      beside: `simulated in ${wall.toFixed(1)} s`,
    };
  }

  async #until(holds: () => Promise<boolean>): Promise<void> {
    const end = this.#clock.now() + limitMs;
    while (!(await holds())) {
      if (this.#clock.now() > end) throw new Error("not within a day of virtual time");
      await this.#clock.advance(250);
    }
  }

  async #settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.#clock.runUntil(() => isSettled, limitMs);
    return promise;
  }
}

if (import.meta.main) printFigures(await virtualServiceFigures({ hosts: 1_000, drained: 100, tasks: 10_000 }));
