import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { AgentDisk, AgentState } from "./agent-disk.ts";

/** One JSON file, replaced as a whole, so that a crash leaves the old or the new state. */
export class FileDisk implements AgentDisk {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Null when there is no file. Rejects when it is unreadable: an operator must decide about a host whose state is lost. */
  async load(): Promise<AgentState | null> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw error;
    }
    const state = JSON.parse(text) as Partial<AgentState> | null;
    if (state?.format !== 1) throw new Error(`${this.#path} is no agent state of this version`);
    return state as AgentState;
  }

  async save(state: AgentState): Promise<void> {
    const text = JSON.stringify(state);
    await mkdir(dirname(this.#path), { recursive: true });
    const temporary = `${this.#path}.new`;
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
  }
}
