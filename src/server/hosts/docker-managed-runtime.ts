/** Fargate tasks as containers of a Docker Engine (or a compatible engine). */
import { hash } from "node:crypto";
import { join } from "node:path";
import type { AgentOptions } from "../../agent/agent.ts";
import { DockerAgent } from "../../agent/docker/docker-agent.ts";
import type { DockerHost } from "../../agent/docker/docker-host.ts";
import type { PullBehaviour } from "../../agent/docker/images/image-puller.ts";
import { strictPolicy } from "../../agent/docker/policy/host-policy.ts";
import type { Place } from "../../ecs/arn.ts";
import type { HostServices } from "./host-services.ts";
import { capabilitiesOf, type ManagedAgent, type ManagedRuntime } from "./managed-hosts.ts";

export type DockerManagedOptions = {
  readonly host: DockerHost;
  readonly pullBehaviour: PullBehaviour;
  /** Null: nothing is stored. */
  readonly dataDir: string | null;
  /** The other services of AWS, for tasks of a place. Null: none. */
  readonly services: HostServices | null;
};

/** Hosts for Fargate on the control plane's own machine. */
export function dockerManagedRuntime(options: DockerManagedOptions): ManagedRuntime {
  const { host, services } = options;
  // Containers of a remote engine can't reach this process.
  const hasEndpoints = host.engine.address.startsWith("unix://");
  return {
    simulated: false,
    capabilities: capabilitiesOf(
      host.attributes({ hasEndpoints, gpuDriverVersion: null, services: services?.offered ?? null }),
    ),
    agentFor: (agent, place) => new OpenedLater(agent, options, place),
  };
}

/** A host's agent. What it listens on is opened when it starts. */
class OpenedLater implements ManagedAgent {
  readonly #options: Omit<AgentOptions, "runtime">;
  readonly #docker: DockerManagedOptions;
  readonly #place: Place;
  #opening: Promise<DockerAgent> | null = null;
  #stopped = false;

  constructor(options: Omit<AgentOptions, "runtime">, docker: DockerManagedOptions, place: Place) {
    this.#options = options;
    this.#docker = docker;
    this.#place = place;
  }

  async start(): Promise<void> {
    const { dataDir, host, pullBehaviour, services } = this.#docker;
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
      endpointsFile: this.#file(name, ".json"),
      positionsFile: this.#file(name, "-logs.json"),
      services: services?.settingsFor(this.#place) ?? null,
      ...(services && { images: services.images }),
      instance: () => instance,
      // Calls in this process need no key; the agent asks only about its own tasks.
      apiAs: () => api,
    });
    const agent = await this.#opening;
    if (!this.#stopped) await agent.start();
  }

  #file(name: string, end: string): string | null {
    const { dataDir } = this.#docker;
    return dataDir === null ? null : join(dataDir, `fargate-${hash("sha256", name, "hex").slice(0, 12)}${end}`);
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
