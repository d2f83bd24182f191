import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rmdir, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { DockerInfo } from "../engine/docker-answers.ts";

/** The limits of a task as a whole. Null for none. */
export type TaskLimits = {
  /** 1024 are a core. */
  readonly cpuUnits: number | null;
  readonly memoryMiB: number | null;
  /** For a task without `cpuUnits`: its weight against other tasks. */
  readonly cpuShares: number;
};

/** The control groups of tasks on one host, which Docker gets as the parents of their containers. */
export interface TaskCgroups {
  /** The value of CgroupParent. */
  parentOf(taskId: string): string;
  /** Creates the group with its limits for a process, or changes them. Rejects with the operating system's error. */
  limit(taskId: string, limits: TaskLimits, owner: string): Promise<void>;
  /** The tasks whose groups were made by processes for which `mayLive` is false. Never rejects. */
  left(mayLive: (owner: string | null) => boolean): Promise<readonly string[]>;
  /** Never rejects. */
  remove(taskId: string): Promise<void>;
}

/** AWS: a task's quota is per 100 ms: 0.5 vCPU is 50 ms of it. */
const periodUs = 100_000;
const bytesPerMiB = 1_048_576;
/** LIMIT: a container that ended leaves its own group a moment later; after 2 s it never will. */
const removals = { attempts: 20, pauseMs: 100 };

const quotaUs = (cpuUnits: number): number => Math.max(1_000, Math.round((cpuUnits / 1_024) * periodUs));
const sharesOf = (limits: TaskLimits): number => Math.max(2, limits.cpuShares);

/** Where the control group hierarchies are mounted. `mounts` is the text of /proc/self/mounts. */
export function cgroupMounts(mounts: string): {
  readonly v1: ReadonlyMap<string, readonly string[]>;
  readonly v2: string | null;
} {
  const v1 = new Map<string, readonly string[]>();
  let v2: string | null = null;
  for (const line of mounts.split("\n")) {
    const [, at = "", kind, options = ""] = line.split(" ");
    if (kind === "cgroup") v1.set(at, options.split(","));
    else if (kind === "cgroup2") v2 = at;
  }
  return { v1, v2 };
}

/**
 * The control groups of this host, or a sentence that says why tasks cannot be limited here. `isLocal`: the engine runs on this
 * machine.
 */
export async function openTaskCgroups(info: DockerInfo, isLocal: boolean): Promise<TaskCgroups | string> {
  if (!isLocal) return "the engine is on another machine";
  if (process.getuid?.() !== 0) return "the agent does not run as root";
  if (info.SecurityOptions?.some((option) => option.includes("rootless"))) return "the engine is rootless";
  if (info.CgroupDriver === "systemd") {
    return existsSync("/run/systemd/system")
      ? new SystemdCgroups()
      : "the engine leaves control groups to systemd, which does not run here";
  }
  if (info.CgroupDriver !== "cgroupfs") return `the engine's cgroup driver is "${info.CgroupDriver ?? ""}"`;
  const { v1, v2 } = cgroupMounts(readFileSync("/proc/self/mounts", "utf8"));
  try {
    if (info.CgroupVersion === "2") {
      if (v2 === null) return "no cgroup2 is mounted";
      const cgroups = new UnifiedCgroups(v2);
      await cgroups.open();
      return cgroups;
    }
    const [cpu, memory] = ["cpu", "memory"].map((name) => [...v1].find(([, options]) => options.includes(name))?.[0]);
    if (cpu === undefined || memory === undefined) return "the cgroups cpu and memory are not mounted";
    const cgroups = new SplitCgroups([...v1.keys(), ...(v2 === null ? [] : [v2])], cpu, memory);
    await cgroups.open();
    return cgroups;
  } catch (error) {
    return `control groups cannot be made: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const root = "berth";
const parentOf = (taskId: string): string => `/${root}/${taskId}`;

/** Version 1 through its file system: a hierarchy for each controller. */
class SplitCgroups implements TaskCgroups {
  readonly parentOf = parentOf;
  readonly #mounts: readonly string[];
  readonly #cpu: string;
  readonly #memory: string;

  constructor(mounts: readonly string[], cpu: string, memory: string) {
    this.#mounts = mounts;
    this.#cpu = cpu;
    this.#memory = memory;
  }

  async open(): Promise<void> {
    await mkdir(`${this.#cpu}/${root}`, { recursive: true });
    await mkdir(`${this.#memory}/${root}`, { recursive: true });
    // By default, kernels before 5.11 limit a group without those below it. They refuse the change once there are groups below.
    await writeFile(`${this.#memory}/${root}/memory.use_hierarchy`, "1").catch(() => {});
  }

  async limit(taskId: string, limits: TaskLimits, owner: string): Promise<void> {
    const [cpu = "", memory = ""] = [this.#cpu, this.#memory].map((mount) => mount + parentOf(taskId));
    await markAs(`${this.#cpu}/${root}`, taskId, owner);
    for (const group of [cpu, memory]) await mkdir(group, { recursive: true });
    if (limits.memoryMiB !== null) {
      await writeFile(`${memory}/memory.limit_in_bytes`, String(limits.memoryMiB * bytesPerMiB));
    }
    if (limits.cpuUnits === null) {
      await writeFile(`${cpu}/cpu.shares`, String(sharesOf(limits)));
    } else {
      await writeFile(`${cpu}/cpu.cfs_period_us`, String(periodUs));
      await writeFile(`${cpu}/cpu.cfs_quota_us`, String(quotaUs(limits.cpuUnits)));
    }
  }

  left(mayLive: (owner: string | null) => boolean): Promise<readonly string[]> {
    return groupsLeft(`${this.#cpu}/${root}`, mayLive);
  }

  // Docker creates its containers' groups, with any missing parents, in all hierarchies including the unified one.
  async remove(taskId: string): Promise<void> {
    await Promise.all(this.#mounts.map((mount) => removeTree(mount + parentOf(taskId))));
    await unmark(`${this.#cpu}/${root}`, taskId);
  }
}

/** Version 2 through its file system: one hierarchy. */
class UnifiedCgroups implements TaskCgroups {
  readonly parentOf = parentOf;
  readonly #mount: string;

  constructor(mount: string) {
    this.#mount = mount;
  }

  async open(): Promise<void> {
    await mkdir(`${this.#mount}/${root}`, { recursive: true });
    for (const group of [this.#mount, `${this.#mount}/${root}`]) {
      await writeFile(`${group}/cgroup.subtree_control`, "+cpu +memory");
    }
  }

  async limit(taskId: string, limits: TaskLimits, owner: string): Promise<void> {
    const group = this.#mount + parentOf(taskId);
    await markAs(`${this.#mount}/${root}`, taskId, owner);
    await mkdir(group, { recursive: true });
    if (limits.memoryMiB !== null) await writeFile(`${group}/memory.max`, String(limits.memoryMiB * bytesPerMiB));
    if (limits.cpuUnits !== null) await writeFile(`${group}/cpu.max`, `${quotaUs(limits.cpuUnits)} ${periodUs}`);
    else await writeFile(`${group}/cpu.weight`, String(weightOf(sharesOf(limits))));
  }

  left(mayLive: (owner: string | null) => boolean): Promise<readonly string[]> {
    return groupsLeft(`${this.#mount}/${root}`, mayLive);
  }

  async remove(taskId: string): Promise<void> {
    await removeTree(this.#mount + parentOf(taskId));
    await unmark(`${this.#mount}/${root}`, taskId);
  }
}

/** Shares 2-262144 as weights 1-10000, as container runtimes convert them. */
export const weightOf = (shares: number): number => 1 + Math.floor(((Math.min(shares, 262_144) - 2) * 9_999) / 262_142);

/** Through systemd: a slice for each task, which disappears once it is empty. */
class SystemdCgroups implements TaskCgroups {
  parentOf(taskId: string): string {
    return `${root}-${taskId}.slice`;
  }

  async limit(taskId: string, limits: TaskLimits): Promise<void> {
    const properties = [
      ...(limits.memoryMiB === null ? [] : [`MemoryMax=${limits.memoryMiB * bytesPerMiB}`]),
      limits.cpuUnits === null
        ? `CPUWeight=${weightOf(sharesOf(limits))}`
        : `CPUQuota=${quotaUs(limits.cpuUnits) / (periodUs / 100)}%`,
    ];
    await systemctl("set-property", "--runtime", this.parentOf(taskId), ...properties);
  }

  // systemd removes empty slices.
  async left(): Promise<readonly string[]> {
    return [];
  }

  async remove(taskId: string): Promise<void> {
    await systemctl("stop", this.parentOf(taskId)).catch(() => {});
    await systemctl("revert", this.parentOf(taskId)).catch(() => {});
  }
}

const run = promisify(execFile);
const systemctl = (...words: readonly string[]): Promise<unknown> => run("systemctl", words, { timeout: 10_000 });

/**
 * An empty group next to a task's group, `of-<task>-<process>`, says which process made it. It is made first, so that no other
 * process sees the task's group without it and takes it for abandoned.
 */
const markOf = (taskId: string): string => `of-${taskId}-`;

/** Records `owner` as the only process that wants the task's group. */
async function markAs(folder: string, taskId: string, owner: string): Promise<void> {
  const own = markOf(taskId) + owner;
  await mkdir(`${folder}/${own}`, { recursive: true });
  await unmark(folder, taskId, own);
}

async function unmark(folder: string, taskId: string, except?: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (name.startsWith(markOf(taskId)) && name !== except) await rmdir(`${folder}/${name}`).catch(() => {});
  }
}

async function groupsLeft(folder: string, mayLive: (owner: string | null) => boolean): Promise<readonly string[]> {
  const groups = (await namesIn(folder)).filter((name) => !name.startsWith("of-"));
  // Read again: a mark is created before its group and removed after it.
  const names = new Set(await namesIn(folder));
  const marks = [...names].filter((name) => name.startsWith("of-"));
  const isWanted = (taskId: string, mark: string): boolean =>
    mark.startsWith(markOf(taskId)) && mayLive(mark.slice(markOf(taskId).length));
  return groups.filter((taskId) => names.has(taskId) && !marks.some((mark) => isWanted(taskId, mark)));
}

/** The groups in a group. Empty if it is gone. */
async function namesIn(group: string): Promise<readonly string[]> {
  const entries = await readdir(group, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Removes a group and those below it. A group with processes stays. */
async function removeTree(group: string): Promise<void> {
  for (let attempt = 0; attempt < removals.attempts; attempt++) {
    try {
      await removeEmpty(group);
      return;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
      await pause(removals.pauseMs);
    }
  }
}

async function removeEmpty(group: string): Promise<void> {
  for (const entry of await readdir(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeEmpty(`${group}/${entry.name}`);
  }
  await rmdir(group);
}
