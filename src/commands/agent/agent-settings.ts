import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type PullBehaviour, pullBehaviours } from "../../agent/docker/images/image-puller.ts";
import type { HostPolicy } from "../../agent/docker/policy/host-policy.ts";
import type { HostAttribute, HostFacts, HostIdentity } from "../../agent/registration.ts";
import type { HostServicesOptions } from "../../server/hosts/host-services.ts";
import {
  type CommandText,
  type Flag,
  numberFlag,
  pairsFlag,
  type Typed,
  textFlag,
  UsageError,
} from "../flags/flags.ts";
import { hostPolicyFlags, hostPolicyFrom, typedPolicyFlag } from "../flags/host-policy-flags.ts";
import { type Remote, remoteFlags, remoteFrom } from "../flags/remote-flags.ts";
import { serviceFlags, servicesFrom } from "../flags/service-flags.ts";

const flags = {
  ...remoteFlags,
  cluster: { value: "CLUSTER", help: "The cluster to join (default: default, which is created if it is missing)." },
  "data-dir": { value: "DIR", help: "Where the agent keeps its state (default /var/lib/berth-agent)." },
  runtime: { value: "RUNTIME", help: "docker (default), or simulated: containers that exist only as timers." },
  "docker-host": { value: "ADDRESS", help: "The engine (default: DOCKER_HOST, then unix:///var/run/docker.sock)." },
  "pull-behavior": {
    value: "WORD",
    help: `When to ask registries: ${pullBehaviours.join(", ")}. The default asks, and falls back to the local copy.`,
  },
  attributes: { value: "LIST", help: "Custom attributes: rack=r1,disk=ssd. Sent with the first registration only." },
  tags: { value: "LIST", help: "Tags: team=web,stage=test. Sent with the first registration only." },
  external: { value: null, help: "Register as an EXTERNAL instance: it runs tasks of launch type EXTERNAL." },
  "availability-zone": { value: "ZONE", help: "The machine's availability zone (default: the region's first)." },
  "instance-type": { value: "TYPE", help: "The value of the attribute ecs.instance-type (default docker)." },
  ...hostPolicyFlags,
  ...serviceFlags,
  "reserved-memory": { value: "MIB", help: "Memory in MiB that tasks do not get (default 0)." },
  "log-level": { value: "LEVEL", help: "Level of the log on standard error (default warn)." },
  json: { value: null, help: "Print what happens as lines of JSON on standard output, not as text on standard error." },
} as const satisfies Record<string, Flag>;

export const agentCommand: CommandText = {
  usage: "berth agent --endpoint URL [flags]",
  about: `Makes this machine a container instance: registers it, connects, and runs the tasks placed on it in Docker.
The access key comes from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. The data directory holds what the agent
needs after a restart; containers keep running while it is away. Without root, tasks have no limits as a whole, and the AWS SDKs in
containers get no credentials. If the control plane does not answer, the agent waits for it.
The agent refuses tasks that ask for more of this machine than the --allow flags grant, whatever the control plane says.
Exit codes: 0 after SIGTERM or SIGINT; 1 restart it, once the reported problem is fixed; 2 wrong command line;
5 do not restart it (registration refused for good, instance deregistered, data directory of another cluster).`,
  flags,
  examples: [
    {
      line: "sudo -E berth agent --endpoint http://127.0.0.1:4280 --region us-east-1",
      about: "Joins the cluster default of a control plane on this machine.",
    },
    {
      line: "berth agent --endpoint https://ecs.example.org --cluster web --attributes rack=r7 --data-dir /srv/berth-agent",
      about: "Joins another cluster, with an attribute for placement constraints.",
    },
    {
      line: "berth agent --endpoint https://ecs.example.org --cluster web --attributes berth.capacity-provider=racks",
      about: "Joins the capacity provider `racks`: tasks whose strategy names it run here.",
    },
    {
      line: "berth agent --endpoint https://ecs.example.org --cluster web --allow-host-path /srv/data",
      about: "Lets containers mount /srv/data and everything below it, but nothing else on this machine.",
    },
    {
      line: "berth agent --endpoint http://127.0.0.1:4280 --runtime simulated --data-dir /tmp/rehearsal",
      about: "Rehearses without Docker.",
    },
  ],
};

/** The parsed command line. */
export type AgentSettings = {
  readonly remote: Remote;
  readonly runtime: "docker" | "simulated";
  /** A DOCKER_HOST value. Empty: the usual socket. */
  readonly dockerHost: string;
  readonly pullBehaviour: PullBehaviour;
  /** What tasks may use on this machine. */
  readonly policy: HostPolicy;
  /** Name or ARN. Null: `default`, created if it is missing. */
  readonly cluster: string | null;
  /** What tasks use of other services of AWS. */
  readonly services: HostServicesOptions;
  readonly dataDir: string;
  readonly external: boolean;
  readonly availabilityZone: string;
  readonly instanceType: string;
  readonly reservedMemoryMiB: number;
  readonly customAttributes: readonly HostAttribute[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
};

/** Reads the command line and the environment. Throws UsageError that says what to type instead, StartError for --tls-ca. */
export function settingsFrom(typed: Typed, environment: NodeJS.ProcessEnv = process.env): AgentSettings {
  const runtime = oneOf(typed, "runtime", ["docker", "simulated"] as const, "docker");
  const pullBehaviour = oneOf(typed, "pull-behavior", pullBehaviours, "default");
  const policy = hostPolicyFrom(typed);
  const useless = runtime === "simulated" ? typedPolicyFlag(typed) : null;
  if (useless !== null) throw new UsageError(`--${useless} has no effect with --runtime simulated. Leave it out.`);
  const remote = remoteFrom(typed, environment);
  return {
    remote,
    runtime,
    dockerHost: textFlag(typed, "docker-host", environment.DOCKER_HOST ?? ""),
    pullBehaviour,
    policy,
    cluster: textFlag(typed, "cluster", null),
    services: servicesFrom(typed, environment),
    dataDir: resolve(textFlag(typed, "data-dir", "/var/lib/berth-agent")),
    external: typed.flags.has("external"),
    availabilityZone: textFlag(typed, "availability-zone", `${remote.region}a`),
    instanceType: textFlag(typed, "instance-type", "docker"),
    reservedMemoryMiB: numberFlag(typed, "reserved-memory", { otherwise: 0, min: 0, max: 33_554_432 }),
    customAttributes: pairsFlag(typed, "attributes").map(([name, value]) => ({ name, value })),
    tags: pairsFlag(typed, "tags").map(([key, value]) => ({ key, value })),
  };
}

/** The host's hardware, as its runtime sees it. */
export type Hardware = Pick<HostFacts, "cpu" | "memoryMiB" | "gpuIds"> & Pick<HostIdentity, "architecture">;

/** Throws UsageError if --reserved-memory leaves none of the host's memory. */
export function checkReservedMemory(
  { reservedMemoryMiB }: Pick<AgentSettings, "reservedMemoryMiB">,
  { memoryMiB }: Pick<Hardware, "memoryMiB">,
): void {
  if (reservedMemoryMiB < memoryMiB) return;
  throw new UsageError(`--reserved-memory ${reservedMemoryMiB} leaves none of the ${memoryMiB} MiB of this machine.`);
}

/** What the host registers. AWS: an agent outside EC2 says so with an attribute, and reports nothing about its machine. */
export function factsOf(
  settings: AgentSettings,
  { architecture, cpu, memoryMiB, gpuIds }: Hardware,
  capabilities: readonly HostAttribute[],
): HostFacts {
  const { external, remote, availabilityZone, instanceType, reservedMemoryMiB, customAttributes, tags } = settings;
  // AWS: tasks on external instances have no interfaces of their own.
  const offered = capabilities.filter(({ name }) => !external || !name.startsWith("ecs.capability.task-eni"));
  const identity = {
    account: null,
    region: remote.region,
    availabilityZone,
    instanceId: instanceIdOf(settings.dataDir),
    instanceType,
    imageId: null,
    architecture,
    // The control plane takes the address that the registration comes from.
    privateAddress: null,
  };
  return {
    cpu,
    memoryMiB: memoryMiB - reservedMemoryMiB,
    gpuIds,
    identity: external ? null : identity,
    attributes: external ? [...offered, { name: "ecs.capability.external" }] : offered,
    customAttributes: [{ name: "berth.runtime", value: settings.runtime }, ...customAttributes],
    tags,
  };
}

/** The same for the same machine and data directory, in the form of EC2. */
function instanceIdOf(dataDir: string): string {
  let machine = "";
  try {
    machine = readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    // Without a machine id, only the data directory distinguishes a machine.
  }
  return `i-${hash("sha256", `${machine}\n${dataDir}`, "hex").slice(0, 17)}`;
}

function oneOf<T extends string>(typed: Typed, name: string, known: readonly T[], otherwise: T): T {
  const given = textFlag(typed, name, otherwise);
  const found = known.find((word) => word === given);
  if (found === undefined) throw new UsageError(`--${name} must be one of ${known.join(", ")}, not "${given}".`);
  return found;
}
