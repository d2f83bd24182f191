/** Test support: the control plane over real machines, a memory disk and a clock advanced by hand. */

import type { AnsweredName } from "../ecs/machine/operations.ts";
import { Refusal } from "../ecs/refusals.ts";
import type { HostEffect } from "../ecs/state/effect.ts";
import { ecsTimeline, type Timeline } from "../ecs/timeline.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { type AppendFate, emptyMemoryDisk, type MemoryDisk, MemoryStore } from "../store/memory/memory-store.ts";
import type { ControlPlaneCall } from "./api-calls.ts";
import { ControlPlane } from "./control-plane.ts";
import type { ClusterPlace } from "./partitions/cluster-place.ts";
import type { RoomLimits } from "./partitions/machine-room.ts";
import type { Submit } from "./submit.ts";
import { throughJson } from "./through-json.ts";

export const place = { account: "123456789012", region: "eu-west-1" };
export const caller = { principalArn: "arn:aws:iam::123456789012:root", isAgent: false };
export const arnPrefix = "arn:aws:ecs:eu-west-1:123456789012:";

/** What simple tasks of Fargate's sizes need. */
const fargateCapabilities = [
  "com.amazonaws.ecs.capability.docker-remote-api.1.18",
  "ecs.capability.increased-task-cpu-limit",
  "ecs.capability.task-eni",
];

/** Makes each life draw different ids. */
let lives = 0;

export async function aControlPlane({
  disk = emptyMemoryDisk(),
  clock = new VirtualClock(1_700_000_000_000),
  rooms,
  relay = throughJson,
  timeline = ecsTimeline,
  stopwatch = () => clock.now(),
  openMs = () => 0,
  life = ++lives,
}: {
  disk?: MemoryDisk;
  clock?: VirtualClock;
  timeline?: Timeline;
  stopwatch?: () => number;
  /** How long the disk takes to load a partition. */
  openMs?: (partition: string) => number;
  rooms?: { accounts?: RoomLimits; clusters?: RoomLimits };
  /** What submissions go through: JSON, to see that whatever they say is plain data. */
  relay?: (local: Submit) => Submit;
  /** Worlds of one life draw the same ids. */
  life?: number;
} = {}) {
  const fates = new Map<string, AppendFate | "crash">();
  const store: MemoryStore = new MemoryStore({
    disk,
    beforeAppend: async (partition) => {
      const fate = fates.get(partition) ?? "ok";
      fates.delete(partition);
      if (fate !== "crash") return fate;
      store.crash();
      return "ok";
    },
    beforeOpen: async (partition) => {
      const ms = openMs(partition);
      if (ms > 0) await new Promise<void>((resolve) => clock.setTimer(ms, resolve));
    },
  });
  const effects: [ClusterPlace, HostEffect][] = [];
  const loaded: string[] = [];
  const controlPlane = new ControlPlane({
    store,
    clock,
    randomFor: (partition) => seededRandom(`${life}/${partition}`),
    configuration: {
      latestAgentVersion: "1.99.0",
      verifyIdentity: null,
      timeline,
      managedHosts: { capabilities: new Set(fargateCapabilities) },
    },
    endpoints: () => ({ endpoint: "http://acs", telemetryEndpoint: "http://tcs" }),
    log: () => {},
    stopwatch,
    relay,
    ...(rooms !== undefined && { rooms }),
  });
  controlPlane.onEffect((at, effect) => effects.push([at, effect]));
  controlPlane.onLoaded(({ cluster }) => loaded.push(cluster));
  await controlPlane.open();

  /** Makes a call and waits for everything that follows from it. */
  async function call(operation: AnsweredName, request: object, more: Partial<ControlPlaneCall> = {}) {
    const answer = controlPlane.call({ operation, request, caller, ...place, ...more });
    answer.catch(() => {});
    await clock.settle();
    // biome-ignore lint/suspicious/noExplicitAny: replies are read as loosely as JSON
    return (await answer) as any;
  }
  return { controlPlane, clock, disk, store, fates, effects, loaded, call };
}

export type World = Awaited<ReturnType<typeof aControlPlane>>;

export async function anInstance({ call, controlPlane, clock }: World, cluster: string): Promise<string> {
  const totalResources = [
    { name: "CPU", type: "INTEGER", integerValue: 1024 },
    { name: "MEMORY", type: "INTEGER", integerValue: 1024 },
    { name: "PORTS", type: "STRINGSET", stringSetValue: [] },
    { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
  ];
  const { containerInstance } = await call("RegisterContainerInstance", { cluster, totalResources });
  const instanceId = containerInstance.containerInstanceArn.split("/").at(-1);
  const hello = { agentVersion: "1.99.0", agentHash: "abcdef", dockerVersion: "DockerVersion: 25.0.8" };
  const report = { type: "agent-connected", isNewProcess: true, instanceId, ...hello } as const;
  const reported = controlPlane.submit({ ...place, cluster }, { type: "agent-report", report });
  await clock.settle();
  await reported;
  return containerInstance.containerInstanceArn;
}

export async function aRevision({ call }: World): Promise<string> {
  const containerDefinitions = [{ name: "web", image: "nginx", memory: 64, essential: true }];
  const { taskDefinition } = await call("RegisterTaskDefinition", { family: "web", containerDefinitions });
  return taskDefinition.taskDefinitionArn;
}

export const refusedWith = (code: string, text?: RegExp) => (error: unknown) =>
  error instanceof Refusal && error.code === code && (text === undefined || text.test(error.message));

/** Opening appends, so somebody must advance the clock meanwhile. */
export async function openWhileCranked({ disk, clock }: World): Promise<World> {
  const opening = aControlPlane({ disk, clock });
  await clock.settle();
  return opening;
}
