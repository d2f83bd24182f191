import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import { mountsOf } from "./container-config.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { HostPaths, type RealPath } from "./host-paths.ts";
import { checkHostConfig, type HostPolicy, type OwnModes, refuseOnHost } from "./host-policy.ts";
import { checkMountedVolumes } from "./task-volumes.ts";

type Json = { readonly [member: string]: unknown };
type Body = Json & { readonly HostConfig: Json };

/** AWS: the log drivers that tasks may name; those of Amazon's own services would use the credentials of the engine. */
const logDrivers = ["", "json-file", "local", "syslog", "journald", "gelf", "fluentd", "splunk", "none"];

export type HostGuardOptions = {
  readonly docker: DockerEngine;
  readonly policy: HostPolicy;
  readonly signal: AbortSignal;
  /** Null when the engine is on another machine. */
  readonly realPath: RealPath | null;
};

/**
 * Keeps the containers of tasks to what the host's policy allows, whatever the control plane says. It looks at what Docker would be
 * asked, after everything has been laid over it.
 */
export class HostGuard {
  readonly #options: HostGuardOptions;
  readonly #paths: HostPaths;

  constructor(options: HostGuardOptions) {
    this.#options = options;
    this.#paths = new HostPaths(options.policy, options.realPath);
  }

  /**
   * The real paths of what a container mounts, by the paths that its task gives. Rejects with HostRefusal for a path or a volume that
   * is not allowed, and with UnusablePayload.
   */
  async realPathsOf(
    spec: PayloadContainer,
    taskArn: string,
    task: TaskSurroundings,
  ): Promise<ReadonlyMap<string, string>> {
    const real = new Map<string, string>();
    for (const { found } of mountsOf(spec, taskArn, task)) {
      if (found.kind === "path") real.set(found.source, await this.#paths.mounted(found.source));
    }
    const names = new Set((spec.mountPoints ?? []).map(({ sourceVolume }) => sourceVolume ?? ""));
    await checkMountedVolumes(this.#options, taskArn, task, names);
    return real;
  }

  /** The body of the request for a container, with real paths of devices. Rejects with HostRefusal when it is not allowed. */
  async allowed(body: Body, own: OwnModes): Promise<Body> {
    const { HostConfig } = body;
    checkHostConfig(HostConfig, own, this.#options.policy);
    await this.#checkLog(HostConfig.LogConfig);
    if (!Array.isArray(HostConfig.Devices)) return body;
    const Devices = await Promise.all(
      HostConfig.Devices.map(async (device: Json) => ({
        ...device,
        PathOnHost: await this.#paths.device(String(device?.PathOnHost ?? "")),
      })),
    );
    return { ...body, HostConfig: { ...HostConfig, Devices } };
  }

  /** Whether paths that were real when a container was made still are, now that it is to start. */
  async areStillReal(paths: Iterable<string>): Promise<boolean> {
    const real = await Promise.all([...paths].map((path) => this.#paths.isStillReal(path)));
    return real.every(Boolean);
  }

  /** The engine itself, as root, reads the files and opens the sockets that log drivers name. */
  async #checkLog(log: unknown): Promise<void> {
    const { Type, Config } = Object(log) as Json;
    if (!logDrivers.includes(String(Type ?? ""))) refuseOnHost(`the log driver ${String(Type)} is`);
    for (const [option, value] of Object.entries(Object(Config))) {
      const socket = /^unix(?:gram|packet)?:\/\/(.*)$/i.exec(String(value));
      if (socket !== null) await this.#paths.mounted(socket[1] ?? "");
      else if (/-(ca-cert|cert|key|capath)$/.test(option)) await this.#paths.mounted(String(value));
    }
  }
}
