import type { EcsApi } from "../../agent-protocol/connection.ts";
import { Agent, type AgentOptions } from "../agent.ts";
import { type RoleCredentials, TaskCredentials } from "../task-credentials.ts";
import { openTaskEndpoints, type TaskEndpoints } from "../task-endpoints/task-endpoints.ts";
import type { GpuAccess } from "./container-config.ts";
import type { DockerHost } from "./docker-host.ts";
import { DockerRuntime } from "./docker-runtime.ts";
import type { PullBehaviour } from "./image-puller.ts";

export type DockerAgentOptions = Omit<AgentOptions, "runtime" | "credentials" | "instance"> & {
  readonly host: DockerHost;
  /** Whom the agent speaks for; what it can do depends on whether containers can ask it. */
  readonly instance: (can: { readonly hasEndpoints: boolean }) => AgentOptions["instance"];
  readonly pullBehaviour?: PullBehaviour;
  readonly gpu?: GpuAccess;
  readonly availabilityZone: string | null;
  /** Where the agent keeps what its endpoints need to be the same after a restart; null: nothing is kept. */
  readonly endpointsFile: string | null;
  /** The ECS API in the name of a task's role. */
  readonly apiAs: (credentials: RoleCredentials) => EcsApi;
};

/** An agent whose containers are real: with Docker behind it, and the endpoints that its containers ask. */
export class DockerAgent {
  readonly agent: Agent;
  readonly #endpoints: TaskEndpoints;

  private constructor(agent: Agent, endpoints: TaskEndpoints) {
    this.agent = agent;
    this.#endpoints = endpoints;
  }

  /** Not yet started. Rejects when the file of the endpoints can be neither read nor written. */
  static async open(options: DockerAgentOptions): Promise<DockerAgent> {
    const { host, clock, log, api, apiAs, cluster, availabilityZone } = options;
    const credentials = new TaskCredentials();
    let agent: Agent | null = null;
    const endpoints = await openTaskEndpoints({
      clock,
      log,
      docker: host.engine,
      tasks: () => agent?.tasks() ?? [],
      credentials,
      api,
      apiAs,
      cluster,
      containerInstanceArn: () => agent?.containerInstanceArn ?? null,
      availabilityZone,
      memoryFile: options.endpointsFile,
    });
    try {
      const runtime = new DockerRuntime({
        docker: host.engine,
        clock,
        log,
        groundwork: host.groundwork,
        engineVersion: host.version,
        cluster,
        environmentOf: (taskArn, container, task) => endpoints.environmentOf(taskArn, container, task),
        ...(options.pullBehaviour && { pullBehaviour: options.pullBehaviour }),
        ...(options.gpu && { gpu: options.gpu }),
      });
      const instance = options.instance({ hasEndpoints: endpoints.place !== null });
      agent = new Agent({ ...options, instance, runtime, credentials });
      return new DockerAgent(agent, endpoints);
    } catch (error) {
      await endpoints.close();
      throw error;
    }
  }

  /** Where containers ask the agent; null: nowhere. */
  get endpoints(): { readonly address: string; readonly port: number } | null {
    return this.#endpoints.place;
  }

  start(): Promise<void> {
    return this.agent.start();
  }

  /** Ends the agent; its containers run on. */
  async stop(): Promise<void> {
    await this.agent.stop();
    await this.#endpoints.close();
  }
}
