import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AgentDisk, AgentState } from "./agent-disk.ts";

/** The disk of an agent cannot be used; the text is for the operator. */
export class DiskError extends Error {
  override readonly name = "DiskError";
}

/** One JSON file in a folder, replaced as a whole, so that a crash leaves the old state or the new one. */
export class FileDisk implements AgentDisk {
  readonly #folder: string;
  readonly #path: string;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#path = join(folder, `${name}.json`);
  }

  /**
   * The file `name` in `folder`, which is made when it is missing and belongs to this process until `release`. Rejects with
   * DiskError when another process has it.
   */
  static async open(folder: string, name = "agent"): Promise<FileDisk> {
    const disk = new FileDisk(folder, name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await disk.#lock();
    return disk;
  }

  /** Null when there is no file. Rejects with DiskError when it cannot be read: a host whose state is lost wants an operator. */
  async load(): Promise<AgentState | null> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return null;
      throw new DiskError(`The agent's state ${this.#path} cannot be read: ${String(cause)}`, { cause });
    }
    try {
      return JSON.parse(text) as AgentState;
    } catch (cause) {
      throw new DiskError(
        `The agent's state ${this.#path} is damaged. Move it away to register this machine as a new container instance.`,
        { cause },
      );
    }
  }

  async save(state: AgentState): Promise<void> {
    const text = JSON.stringify(state);
    const temporary = `${this.#path}.new`;
    await withFile(temporary, "w", async (file) => {
      await file.writeFile(text);
      await file.datasync();
    });
    await rename(temporary, this.#path);
    // Without it the name may still mean the old file after a loss of power.
    await withFile(this.#folder, "r", (folder) => folder.sync());
  }

  /** Forgets what was saved. */
  async erase(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  /** Lets another process have the folder. */
  async release(): Promise<void> {
    await rm(this.#lockPath, { force: true });
  }

  get #lockPath(): string {
    return this.#path.replace(/json$/, "lock");
  }

  async #lock(): Promise<void> {
    const mine = `${process.pid} ${await startOf(process.pid)}\n`;
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        await withFile(this.#lockPath, "wx", (file) => file.writeFile(mine));
        return;
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
      const holder = await this.#holder();
      if (holder !== null) {
        throw new DiskError(
          `${this.#folder} belongs to the agent with process id ${holder}. Stop that one, or give this one another folder.`,
        );
      }
      await this.release();
    }
    throw new DiskError(`${this.#folder} is being opened by another agent.`);
  }

  /** The process that has the lock; null when it has ended, whoever has its number now. */
  async #holder(): Promise<number | null> {
    const text = await readFile(this.#lockPath, "utf8").catch(() => "");
    const [pid = "", start = ""] = text.trim().split(" ");
    const isHeld = /^\d+$/.test(pid) && start !== "" && (await startOf(Number(pid))) === start;
    return isHeld ? Number(pid) : null;
  }
}

/**
 * When a process started, in ticks since the boot; empty when there is no such process. It is the 20th field behind the name, which
 * may hold spaces. Where the system does not tell, every living process has started at the same time.
 */
async function startOf(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // A process that has ended stays until its parent has asked for its exit code.
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
