/**
 * A test's own Docker Engine, with its own store and network, which may be hung, killed and starved without harm to the host's.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { promisify } from "node:util";
import { DockerEngine } from "../../src/agent/docker/engine/docker-engine.ts";
import { untilFound } from "../until.ts";

const run = promisify(execFile);

/** False, or why no engine can be started here. */
export function whyNoPrivateEngine(): string | false {
  if (process.getuid?.() !== 0) return "a private engine needs root";
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => existsSync(join(folder, "dockerd"))) ? false : "dockerd is not installed";
}

export class PrivateEngine {
  readonly #folder: string;
  #process: ChildProcess | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Without an engine yet. `diskMiB`: it stores its data on a disk of that size, in memory. */
  static async make(diskMiB: number | null): Promise<PrivateEngine> {
    const folder = await mkdtemp(join(tmpdir(), "berth-engine-"));
    const data = join(folder, "data");
    await mkdir(data);
    if (diskMiB !== null) await run("mount", ["-t", "tmpfs", "-o", `size=${diskMiB}m`, "tmpfs", data]);
    return new PrivateEngine(folder);
  }

  get dockerHost(): string {
    return `unix://${join(this.#folder, "d.sock")}`;
  }

  get dataFolder(): string {
    return join(this.#folder, "data");
  }

  /** Resolves when it answers. Rejects with the end of its log if it does not start. */
  async start(): Promise<void> {
    const at = (name: string): string => join(this.#folder, name);
    const words = ["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid")];
    const network = ["--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"];
    // If engines share the host's containerd, each has its own namespaces.
    const names = ["--containerd-namespace", basename(this.#folder)];
    // A killed engine takes its containerd with it, and both leave their pid files.
    for (const name of ["pid", "exec/containerd/containerd.pid"]) await rm(at(name), { force: true });
    // In its own network namespace: an engine without a bridge removes that of the host's engine.
    const started = spawn("unshare", ["--net", "dockerd", "--host", this.dockerHost, ...words, ...names, ...network], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = started;
    let log = "";
    started.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-2_000);
    });
    started.on("error", (error) => {
      log += error.message;
    });
    const docker = new DockerEngine(this.dockerHost);
    try {
      await untilFound("dockerd to answer", async () => {
        if (started.exitCode !== null) throw new Error(`dockerd ended: ${log}`);
        return await docker.ping().then(
          () => true,
          () => false,
        );
      });
    } finally {
      docker.close();
    }
  }

  /** SIGSTOP hangs it, SIGCONT resumes it. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal);
  }

  /** Resolves when it has ended. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const ending = this.#process;
    this.#process = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, "exit");
    ending.kill("SIGCONT");
    ending.kill(signal);
    await exited;
  }

  /** Ends its containers too. */
  async close(): Promise<void> {
    const docker = new DockerEngine(this.dockerHost);
    try {
      for (const { Id } of await docker.listContainers({}, { timeoutMs: 5_000 })) await docker.removeContainer(Id);
    } catch {
      // No engine answers any more.
    } finally {
      docker.close();
    }
    await this.end("SIGTERM");
    const { stdout } = await run("mount", []);
    const mounts = stdout.split("\n").flatMap((line) => / on (\S+) type /.exec(line)?.[1] ?? []);
    for (const mount of mounts.filter((path) => path.startsWith(this.#folder)).reverse()) {
      await run("umount", ["--lazy", mount]).catch(() => {});
    }
    await rm(this.#folder, { recursive: true, force: true }).catch(() => {});
  }
}
