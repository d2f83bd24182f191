import { existsSync } from "node:fs";
import type { DockerHost } from "../../agent/docker/docker-host.ts";
import { type HostPolicy, strictPolicy } from "../../agent/docker/policy/host-policy.ts";
import type { ServerLog } from "../../server/log/log.ts";
import { StartError } from "../../server/start-error.ts";
import { type Typed, textFlag, UsageError } from "./flags.ts";
import { hostPolicyFlags, hostPolicyFrom } from "./host-policy-flags.ts";

const runtimes = ["auto", "docker", "simulated"] as const;
type Runtime = (typeof runtimes)[number];

/** The flag of `berth dev` and `berth serve`. */
export const fargateFlags = {
  fargate: {
    value: "RUNTIME",
    help: "What runs the containers of Fargate tasks: auto, docker, simulated, off (default auto: Docker if it answers, otherwise simulated).",
  },
} as const;

/** Flags of `berth dev`. */
export const runtimeFlags = {
  runtime: {
    value: "RUNTIME",
    help: "auto, docker, simulated (default auto: one of the instances runs in Docker if it answers).",
  },
  ...hostPolicyFlags,
} as const;

/** What runs in Docker and what is simulated. */
export type DockerUse = {
  /** Null if nothing runs in Docker. */
  readonly docker: DockerHost | null;
  readonly instance: boolean;
  readonly fargate: "docker" | "simulated" | null;
};

/**
 * Interprets --runtime and --fargate, and opens the engine if there is one to use. Throws UsageError for other words. Rejects
 * with StartError if Docker is required and does not answer.
 */
export async function dockerUse(typed: Typed, log: ServerLog, hasInstance: boolean): Promise<DockerUse> {
  const runtime = hasInstance ? runtimeOf(typed, "runtime", "auto") : "simulated";
  const off = textFlag(typed, "fargate", null) === "off";
  // A user without Docker for instances hardly wants it for Fargate.
  const fargate = off ? "simulated" : runtimeOf(typed, "fargate", hasInstance ? runtime : "auto");
  const policy = hasInstance ? hostPolicyFrom(typed) : strictPolicy;
  const docker = await openDocker([runtime, fargate], runtime === "docker" ? "runtime" : "fargate", log, policy);
  const instance = docker !== null && runtime !== "simulated";
  const runs = docker !== null && fargate !== "simulated" ? "docker" : "simulated";
  return { docker, instance, fargate: off ? null : runs };
}

function runtimeOf(typed: Typed, name: "runtime" | "fargate", otherwise: Runtime): Runtime {
  const given = textFlag(typed, name, otherwise);
  const found = runtimes.find((known) => known === given);
  const words = name === "fargate" ? [...runtimes, "off"] : runtimes;
  if (found === undefined) throw new UsageError(`--${name} must be one of ${words.join(", ")}, not "${given}".`);
  return found;
}

async function openDocker(
  wanted: readonly Runtime[],
  flag: string,
  log: ServerLog,
  policy: HostPolicy,
): Promise<DockerHost | null> {
  if (wanted.every((runtime) => runtime === "simulated")) return null;
  const { DOCKER_HOST = "" } = process.env;
  const isMust = wanted.includes("docker");
  // Check for the usual socket first: without it there is nothing to load, and nobody waits.
  if (!isMust && DOCKER_HOST === "" && !existsSync("/var/run/docker.sock")) return null;
  const { DockerHost, DockerHostError } = await import("../../agent/docker/docker-host.ts");
  try {
    return await DockerHost.open(DOCKER_HOST, log.write, policy);
  } catch (cause) {
    if (!(cause instanceof DockerHostError)) throw cause;
    if (isMust) throw new StartError(`${cause.message}: ${cause.advice}, or pass --${flag} simulated.`, { cause });
    log.write("docker-unused", { why: cause.message });
    return null;
  }
}
