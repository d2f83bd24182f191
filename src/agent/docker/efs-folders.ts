import { chmod, mkdir } from "node:fs/promises";
import { posix } from "node:path";
import type { PayloadVolume } from "../../agent-protocol/to-agent/payload.ts";
import { type RealPath, realPathOnDisk } from "./policy/host-paths.ts";
import { isWithin, refuseOnHost } from "./policy/host-policy.ts";

type EfsConfiguration = {
  readonly fileSystemId?: unknown;
  readonly rootDirectory?: unknown;
  readonly authorizationConfig?: { readonly accessPointId?: unknown } | null;
};

/**
 * Where an EFS volume is below the folder of file systems: `fs-id/root/directory`, or `fs-id/fsap-id` for an access point. Null if its
 * configuration cannot be a path. Pure.
 */
export function efsPath({ efsVolumeConfiguration }: PayloadVolume): string | null {
  const { fileSystemId, rootDirectory, authorizationConfig } = Object(efsVolumeConfiguration) as EfsConfiguration;
  const accessPointId = authorizationConfig?.accessPointId;
  if (!isId(fileSystemId)) return null;
  if (accessPointId !== undefined && accessPointId !== null) {
    return isId(accessPointId) ? `${fileSystemId}/${accessPointId}` : null;
  }
  if (rootDirectory !== undefined && rootDirectory !== null && typeof rootDirectory !== "string") return null;
  // Cuts off whatever leads out of the file system.
  return `${fileSystemId}${posix.normalize(`/${rootDirectory ?? ""}`)}`.replace(/\/$/, "");
}

const isId = (value: unknown): value is string => typeof value === "string" && /^[\w-]{1,128}$/.test(value);

/**
 * A folder for each EFS file system on this host, shared by its tasks.
 * DIFFERS: an EFS volume is a folder below `--efs-dir` on the host of its task: hosts share nothing unless the operator mounts a network file system there. An access point is a sub-folder for everyone to write to, without its user, group and root directory; encryption in transit and IAM are ignored; a missing root directory is created.
 */
export class EfsFolders {
  readonly #root: string;
  readonly #realPath: RealPath;

  constructor(root: string, realPath: RealPath = realPathOnDisk) {
    this.#root = root;
    this.#realPath = realPath;
  }

  /** The real path of a volume's folder. Rejects with HostRefusal if a link in it leads out of the folder of file systems. */
  async real(path: string): Promise<string> {
    const root = await this.#realPath(this.#root);
    const real = await this.#realPath(`${this.#root}/${path}`);
    const [fileSystem = ""] = path.split("/");
    // A container may have made links, also to another file system.
    if (!isWithin(real, `${root}/${fileSystem}`)) refuseOnHost(`the folder ${path}, which is a link to ${real}, is`);
    return real;
  }

  /** Creates the folder if it is missing. Rejects as `real` does, or with the error of the disk. */
  async make(path: string): Promise<void> {
    const real = await this.real(path);
    const made = await mkdir(real, { recursive: true });
    // Which users an access point stands for is known to AWS only.
    if (made !== undefined && /^[^/]+\/fsap-[^/]+$/.test(path)) await chmod(real, 0o1777);
  }
}
