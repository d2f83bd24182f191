/** A container instance in the process of the control plane whose containers are real. */
import { hash } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { DockerAgent } from "../../agent/docker/docker-agent.ts";
import type { DockerHost } from "../../agent/docker/docker-host.ts";
import type { ImageMap } from "../../agent/docker/images/image-map.ts";
import type { HostAttribute } from "../../agent/registration.ts";
import {
  type SimulatedHostOptions,
  type SimulatedHostWorld,
  simulatedAgentVersion,
} from "../../agent/simulated/simulated-host.ts";
import { offeredServices } from "../../agent/task-services/task-services.ts";

export type DockerInstanceOptions = Omit<SimulatedHostWorld, "runtime"> &
  SimulatedHostOptions & {
    readonly docker: DockerHost;
    readonly account: string;
    readonly region: string;
    readonly customAttributes: readonly HostAttribute[];
    /** Null: nothing is kept. */
    readonly dataDir: string | null;
    readonly images: ImageMap;
  };

/** Not yet started. It has what the machine has. Rejects when its file in the data directory cannot be used. */
export function openDockerInstance(options: DockerInstanceOptions): Promise<DockerAgent> {
  const { docker, account, region, customAttributes, dataDir, name, disk = null, ...world } = options;
  const { architecture, cpu, memoryMiB } = docker;
  const availabilityZone = `${region}a`;
  const identity = {
    account,
    region,
    availabilityZone,
    instanceId: `i-${hash("sha256", `${hostname()}\n${name}`, "hex").slice(0, 17)}`,
    instanceType: "docker",
    imageId: null,
    architecture,
  };
  return DockerAgent.open({
    ...world,
    name,
    disk,
    host: docker,
    // On a developer's machine the image that was just built is the one that is meant.
    pullBehaviour: "prefer-cached",
    isForgetful: dataDir === null,
    availabilityZone,
    endpointsFile: dataDir === null ? null : join(dataDir, "docker-endpoints.json"),
    positionsFile: dataDir === null ? null : join(dataDir, "docker-logs.json"),
    agentVersion: simulatedAgentVersion,
    agentHash: "berth",
    updater: null,
    // In this process nobody is asked for a key; the agent asks for its own tasks only.
    apiAs: () => world.api,
    instance: ({ hasEndpoints }) => ({
      register: {
        cpu,
        memoryMiB,
        gpuIds: [],
        identity,
        attributes: docker.attributes({
          hasEndpoints,
          gpuDriverVersion: null,
          services: offeredServices(world.services),
        }),
        customAttributes,
        tags: [],
      },
    }),
  });
}
