import type { Log } from "../../lib/log-events.ts";
import type { HostAttribute } from "../registration.ts";
import { architectureOf, dockerAttributes } from "./docker-attributes.ts";
import { type DockerHostInfo, dockerHostInfo } from "./docker-runtime.ts";
import { defaultDockerHost } from "./engine/docker-address.ts";
import { DockerEngine } from "./engine/docker-engine.ts";
import { DockerUnreachable } from "./engine/docker-error.ts";
import { type DockerGroundwork, openDockerGroundwork } from "./groundwork/docker-groundwork.ts";
import { type HostPolicy, offeredUnder, strictPolicy } from "./policy/host-policy.ts";

/** Docker cannot be used. The text is for the operator. */
export class DockerHostError extends Error {
  override readonly name = "DockerHostError";
  /** What to do about it, such as "start it". */
  readonly advice: string;

  constructor(message: string, advice: string, cause: unknown) {
    super(message, { cause });
    this.advice = advice;
  }
}

/** A machine with a running Docker Engine (or a compatible one): what the agents on it share. */
export class DockerHost {
  readonly engine: DockerEngine;
  readonly groundwork: DockerGroundwork;
  /** What tasks may do on it. */
  readonly policy: HostPolicy;
  /** The engine's version, such as `20.10.24`. */
  readonly version: string;
  readonly architecture: "x86_64" | "arm64";
  /** The machine's total CPU units (1024 a core) and MiB. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly #facts: DockerHostInfo;
  readonly #apiVersion: string;

  private constructor(
    engine: DockerEngine,
    groundwork: DockerGroundwork,
    policy: HostPolicy,
    facts: DockerHostInfo,
    apiVersion: string,
  ) {
    this.engine = engine;
    this.groundwork = groundwork;
    this.policy = policy;
    this.#facts = facts;
    this.#apiVersion = apiVersion;
    this.version = facts.version.Version ?? "";
    this.architecture = architectureOf(facts.version);
    this.cpu = (facts.info.NCPU ?? 1) * 1_024;
    this.memoryMiB = Math.floor((facts.info.MemTotal ?? 0) / 1_048_576);
  }

  /**
   * Opens the engine at `dockerHost`, a DOCKER_HOST value. Empty means the usual socket. `policy` is what tasks may do. Rejects
   * with DockerHostError if no engine answers, it is too old, or it runs no Linux containers.
   */
  static async open(dockerHost: string, log: Log, policy: HostPolicy = strictPolicy): Promise<DockerHost> {
    let engine: DockerEngine;
    try {
      engine = new DockerEngine(dockerHost || defaultDockerHost);
    } catch (cause) {
      throw new DockerHostError(textOf(cause), "correct it", cause);
    }
    try {
      await engine.ping();
    } catch (cause) {
      engine.close();
      const reason = cause instanceof DockerUnreachable ? cause.cause : cause;
      const advice = isForbidden(reason) ? "run as root, or join the group that owns the socket" : "start it";
      // Leaves out the call, which means nothing to the operator.
      throw new DockerHostError(`Docker does not answer on ${engine.address} (${textOf(reason)})`, advice, cause);
    }
    try {
      const [facts, apiVersion] = await Promise.all([dockerHostInfo(engine), engine.apiVersion()]);
      const { Os = "linux" } = facts.version;
      if (Os !== "linux") throw new Error(`it runs ${Os} containers`);
      return new DockerHost(engine, await openDockerGroundwork({ docker: engine, log }), policy, facts, apiVersion);
    } catch (cause) {
      engine.close();
      throw new DockerHostError(`Docker on ${engine.address} cannot be used (${textOf(cause)})`, "use another", cause);
    }
  }

  /** The attributes that such a host registers: what it can do, as far as its policy permits. */
  attributes(more: {
    readonly hasEndpoints: boolean;
    readonly gpuDriverVersion: string | null;
    readonly services: { readonly efs: boolean } | null;
  }): readonly HostAttribute[] {
    const canLimitTasks = this.groundwork.canLimitTasks();
    const all = dockerAttributes({ ...this.#facts, apiVersion: this.#apiVersion, canLimitTasks, ...more });
    return offeredUnder(this.policy, all);
  }

  /** Ends the calls under way. Containers keep running. */
  close(): void {
    this.engine.close();
  }
}

const isForbidden = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EACCES";

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
