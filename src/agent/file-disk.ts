import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AgentDisk, AgentState } from "./agent-disk.ts";

/** The agent's disk cannot be used. The text is for the operator. */
export class DiskError extends Error {
  override readonly name = "DiskError";
}

/** One JSON file in a folder, replaced as a whole, so that a crash leaves either the old state or the new one. */
export class FileDisk implements AgentDisk {
  readonly #folder: string;
  readonly #path: string;
  /** The folder of the claims to this disk, and this process's claim: an empty file named after the process. */
  readonly #claims: string;
  readonly #mine: string;

  private constructor(folder: string, name: string, claim: string) {
    this.#folder = folder;
    this.#path = join(folder, `${name}.json`);
    this.#claims = join(folder, `${name}.owner`);
    this.#mine = join(this.#claims, claim);
  }

  /**
   * Opens the file `name` in `folder`, creates the folder if it is missing, and owns the file until `release`. Rejects with
   * DiskError if another process owns it.
   */
  static async open(folder: string, name = "agent"): Promise<FileDisk> {
    const claim = `${process.pid}-${await startOf(process.pid)}-${randomUUID()}`;
    const disk = new FileDisk(folder, name, claim);
    await disk.#claim();
    return disk;
  }

  /** Null if there is no file. Rejects with DiskError if it cannot be read: a host whose state is lost needs an operator. */
  async load(): Promise<AgentState | null> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return null;
      throw new DiskError(`The agent's state ${this.#path} cannot be read: ${String(cause)}`, { cause });
    }
    try {
      const state = JSON.parse(text) as AgentState | null;
      if (typeof state?.containerInstanceArn === "string") return state;
    } catch {
      // Not even JSON.
    }
    throw new DiskError(
      `The agent's state ${this.#path} is damaged. Move it away to register this machine as a new container instance.`,
    );
  }

  async save(state: AgentState): Promise<void> {
    const text = JSON.stringify(state);
    const temporary = `${this.#path}.new`;
    await withFile(temporary, "w", async (file) => {
      await file.writeFile(text);
      await file.datasync();
    });
    await rename(temporary, this.#path);
    // Without this, the name may still refer to the old file after a power failure.
    await withFile(this.#folder, "r", (folder) => folder.sync());
  }

  /** When the state was last saved (epoch milliseconds), by the machine's clock at that moment. 0 if never. */
  async savedAt(): Promise<number> {
    try {
      return (await stat(this.#path)).mtimeMs;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return 0;
      throw new DiskError(`The agent's state ${this.#path} cannot be read: ${String(error)}`, { cause: error });
    }
  }

  /** Deletes what was saved. */
  async erase(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  /** Makes the disk available to other processes. */
  async release(): Promise<void> {
    await rm(this.#mine, { force: true });
  }

  /**
   * Claims the folder, then looks for other claims: if two processes claim at once, the later look sees both. So there is never
   * more than one owner. If two claim at the same moment there may be none, and each gets an error that names the other.
   */
  async #claim(): Promise<void> {
    await mkdir(this.#claims, { recursive: true, mode: 0o700 });
    await withFile(this.#mine, "wx", async () => {});
    for (const name of await readdir(this.#claims)) {
      const path = join(this.#claims, name);
      if (path === this.#mine) continue;
      const holder = await holderOf(name);
      // A process that has ended does not come back, so its claim may be removed at any time.
      if (holder === null) await rm(path, { force: true });
      else {
        await this.release();
        throw new DiskError(
          `${this.#folder} belongs to the agent with process id ${holder}. Stop that one, or give this one another folder.`,
        );
      }
    }
  }
}

/** The process that made the claim with that name. Null if it has ended, even if its process id is in use again. */
async function holderOf(claim: string): Promise<number | null> {
  const [pid = "", start = ""] = claim.split("-");
  const isHeld = /^\d+$/.test(pid) && start !== "" && (await startOf(Number(pid))) === start;
  return isHeld ? Number(pid) : null;
}

/**
 * When a process started, in ticks since boot. Empty if there is no such process. It is the 20th field after the name, which may
 * contain spaces. Where the system does not say, all living processes appear to have started at the same time.
 */
async function startOf(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // A process that has ended remains until its parent has read its exit code.
    return fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? "");
  } catch {
    return process.platform !== "linux" && isAlive(pid) ? "unknown" : "";
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

async function withFile(path: string, flags: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : null;
