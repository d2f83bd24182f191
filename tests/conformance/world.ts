/**
 * A control plane with simulated hosts in this process, used through AWS's SDK over HTTP. It records every call and its outcome.
 */
import assert from "node:assert/strict";
import { type ContainerInstance, ECS, type KeyValuePair, type Task } from "@aws-sdk/client-ecs";
import { SignedApi } from "../../src/agent/remote/signed-api.ts";
import type { Timeline } from "../../src/ecs/timeline.ts";
import { must } from "../../src/lib/assert.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { openLog } from "../../src/server/log/log.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/server/server.ts";
import { until } from "../until.ts";

export const account = "123456789012";
export const region = "eu-west-1";
export const arnPrefix = `arn:aws:ecs:${region}:${account}:`;
export const agentUserAgent = "Amazon ECS Agent - v1.97.0 (abcdef) (+http://aws.amazon.com/ecs/)";

/** The outcome of a call as its client saw it: "" for success, or the name of the error. */
export type SeenCall = { readonly operation: string; readonly code: string };

export type ClientOptions = {
  readonly accessKeyId?: string;
  readonly region?: string;
  /** Replaces the SDK's own. */
  readonly userAgent?: string;
  /** Members that the API has and the SDK's model lacks. */
  readonly extraMembers?: Readonly<Record<string, unknown>>;
};

export type World = {
  readonly server: RunningServer;
  /** Calls as the account 123456789012 in eu-west-1. */
  readonly ecs: ECS;
  readonly seen: readonly SeenCall[];
  client(options: ClientOptions): ECS;
  close(): Promise<void>;
};

/** A client for Berth's own operations, as the account of `world.ecs`. The caller closes it. */
export const berthApi = ({ server }: World): SignedApi =>
  new SignedApi({
    endpoint: server.url,
    region,
    credentials: { accessKeyId: account, secretAccessKey: "any", sessionToken: null },
    agentVersion: null,
    clock: systemClock,
    random: seededRandom("conformance").stream("berth-api"),
    trust: null,
  });

export async function startWorld(
  options: {
    readonly instances?: number;
    readonly adopt?: boolean;
    readonly timeline?: Timeline;
    readonly server?: Partial<ServerOptions>;
  } = {},
): Promise<World> {
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir: null,
    auth: { type: "loose", account },
    latestAgentVersion: "1.99.0",
    simulation: {
      place: { account, region },
      instances: options.instances ?? 0,
      cpu: 2_048,
      memoryMiB: 4_096,
      adopt: options.adopt ?? true,
    },
    managedRuntime: "simulated",
    ...(options.timeline === undefined ? {} : { timeline: options.timeline }),
    log: openLog("error"),
    ...options.server,
  });
  const seen: SeenCall[] = [];
  const clients: ECS[] = [];
  const client = (clientOptions: ClientOptions): ECS => {
    const made = watchedClient(server.url, clientOptions, seen);
    clients.push(made);
    return made;
  };
  return {
    server,
    ecs: client({}),
    seen,
    client,
    close: async () => {
      for (const each of clients) each.destroy();
      await server.close();
    },
  };
}

function watchedClient(endpoint: string, options: ClientOptions, seen: SeenCall[]): ECS {
  const ecs = new ECS({
    endpoint,
    region: options.region ?? region,
    credentials: { accessKeyId: options.accessKeyId ?? account, secretAccessKey: "any" },
    // Each answer counts: the SDK must not silently repeat a call.
    maxAttempts: 1,
  });
  ecs.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String(context.commandName).replace(/Command$/, "");
      try {
        const result = await next({ ...args, input: { ...args.input, ...options.extraMembers } });
        seen.push({ operation, code: "" });
        return result;
      } catch (error) {
        seen.push({ operation, code: error instanceof Error ? error.name : String(error) });
        throw error;
      }
    },
    { step: "initialize", name: "seenCalls" },
  );
  ecs.middlewareStack.add(
    (next) => async (args) => {
      const { request } = args as { request?: { body?: string; headers: Record<string, string> } };
      if (request !== undefined && options.userAgent !== undefined) request.headers["user-agent"] = options.userAgent;
      if (request !== undefined && options.extraMembers !== undefined) {
        request.body = JSON.stringify({ ...JSON.parse(request.body ?? "{}"), ...options.extraMembers });
        request.headers["content-length"] = String(Buffer.byteLength(request.body));
      }
      return next(args);
    },
    { step: "build", priority: "low", name: "asAnAgent" },
  );
  return ecs;
}

/** Asserts that `call` is refused with `code`, and with `text` if ECS is known to use one. Returns the error. */
export async function expectRefused(
  call: Promise<unknown>,
  code: string,
  text: string | RegExp | null = null,
): Promise<Error> {
  let outcome: unknown;
  try {
    outcome = await call;
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.equal(error.name, code, error.message);
    if (typeof text === "string") assert.equal(error.message, text);
    if (text instanceof RegExp) assert.match(error.message, text);
    assert.notEqual(error.message, "");
    return error;
  }
  assert.fail(`expected ${code}, got ${JSON.stringify(outcome)}`);
}

export async function describeTask(ecs: ECS, cluster: string, task: string): Promise<Task> {
  const { tasks, failures } = await ecs.describeTasks({ cluster, tasks: [task], include: ["TAGS"] });
  assert.deepEqual(failures, []);
  return must(tasks?.[0], "the task");
}

export function untilTask(ecs: ECS, cluster: string, task: string, lastStatus: string): Promise<Task> {
  const look = () => describeTask(ecs, cluster, task);
  return until(`a task ${lastStatus}`, look, (found) => found.lastStatus === lastStatus);
}

export async function describeInstance(ecs: ECS, cluster: string, instance: string): Promise<ContainerInstance> {
  const include = ["TAGS", "CONTAINER_INSTANCE_HEALTH"] as const;
  const { containerInstances, failures } = await ecs.describeContainerInstances({
    cluster,
    containerInstances: [instance],
    include: [...include],
  });
  assert.deepEqual(failures, []);
  return must(containerInstances?.[0], "the container instance");
}

export const resources = (cpu: number, memory: number) => [
  { name: "CPU", type: "INTEGER", integerValue: cpu },
  { name: "MEMORY", type: "INTEGER", integerValue: memory },
  { name: "PORTS", type: "STRINGSET", stringSetValue: ["22"] },
  { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
];

/** Registers a container instance and returns its ARN. In a world that adopts it, it is connected by then. */
export async function register(ecs: ECS, cluster: string, cpu = 1_024, memory = 2_048): Promise<string> {
  const { containerInstance } = await ecs.registerContainerInstance({
    cluster,
    totalResources: resources(cpu, memory),
  });
  return must(containerInstance?.containerInstanceArn, "the ARN of the instance");
}

export type SmallDefinition = {
  readonly image?: string;
  readonly command?: string[];
  readonly cpu?: number;
  readonly memory?: number;
  readonly stopTimeout?: number;
  readonly healthCheck?: { readonly command: string[]; readonly interval?: number; readonly retries?: number };
  readonly environment?: KeyValuePair[];
};

/** Registers a task definition with one container named `main` and returns its ARN. */
export async function define(ecs: ECS, family: string, container: SmallDefinition = {}): Promise<string> {
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family,
    containerDefinitions: [{ name: "main", image: "nginx", cpu: 64, memory: 64, essential: true, ...container }],
  });
  return must(taskDefinition?.taskDefinitionArn, "the ARN of the task definition");
}

/** Runs one task and returns its ARN. */
export async function runOne(ecs: ECS, cluster: string, taskDefinition: string): Promise<string> {
  const { tasks, failures } = await ecs.runTask({ cluster, taskDefinition });
  assert.deepEqual(failures, []);
  return must(tasks?.[0]?.taskArn, "the ARN of the task");
}

/** The id at the end of an ARN. */
export const idOf = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);
