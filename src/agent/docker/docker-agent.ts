import type { EcsApi } from "../../agent-protocol/connection.ts";
import type { Log } from "../../lib/log-events.ts";
import { Agent, type AgentOptions } from "../agent.ts";
import { type RoleCredentials, TaskCredentials } from "../task-credentials.ts";
import { wellKnown } from "../task-endpoints/endpoint-listener.ts";
import { openTaskEndpoints, type TaskEndpoints } from "../task-endpoints/task-endpoints.ts";
import { TaskServices, type TaskServicesSettings } from "../task-services/task-services.ts";
import type { GpuAccess } from "./container-config.ts";
import { containerLabels, ownerLabel, ownerOf } from "./container-names.ts";
import type { DockerHost } from "./docker-host.ts";
import { DockerRuntime } from "./docker-runtime.ts";
import { EfsFolders } from "./efs-folders.ts";
import { ownToken } from "./groundwork/process-token.ts";
import { DockerLogins, dockerConfigFolder } from "./images/docker-logins.ts";
import type { ImageMap } from "./images/image-map.ts";
import type { PullBehaviour } from "./images/image-puller.ts";
import { RegistryAccess } from "./images/registry-access.ts";
import type { HostPolicy } from "./policy/host-policy.ts";

export type DockerAgentOptions = Omit<AgentOptions, "runtime" | "credentials" | "instance"> & {
  readonly host: DockerHost;
  /** The instance that the agent acts for. What it can do depends on whether containers can reach the endpoints. */
  readonly instance: (can: { readonly hasEndpoints: boolean }) => AgentOptions["instance"];
  readonly pullBehaviour?: PullBehaviour;
  /** A policy for tasks that is stricter than the host's own. */
  readonly policy?: HostPolicy;
  readonly gpu?: GpuAccess;
  /** The other services of AWS. Null: the agent takes no tasks that need them. */
  readonly services?: TaskServicesSettings | null;
  /** Images in place of those of task definitions. */
  readonly images?: ImageMap;
  /** Where the agent keeps how far it has sent logs. Null: after a restart all are sent again. */
  readonly positionsFile?: string | null;
  /** Nothing is kept: when the agent ends it removes its containers, because no later process would know them. */
  readonly isForgetful?: boolean;
  readonly availabilityZone: string | null;
  /** Where the agent keeps what its endpoints need to stay the same after a restart. Null: nothing is kept. */
  readonly endpointsFile: string | null;
  /** The ECS API with a task role's credentials. */
  readonly apiAs: (credentials: RoleCredentials) => EcsApi;
};

/** LIMIT: a server has five seconds to stop. Anything that a hanging engine keeps is removed by the next process on the host. */
const discardMs = 3_000;

/** An agent with real containers: it runs them with Docker and serves their endpoints. */
export class DockerAgent {
  readonly agent: Agent;
  readonly #endpoints: TaskEndpoints;
  readonly #services: TaskServices | null;
  readonly #host: DockerHost;
  readonly #log: Log;
  readonly #owner: string;
  readonly #isForgetful: boolean;

  private constructor(
    agent: Agent,
    { endpoints, services }: { readonly endpoints: TaskEndpoints; readonly services: TaskServices | null },
    owner: string,
    options: DockerAgentOptions,
  ) {
    this.agent = agent;
    this.#endpoints = endpoints;
    this.#services = services;
    this.#host = options.host;
    this.#log = options.log;
    this.#owner = owner;
    this.#isForgetful = options.isForgetful === true;
  }

  /** Creates the agent, not yet started. Rejects if the file of the endpoints can be neither read nor written. */
  static async open(options: DockerAgentOptions): Promise<DockerAgent> {
    const { host, clock, log, api, apiAs, cluster, availabilityZone } = options;
    const credentials = new TaskCredentials();
    const owner = ownerOf(options.name, options.isForgetful === true ? ownToken() : null);
    let agent: Agent | null = null;
    let services: TaskServices | null = null;
    const endpoints = await openTaskEndpoints({
      clock,
      log,
      docker: host.engine,
      tasks: () => agent?.tasks() ?? [],
      credentials,
      api,
      apiAs,
      credentialsFor: async (role) => (await services?.keys.ofTask(role)) ?? role.credentials,
      cluster,
      containerInstanceArn: () => agent?.containerInstanceArn ?? null,
      availabilityZone,
      memoryFile: options.endpointsFile,
    });
    try {
      services = await openServices(options, credentials);
      const registries = services === null ? null : registryAccess(services, options);
      const runtime = new DockerRuntime({
        docker: host.engine,
        clock,
        log,
        groundwork: host.groundwork,
        policy: options.policy ?? host.policy,
        engineVersion: host.version,
        cluster,
        owner,
        services,
        registries,
        efs: options.services?.efsDir == null ? null : new EfsFolders(options.services.efsDir),
        ...(options.images && { images: options.images }),
        environmentOf: (taskArn, container, task) => endpoints.environmentOf(taskArn, container, task),
        ...(options.pullBehaviour && { pullBehaviour: options.pullBehaviour }),
        ...(options.gpu && { gpu: options.gpu }),
      });
      // The AWS SDKs accept credentials from no other address, and a role that no SDK can use is useless.
      const hasEndpoints = endpoints.place?.address === wellKnown.address;
      const instance = options.instance({ hasEndpoints });
      agent = new Agent({ ...options, instance, runtime, credentials });
      return new DockerAgent(agent, { endpoints, services }, owner, options);
    } catch (error) {
      await services?.close();
      await endpoints.close();
      throw error;
    }
  }

  /** Where containers reach the agent's endpoints. Null: nowhere. */
  get endpoints(): { readonly address: string; readonly port: number } | null {
    return this.#endpoints.place;
  }

  start(): Promise<void> {
    return this.agent.start();
  }

  /** Ends the agent. Its containers keep running, unless nothing is kept of them. */
  async stop(): Promise<void> {
    if (this.#isForgetful) return this.discard();
    await this.agent.stop();
    await this.#services?.close();
    await this.#endpoints.close();
  }

  /** Ends the agent for good and removes its containers, whatever they are doing. */
  async discard(): Promise<void> {
    await this.agent.stop();
    await this.#services?.close();
    await this.#endpoints.close();
    await this.#removeContainers().catch((error: unknown) => {
      this.#log("agent-containers-left", { err: error });
    });
  }

  async #removeContainers(): Promise<void> {
    const { engine, groundwork } = this.#host;
    const limits = { timeoutMs: discardMs };
    const found = await engine.listContainers({ label: [`${ownerLabel}=${this.#owner}`] }, limits);
    const tasks = new Set([...this.agent.tasks()].map(({ arn }) => arn));
    for (const { Labels } of found) tasks.add(Labels?.[containerLabels.taskArn] ?? "");
    await Promise.all(found.map(({ Id }) => engine.removeContainer(Id, limits)));
    await groundwork.discard(tasks);
  }
}

function openServices(options: DockerAgentOptions, credentials: TaskCredentials): Promise<TaskServices | null> {
  const { services = null, positionsFile = null, clock, random, log, name } = options;
  if (services === null) return Promise.resolve(null);
  const all = { ...services, clock, log, credentials, random: random.stream(`services/${name}`) };
  return positionsFile === null ? Promise.resolve(TaskServices.forgetful(all)) : TaskServices.open(all, positionsFile);
}

function registryAccess({ client, keys, inputs }: TaskServices, { log }: DockerAgentOptions): RegistryAccess {
  return new RegistryAccess({ client, keys, inputs, logins: new DockerLogins(dockerConfigFolder(), log) });
}
