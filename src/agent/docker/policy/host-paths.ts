import { lstat, realpath } from "node:fs/promises";
import { posix } from "node:path";
import { type HostPolicy, isWithin, refuseOnHost } from "./host-policy.ts";

/** Resolves a path to the file it means on the host, following symbolic links as Docker and the kernel do. */
export type RealPath = (path: string) => Promise<string>;

/** LIMIT: missing folders in one path; a path has at most 4096 bytes and therefore fewer than 2048 folders. */
const stepsMax = 2_048;

/**
 * Resolves the absolute path `path`. Folders that do not exist yet are appended to the real path of the deepest folder that does.
 * Rejects with an Error if a folder cannot be read or a link is dangling.
 */
export async function realPathOnDisk(path: string): Promise<string> {
  let existing = posix.normalize(path);
  const missing: string[] = [];
  for (let step = 0; step < stepsMax; step++) {
    try {
      return posix.join(await realpath(existing), ...missing);
    } catch (error) {
      if (codeOf(error) !== "ENOENT" || existing === "/") throw error;
    }
    if (await isThere(existing)) throw new Error(`the symbolic link ${existing} is dangling`);
    missing.unshift(posix.basename(existing));
    existing = posix.dirname(existing);
  }
  throw new Error(`the path ${path} is too deep`);
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

/** Checks paths against the policy after following all symbolic links. */
export class HostPaths {
  readonly #policy: HostPolicy;
  readonly #realPath: RealPath | null;

  /** `realPath` is null when the engine is on another machine. */
  constructor(policy: HostPolicy, realPath: RealPath | null) {
    this.#policy = policy;
    this.#realPath = realPath;
  }

  /** The real path of `path`, which a container mounts. Rejects with HostRefusal if the policy forbids it. */
  mounted(path: string): Promise<string> {
    return this.#allowed(path, this.#policy.hostPaths, "the host path", "--allow-host-path");
  }

  /** The real path of a device. Rejects with HostRefusal if the policy forbids it. */
  device(path: string): Promise<string> {
    const allowed = this.#policy.privileged ? ["/"] : this.#policy.devices;
    return this.#allowed(path, allowed, "the device", "--allow-device");
  }

  /** Whether the real path `real` still contains no link. A container may have replaced a folder with one. */
  async isStillReal(real: string): Promise<boolean> {
    return (await this.#realPath?.(real).catch(() => null)) === real || this.#realPath === null;
  }

  async #allowed(path: string, allowed: readonly string[], what: string, flag: string): Promise<string> {
    if (!path.startsWith("/")) refuseOnHost(`${what} ${path}, which is not absolute, is`);
    if (this.#realPath === null) {
      const lexical = posix.normalize(path).replace(/(?<=.)\/$/, "");
      if (allowed.includes("/")) return lexical;
      refuseOnHost(`${what} ${path} is on another machine, where the agent cannot follow links, and is`, `${flag} /`);
    }
    const real = await this.#resolved(this.#realPath, path, `${what} ${path}`);
    for (const folder of allowed) {
      const realFolder = await this.#realPath(folder).catch(() => null);
      if (realFolder !== null && isWithin(real, realFolder)) return real;
    }
    const target = real === posix.normalize(path).replace(/(?<=.)\/$/, "") ? "" : `, which is ${real},`;
    refuseOnHost(`${what} ${path}${target} is`, `${flag} ${real}`);
  }

  async #resolved(realPath: RealPath, path: string, what: string): Promise<string> {
    try {
      return (await realPath(path)).replace(/(?<=.)\/$/, "");
    } catch (error) {
      refuseOnHost(`${what}, which cannot be resolved (${error instanceof Error ? error.message : String(error)}), is`);
    }
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : null);
