/** A server in this process that counts every append, with one of everything in it and no timer that could write by itself. */
import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import type { FindKey } from "../../src/auth/sigv4.ts";
import { ControlPlane } from "../../src/cluster-runner/control-plane.ts";
import type { AnsweredName } from "../../src/ecs/machine/operations.ts";
import { assert, must } from "../../src/lib/assert.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { type Log, logEvents } from "../../src/lib/log-events.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { CallMetrics } from "../../src/server/health/call-metrics.ts";
import { AllowedHosts } from "../../src/server/http/allowed-hosts.ts";
import { looseAuthentication, type SigningKeys, signedAuthentication } from "../../src/server/http/authenticate.ts";
import { createHttp } from "../../src/server/http/http.ts";
import { emptyMemoryDisk, MemoryStore } from "../../src/store/memory/memory-store.ts";
import { isOfService } from "../../src/wire/service-definition.ts";

export const place = { account: "123456789012", region: "eu-west-1" };
const caller = { principalArn: `arn:aws:iam::${place.account}:root`, isAgent: false };

/** Whether signatures are checked. */
export type FuzzedServerAuth = "loose" | "signed";

/** The only key that a server that checks signatures knows. */
export const fuzzKey = { accessKeyId: "AKIAFUZZ", secretAccessKey: "fuzz" };

/** Timers never fire: only requests write. */
const timerlessClock: Clock = {
  now: () => Date.now(),
  wall: () => Date.now(),
  setTimer: () => ({ cancel: () => {} }),
  defer: (run) => {
    setImmediate(run);
  },
};

export type FuzzedServer = Awaited<ReturnType<typeof startFuzzedServer>>;

export async function startFuzzedServer(auth: FuzzedServerAuth = "loose") {
  const disk = emptyMemoryDisk();
  const counted = { appends: 0 };
  /** Log lines at level `error`. */
  const errors: string[] = [];
  const store = new MemoryStore({
    disk,
    beforeAppend: async () => {
      counted.appends += 1;
      return "ok";
    },
  });
  const write: Log = (event, fields) => {
    const { err } = fields;
    if (logEvents[event].level === "error")
      errors.push(`${event} ${err instanceof Error ? err.stack : JSON.stringify(fields)}`);
  };
  const controlPlane = new ControlPlane({
    store,
    clock: timerlessClock,
    randomFor: (partition) => seededRandom(`fuzz/${partition}`),
    configuration: { latestAgentVersion: "1.99.0", verifyIdentity: null },
    endpoints: () => ({ endpoint: "http://127.0.0.1:1", telemetryEndpoint: "http://127.0.0.1:1" }),
    log: write,
  });
  await controlPlane.open();
  await controlPlane.submit(place, { type: "create-default-cluster" });
  const call = (operation: AnsweredName, request: object) =>
    controlPlane.call({ ...place, operation, request, caller }) as Promise<Reply>;
  const references = await furnish(controlPlane, call);
  const http = createHttp({
    authenticate: auth === "loose" ? looseAuthentication(place.account) : signedAuthentication(fuzzKeys),
    anonymous: null,
    isBuiltIn: () => true,
    foreign: {
      hosts: new AllowedHosts({ listenHost: "127.0.0.1", advertise: null, names: [] }),
      signedUnderAnyHost: false,
    },
    operatorsNeedKey: false,
    answerApi: ({ operation, ...apiCall }) => {
      assert(!isOfService(operation), "operations of ECS are fuzzed");
      return controlPlane.call({ ...apiCall, operation: operation.name });
    },
    takeTurn: (account, work) => controlPlane.turns.work(account, "", work),
    metrics: new CallMetrics(),
    log: { write, isDebug: false },
    health: () => ({ healthy: true }),
    metricsText: async () => ({ contentType: "text/plain", text: "" }),
  });
  await http.listen({ host: "127.0.0.1", port: 0 });
  return {
    port: (http.server.address() as AddressInfo).port,
    http: http.server,
    references,
    errors,
    appends: () => counted.appends,
    /** A digest of all stored documents and events. */
    contents: () => {
      const hash = createHash("sha256");
      for (const [name, { documents, events, lastSequence }] of [...disk.partitions].sort()) {
        if (documents.size === 0 && events.length === 0) continue;
        const kinds = [...documents].map(([kind, bodies]) => [kind, [...bodies].sort()]).sort();
        hash.update(JSON.stringify([name, lastSequence, kinds, events]));
      }
      return hash.digest("hex");
    },
    /** The bytes of the heaviest document of each kind, and of the heaviest event under `event`. */
    heaviest: () => {
      const bytes: Record<string, number> = {};
      const weigh = (kind: string, body: unknown): void => {
        const text = typeof body === "string" ? body : JSON.stringify(body);
        bytes[kind] = Math.max(bytes[kind] ?? 0, Buffer.byteLength(text));
      };
      for (const { documents, events } of disk.partitions.values()) {
        for (const [kind, bodies] of documents) for (const body of bodies.values()) weigh(kind, body);
        for (const event of events) weigh("event", event);
      }
      return bytes;
    },
    /** What the server says about everything: more than is stored, if a refused call left something in its memory. */
    told: () => toldBy(call, references.cluster).catch((error: unknown) => String(error)),
    tasks: async () =>
      (await call("ListTasks", { cluster: references.cluster })) as { readonly taskArns: readonly string[] },
    machines: () => controlPlane.status(),
    close: async () => {
      await http.close();
      await controlPlane.close();
      await store.close();
    },
  };
}

const findFuzzKey: FindKey = (accessKeyId) =>
  accessKeyId === fuzzKey.accessKeyId
    ? { secret: fuzzKey.secretAccessKey, account: place.account, userName: null, principalArn: caller.principalArn }
    : null;

const fuzzKeys: SigningKeys = {
  find: findFuzzKey,
  use: (accessKeyId) => ({
    principal: { type: "key", arn: caller.principalArn, role: "admin", clusters: null, accessKeyId },
    origin: accessKeyId,
  }),
};

/** What is read of the replies below. */
type Reply = {
  readonly taskDefinition?: { readonly taskDefinitionArn: string };
  readonly containerInstance?: { readonly containerInstanceArn: string };
  readonly tasks?: readonly { readonly taskArn: string }[];
};

type Call = (operation: AnsweredName, request: object) => Promise<object>;

async function toldBy(call: Call, cluster: string): Promise<string> {
  const { containerInstanceArns } = (await call("ListContainerInstances", { cluster })) as {
    readonly containerInstanceArns: readonly string[];
  };
  const { taskArns } = (await call("ListTasks", { cluster })) as { readonly taskArns: readonly string[] };
  const include = ["TAGS"];
  return JSON.stringify([
    await call("ListClusters", {}),
    await call("DescribeClusters", {
      clusters: [cluster, "default", "other"],
      include: ["SETTINGS", "TAGS", "STATISTICS"],
    }),
    await call("ListAccountSettings", { effectiveSettings: true }),
    await call("ListTaskDefinitions", { sort: "DESC" }),
    await call("ListTaskDefinitions", { sort: "DESC", status: "INACTIVE" }),
    containerInstanceArns.length === 0
      ? null
      : await call("DescribeContainerInstances", { cluster, containerInstances: containerInstanceArns, include }),
    taskArns.length === 0 ? null : await call("DescribeTasks", { cluster, tasks: taskArns, include }),
  ]);
}

/** Names and ARNs of existing things, for requests that refer to them. */
export type References = {
  readonly cluster: string;
  readonly instance: string;
  readonly task: string;
  readonly taskDefinition: string;
};

async function furnish(
  controlPlane: ControlPlane,
  call: (operation: AnsweredName, request: object) => Promise<Reply>,
): Promise<References> {
  const cluster = "fuzz";
  await call("CreateCluster", { clusterName: cluster });
  const { taskDefinition } = await call("RegisterTaskDefinition", {
    family: "fuzz",
    containerDefinitions: [{ name: "main", image: "nginx", cpu: 16, memory: 16, essential: true }],
  });
  const { containerInstance } = await call("RegisterContainerInstance", { cluster });
  const instance = must(containerInstance, "the instance").containerInstanceArn;
  const report = {
    type: "agent-connected",
    isNewProcess: true,
    instanceId: instance.slice(instance.lastIndexOf("/") + 1),
    agentVersion: "1.90.0",
    agentHash: "abcdef",
    dockerVersion: "DockerVersion: 25.0.8",
  } as const;
  await controlPlane.submit({ ...place, cluster }, { type: "agent-report", report });
  const { tasks } = await call("RunTask", { cluster, taskDefinition: "fuzz", count: 3 });
  return {
    cluster,
    instance,
    task: must(tasks?.[0], "a task").taskArn,
    taskDefinition: must(taskDefinition, "the task definition").taskDefinitionArn,
  };
}
