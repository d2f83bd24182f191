/** A control plane that checks signatures, with keys of two accounts, and container instances whose agents a test plays. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ContainerInstance,
  ECS,
  type RegisterTaskDefinitionRequest,
  type StartTaskRequest,
  type Task,
} from "@aws-sdk/client-ecs";
import { AccessKeys } from "../../src/auth/access-keys.ts";
import type { KeyRequest } from "../../src/auth/key-request.ts";
import { sealKeyPath } from "../../src/auth/seal-key.ts";
import { KeyClient } from "../../src/commands/keys/key-client.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { openLog } from "../../src/server/log/log.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/server/server.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { type AgentOptions, type AgentSocket, type Channel, type Credentials, openSocket } from "../agent-client.ts";

export const account = "123456789012";
export const region = "us-east-1";

export class AgentWorld {
  readonly dataDir = mkdtempSync(join(tmpdir(), "berth-agents-"));
  /** Lines of the log. */
  readonly lines: string[] = [];
  key: Credentials = { accessKeyId: "", secretAccessKey: "" };
  /** Belongs to another account. */
  foreignKey: Credentials = { accessKeyId: "", secretAccessKey: "" };
  #server: RunningServer | null = null;
  #ecs: ECS | null = null;
  readonly #sockets: AgentSocket[] = [];
  readonly #clients: ECS[] = [];

  static async start(options: Partial<ServerOptions> = {}): Promise<AgentWorld> {
    const world = new AgentWorld();
    const store = new SqliteStore({ dataDir: world.dataDir });
    const keys = await AccessKeys.open(systemClock, store, sealKeyPath(world.dataDir));
    world.key = credentialsOf(await keys.createKey({ account, userName: "agents" }));
    world.foreignKey = credentialsOf(await keys.createKey({ account: "999999999999", userName: null }));
    await store.close();
    await world.startServer(options);
    return world;
  }

  get server(): RunningServer {
    if (this.#server === null) throw new Error("The server does not run.");
    return this.#server;
  }

  get ecs(): ECS {
    if (this.#ecs === null) throw new Error("The server does not run.");
    return this.#ecs;
  }

  /** Creates a key while the server runs, as `berth keys` does. */
  async createKey(request: Partial<KeyRequest> = {}): Promise<Credentials> {
    return credentialsOf(await this.keys.createKey({ account, userName: null, ...request }));
  }

  /** The keys of the running server, over its socket. */
  get keys(): KeyClient {
    return new KeyClient(this.dataDir);
  }

  /** A client of the account that signs with `credentials`. */
  client(credentials: Credentials): ECS {
    const client = new ECS({ endpoint: this.server.url, region, credentials, maxAttempts: 1 });
    this.#clients.push(client);
    return client;
  }

  async startServer(options: Partial<ServerOptions> = {}): Promise<void> {
    this.#server = await startServer({
      host: "127.0.0.1",
      port: 0,
      dataDir: this.dataDir,
      auth: { type: "sigv4" },
      latestAgentVersion: "1.97.0",
      agentArchive: { location: "http://127.0.0.1:9/agent-1.97.0.tar", signature: "ab".repeat(32) },
      simulation: null,
      metricsListen: { host: "127.0.0.1", port: 0 },
      log: openLog("info", { write: (line) => this.lines.push(line) }),
      ...options,
      ...(options.tls && { tls: { ...options.tls, key: this.#privateCopy(options.tls.key) } }),
    });
    const { url } = this.#server;
    this.#ecs = new ECS({ endpoint: url, region, credentials: this.key, maxAttempts: 1 });
  }

  /** Git keeps no modes, and a server accepts no key that others can read. */
  #privateCopy(key: string): string {
    const copy = join(this.dataDir, "copy.key");
    writeFileSync(copy, readFileSync(key), { mode: 0o600 });
    return copy;
  }

  async stopServer(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.destroy();
    this.#ecs?.destroy();
    await this.#server?.close();
    this.#server = null;
  }

  /** Stops everything and removes the data directory. */
  async end(): Promise<void> {
    for (const { socket } of this.#sockets) socket.terminate();
    await this.stopServer();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Registers a container instance of 1,024 CPU units and 1,024 MiB, and returns its ARN. */
  async register(cluster = "default", by: ECS | null = null): Promise<string> {
    await this.ecs.createCluster({ clusterName: cluster });
    const { containerInstance } = await (by ?? this.ecs).registerContainerInstance({
      cluster,
      totalResources: [
        { name: "CPU", type: "INTEGER", integerValue: 1_024 },
        { name: "MEMORY", type: "INTEGER", integerValue: 1_024 },
        { name: "PORTS", type: "STRINGSET", stringSetValue: ["22"] },
        { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
      ],
      attributes: [
        { name: "ecs.os-type", value: "linux" },
        ...["1.17", "1.18", "1.19", "1.24", "1.25", "1.41"].map((version) => ({
          name: `com.amazonaws.ecs.capability.docker-remote-api.${version}`,
        })),
        { name: "ecs.capability.container-health-check" },
        { name: "ecs.capability.task-eni" },
      ],
    });
    return containerInstance?.containerInstanceArn ?? "";
  }

  async open(
    channel: Channel,
    containerInstanceArn: string,
    options: Partial<AgentOptions> = {},
  ): Promise<AgentSocket> {
    const socket = await openSocket(channel, {
      base: this.server.url,
      credentials: this.key,
      region,
      containerInstanceArn,
      ...options,
    });
    this.#sockets.push(socket);
    return socket;
  }

  async instance(arn: string): Promise<ContainerInstance> {
    const { containerInstances = [] } = await this.ecs.describeContainerInstances({
      containerInstances: [arn],
      include: ["CONTAINER_INSTANCE_HEALTH"],
    });
    const [instance] = containerInstances;
    if (instance === undefined) throw new Error(`There is no instance ${arn}.`);
    return instance;
  }

  async task(arn: string): Promise<Task> {
    const { tasks = [] } = await this.ecs.describeTasks({ tasks: [arn] });
    if (tasks[0] === undefined) throw new Error(`There is no task ${arn}.`);
    return tasks[0];
  }

  /** Starts a task on an instance. Its container has a health check. */
  async startTask(
    instanceArn: string,
    more: {
      readonly definition?: Partial<RegisterTaskDefinitionRequest>;
      readonly placement?: Partial<StartTaskRequest>;
    } = {},
  ): Promise<string> {
    const family = more.definition?.family ?? "web";
    await this.ecs.registerTaskDefinition({
      family,
      containerDefinitions: [
        {
          name: "main",
          image: "busybox:latest",
          cpu: 64,
          memory: 64,
          healthCheck: { command: ["CMD", "true"] },
          portMappings: [{ containerPort: 80 }],
        },
      ],
      ...more.definition,
    });
    const { tasks = [], failures = [] } = await this.ecs.startTask({
      taskDefinition: family,
      containerInstances: [instanceArn],
      ...more.placement,
    });
    if (tasks[0]?.taskArn === undefined) throw new Error(`The task was not started: ${failures[0]?.reason}`);
    return tasks[0].taskArn;
  }
}

function credentialsOf(key: { readonly accessKeyId: string; readonly secret: string }): Credentials {
  return { accessKeyId: key.accessKeyId, secretAccessKey: key.secret };
}
