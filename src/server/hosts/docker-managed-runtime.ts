/** Fargate tasks as containers of a Docker Engine (or a compatible engine). */
import { hash } from "node:crypto";
import { join } from "node:path";
import type { AgentOptions } from "../../agent/agent.ts";
import { DockerAgent } from "../../agent/docker/docker-agent.ts";
import type { DockerHost } from "../../agent/docker/docker-host.ts";
import type { PullBehaviour } from "../../agent/docker/image-puller.ts";
import { strictPolicy } from "../../agent/docker/policy/host-policy.ts";
import { capabilitiesOf, type ManagedAgent, type ManagedRuntime } from "./managed-hosts.ts";

export type DockerManagedOptions = {
  readonly host: DockerHost;
  readonly pullBehaviour: PullBehaviour;
  /** Null: nothing is stored. */
  readonly dataDir: string | null;
};

/** Hosts for Fargate on the control plane's own machine. */
export function dockerManagedRuntime({ host, pullBehaviour, dataDir }: DockerManagedOptions): ManagedRuntime {
  // Containers of a remote engine can't reach this process.
  const hasEndpoints = host.engine.address.startsWith("unix://");
  return {
    simulated: false,
    capabilities: capabilitiesOf(host.attributes({ hasEndpoints, gpuDriverVersion: null })),
    agentFor: (options) => new OpenedLater(options, { host, pullBehaviour, dataDir }),
  };
}

/** A host's agent. What it listens on is opened when it starts. */
class OpenedLater implements ManagedAgent {
  readonly #options: Omit<AgentOptions, "runtime">;
  readonly #docker: DockerManagedOptions;
  #opening: Promise<DockerAgent> | null = null;
  #stopped = false;

  constructor(options: Omit<AgentOptions, "runtime">, docker: DockerManagedOptions) {
    this.#options = options;
    this.#docker = docker;
  }

  async start(): Promise<void> {
    const { dataDir, host, pullBehaviour } = this.#docker;
    const { instance, name, api, ...options } = this.#options;
    this.#opening = DockerAgent.open({
      ...options,
      name,
      api,
      host,
      pullBehaviour,
      // Fargate doesn't have what the operator allows on container instances.
      policy: strictPolicy,
      isForgetful: dataDir === null,
      availabilityZone: null,
      endpointsFile:
        dataDir === null ? null : join(dataDir, `fargate-${hash("sha256", name, "hex").slice(0, 12)}.json`),
      instance: () => instance,
      // Calls in this process need no key; the agent asks only about its own tasks.
      apiAs: () => api,
    });
    const agent = await this.#opening;
    if (!this.#stopped) await agent.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await (await this.#opening)?.stop();
  }

  async discard(): Promise<void> {
    this.#stopped = true;
    await (await this.#opening)?.discard();
  }
}
