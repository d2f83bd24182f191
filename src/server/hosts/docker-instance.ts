/** A container instance in the control plane's process, with real containers. */
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
import { ownAddress } from "../http/host-address.ts";

export type DockerInstanceOptions = Omit<SimulatedHostWorld, "runtime"> &
  SimulatedHostOptions & {
    readonly docker: DockerHost;
    readonly account: string;
    readonly region: string;
    readonly customAttributes: readonly HostAttribute[];
    /** Null: nothing is stored. */
    readonly dataDir: string | null;
    readonly images: ImageMap;
  };

/** Not started yet. It has the machine's resources. Rejects if its file in the data directory is unusable. */
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
    privateAddress: ownAddress(),
  };
  return DockerAgent.open({
    ...world,
    name,
    disk,
    host: docker,
    // On a developer's machine, the image that was just built is the one to run.
    pullBehaviour: "prefer-cached",
    isForgetful: dataDir === null,
    availabilityZone,
    endpointsFile: dataDir === null ? null : join(dataDir, "docker-endpoints.json"),
    positionsFile: dataDir === null ? null : join(dataDir, "docker-logs.json"),
    agentVersion: simulatedAgentVersion,
    agentHash: "berth",
    updater: null,
    // Calls in this process need no key; the agent asks only about its own tasks.
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
