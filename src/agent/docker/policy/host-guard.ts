import type { PayloadContainer } from "../../../agent-protocol/to-agent/payload-container.ts";
import type { TaskSurroundings } from "../../container-runtime.ts";
import { mountsOf } from "../container-config.ts";
import { checkMountedVolumes, type VolumePlace } from "../task-volumes.ts";
import { HostPaths, type RealPath } from "./host-paths.ts";
import { checkHostConfig, type OwnModes, refuseOnHost } from "./host-policy.ts";

type Json = { readonly [member: string]: unknown };
type Body = Json & { readonly HostConfig: Json };

/** Log drivers that tasks may use. Those for Amazon's own services would use the engine's credentials. */
const logDrivers = ["", "json-file", "local", "syslog", "journald", "gelf", "fluentd", "splunk", "none"];

export type HostGuardOptions = VolumePlace & {
  /** Null when the engine is on another machine. */
  readonly realPath: RealPath | null;
};

/**
 * Enforces the host's policy, whatever the control plane says. It checks the final request to Docker, after all parts of the
 * payload have been merged into it.
 */
export class HostGuard {
  readonly #options: HostGuardOptions;
  readonly #paths: HostPaths;

  constructor(options: HostGuardOptions) {
    this.#options = options;
    this.#paths = new HostPaths(options.policy, options.realPath);
  }

  /**
   * The real path of each host path that a container mounts. Rejects with HostRefusal for a path or a volume that is not allowed, and
   * with UnusablePayload for a mount that makes no sense.
   */
  async realPathsOf(
    spec: PayloadContainer,
    taskArn: string,
    task: TaskSurroundings,
  ): Promise<ReadonlyMap<string, string>> {
    const real = new Map<string, string>();
    for (const { found } of mountsOf(spec, taskArn, task)) {
      if (found.kind === "path") real.set(found.source, await this.#paths.mounted(found.source));
      if (found.kind === "efs" && this.#options.efs !== null) {
        real.set(found.source, await this.#options.efs.real(found.source));
      }
    }
    const names = new Set((spec.mountPoints ?? []).map(({ sourceVolume }) => sourceVolume ?? ""));
    await checkMountedVolumes(this.#options, taskArn, task, names);
    return real;
  }

  /** The request body with real paths for devices. Rejects with HostRefusal if the policy forbids the container. */
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

  /** Whether the real paths of a container still contain no links. */
  async areStillReal(paths: Iterable<string>): Promise<boolean> {
    const real = await Promise.all([...paths].map((path) => this.#paths.isStillReal(path)));
    return real.every(Boolean);
  }

  /** The engine runs as root and reads the files and opens the sockets named in log options. */
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
