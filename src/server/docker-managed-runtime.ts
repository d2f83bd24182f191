/** Fargate tasks as containers of a Docker Engine (or of what answers the same calls). */
import { defaultDockerHost } from "../agent/docker/docker-address.ts";
import { DockerEngine } from "../agent/docker/docker-engine.ts";
import { openDockerGroundwork } from "../agent/docker/docker-groundwork.ts";
import { DockerRuntime } from "../agent/docker/docker-runtime.ts";
import { instanceOf } from "../cluster-runner/cluster-place.ts";
import type { Clock } from "../lib/clock.ts";
import type { ServerLog } from "./log.ts";
import { capabilitiesOf, type ManagedRuntime } from "./managed-hosts.ts";

/** What a host of this kind can do of what Fargate's task definitions ask for; roles and secrets have nobody who serves them. */
const capabilities = [
  "task-eni",
  "container-ordering",
  "container-health-check",
  "container-restart-policy",
  "network.container-port-range",
  "pid-ipc-namespace-sharing",
  "increased-task-cpu-limit",
  "docker-plugin.local",
];

/** AWS: how Docker's architectures are called in the attribute `ecs.cpu-architecture`. */
const architectures: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "arm64" };

/** An engine that was opened, and how people write its address. */
export type DockerManagedRuntime = ManagedRuntime & { readonly address: string };

/**
 * Opens the engine at `dockerHost`, a value of DOCKER_HOST. Rejects with an Error whose text is for the operator when it does not
 * answer, or runs no Linux containers.
 */
export async function dockerManagedRuntime(
  clock: Clock,
  log: ServerLog,
  dockerHost: string = process.env.DOCKER_HOST ?? defaultDockerHost,
): Promise<DockerManagedRuntime> {
  const docker = new DockerEngine(dockerHost);
  try {
    await docker.ping();
    const [{ Version = "", Arch = "", Os = "linux" }, apiVersion] = await Promise.all([
      docker.version(),
      docker.apiVersion(),
    ]);
    if (Os !== "linux") throw new Error(`the engine runs ${Os} containers`);
    const groundwork = await openDockerGroundwork({ docker, log: log.write });
    const limits = groundwork.canLimitTasks() ? ["task-cpu-mem-limit"] : [];
    const architecture = architectures[Arch];
    return {
      simulated: false,
      address: docker.address,
      capabilities: capabilitiesOf([
        ...[...capabilities, ...limits].map((name) => ({ name: `ecs.capability.${name}` })),
        ...remoteApis(apiVersion).map((name) => ({ name })),
        ...(architecture === undefined ? [] : [{ name: "ecs.cpu-architecture", value: architecture }]),
      ]),
      runtimeFor: (name) =>
        new DockerRuntime({
          docker,
          clock,
          log: log.write,
          groundwork,
          engineVersion: Version,
          cluster: instanceOf(name)?.cluster ?? "",
        }),
      close: () => docker.close(),
    };
  } catch (error) {
    docker.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Docker on ${docker.address} cannot be used (${why})`, { cause: error });
  }
}

/** AWS: one attribute for each version of the API, from 1.17 up to the one that is spoken. */
function remoteApis(apiVersion: string): string[] {
  const newest = Number(apiVersion.split(".")[1] ?? "0");
  const versions = Array.from({ length: Math.max(0, newest - 16) }, (_, i) => 17 + i);
  return versions.map((minor) => `com.amazonaws.ecs.capability.docker-remote-api.1.${minor}`);
}
