import type { AgentTransport, EcsApi } from "../../agent-protocol/connection.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import { type Random, seededRandom } from "../../lib/random.ts";
import { Agent, type AgentEnd } from "../agent.ts";
import type { AgentDisk } from "../agent-disk.ts";
import { simulatedUpdater } from "../agent-updater.ts";
import type { EngineOptions } from "../engine/engine-step.ts";
import type { HostFacts, HostIdentity } from "../registration.ts";
import { TaskCredentials } from "../task-credentials.ts";
import { TaskServices, type TaskServicesSettings } from "../task-services/task-services.ts";
import { simulatedAttributes } from "./simulated-attributes.ts";
import { SimulatedRuntime, type SimulatedRuntimeOptions } from "./simulated-runtime.ts";

/** What the simulated hosts of a process share. */
export type SimulatedHostWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly api: EcsApi;
  readonly transport: AgentTransport;
  /** The version that hosts begin with. */
  readonly agentVersion?: string;
  readonly engine?: EngineOptions;
  readonly runtime?: Omit<SimulatedRuntimeOptions, "clock" | "ids" | "services">;
  /** The other services of AWS. Null: what containers write goes nowhere. */
  readonly services?: TaskServicesSettings | null;
};

export type SimulatedHostOptions = {
  /** Unique in the process. The host's EC2 instance id follows from it. */
  readonly name: string;
  readonly cluster: string;
  readonly disk?: AgentDisk | null;
  readonly onEnded?: (why: AgentEnd) => void;
};

export type NewHostOptions = SimulatedHostOptions & {
  /** Null if the host does not know it. */
  readonly account: string | null;
  readonly region: string;
  /** Counts from 0. Availability zones a, b and c take turns. */
  readonly index: number;
  readonly facts?: Partial<Omit<HostFacts, "identity" | "attributes"> & Pick<HostIdentity, "instanceType">>;
};

/** What a `berth dev` host has by default: two cores, and 8 GiB minus what the system needs. */
export const simulatedHostDefaults = { cpu: 2_048, memoryMiB: 7_680, instanceType: "m5.large" } as const;

/** LIMIT: older than the newest agent that Berth knows, so that UpdateContainerAgent has something to do. */
export const simulatedAgentVersion = "1.95.0";

/** A simulated host: an agent with a simulated container runtime. */
export type SimulatedHost = {
  readonly agent: Agent;
  readonly runtime: SimulatedRuntime;
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** A host that registers itself (or registers again if its disk knows its container instance). */
export function simulatedHost(world: SimulatedHostWorld, options: NewHostOptions): SimulatedHost {
  const { name, account, region, index, facts = {} } = options;
  const { instanceType = simulatedHostDefaults.instanceType, ...given } = facts;
  const identity: HostIdentity = {
    account,
    region,
    availabilityZone: `${region}${"abc".charAt(index % 3)}`,
    instanceId: `i-${seededRandom(`${account ?? ""}/${region}/${name}`)
      .stream("instance-id")
      .hex(17)}`,
    instanceType,
    imageId: "ami-0b3e7a1c5d9f20468",
    architecture: "x86_64",
    privateAddress: null,
  };
  const { cpu, memoryMiB } = simulatedHostDefaults;
  const sized = { cpu, memoryMiB, gpuIds: [], customAttributes: [], tags: [], ...given };
  const register = { ...sized, identity, attributes: simulatedAttributes({ ...identity, gpuIds: sized.gpuIds }) };
  return newHost(world, options, { register });
}

/** The versions that a host is to have. It uses its own for those that are absent. */
type HostVersions = {
  readonly agentVersion?: string | null;
  readonly agentHash?: string | null;
  readonly dockerVersion?: string | null;
};

/** A host for a container instance that was registered without an agent. It takes over the registered versions. */
export function adoptedHost(
  world: SimulatedHostWorld,
  options: SimulatedHostOptions & {
    readonly containerInstanceArn: string;
    readonly versionInfo?: HostVersions;
  },
): SimulatedHost {
  return newHost(world, options, { adopt: options.containerInstanceArn }, options.versionInfo);
}

function newHost(
  world: SimulatedHostWorld,
  options: SimulatedHostOptions,
  instance: { readonly register: HostFacts } | { readonly adopt: string },
  { agentVersion, agentHash, dockerVersion }: HostVersions = {},
): SimulatedHost {
  const { clock, random, log, api, transport, engine } = world;
  const { name, cluster, disk = null, onEnded } = options;
  const credentials = new TaskCredentials();
  const chance = random.stream(`services/${name}`);
  const services =
    world.services == null
      ? null
      : TaskServices.forgetful({ ...world.services, clock, log, credentials, random: chance });
  const runtime = new SimulatedRuntime({
    ...world.runtime,
    clock,
    services,
    ids: random.stream(`runtime/${name}`),
    ...(dockerVersion ? { version: dockerVersion } : {}),
  });
  const agent = new Agent({
    clock,
    random,
    log,
    api,
    transport,
    runtime,
    credentials,
    disk,
    name,
    cluster,
    instance,
    agentVersion: agentVersion || world.agentVersion || simulatedAgentVersion,
    agentHash: agentHash || "5c1e7a90",
    updater: simulatedUpdater,
    ...(engine === undefined ? {} : { engine }),
    ...(onEnded === undefined ? {} : { onEnded }),
  });
  const stop = async (): Promise<void> => {
    await agent.stop();
    await services?.close();
  };
  return { agent, runtime, start: () => agent.start(), stop };
}
