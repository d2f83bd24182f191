/** Servers of this checkout or another one, each in its own process, so that one run compares both. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout that contains this file. */
export const thisCheckout = fileURLToPath(new URL("..", import.meta.url));

/** LIMIT: the slowest measured start takes 16 s, with 20,000 places; a busy machine takes longer. */
const startTimeoutMs = 180_000;

export type CheckoutServerOptions = {
  /** The root of the checkout whose `berth` runs. */
  readonly checkout: string;
  readonly command: "dev" | "serve";
  /** In addition to `--port 0`, `--json` and simulated containers. */
  readonly flags: readonly string[];
  /** `unread`: standard error is a pipe that nobody reads. By default it is discarded. */
  readonly standardError?: "ignore" | "unread";
};

export type CheckoutServer = {
  readonly port: number;
  readonly pid: number;
  /** From the start of the process to the line that says that it listens. */
  readonly startedInMs: number;
  /** Whether the process has ended by itself. */
  readonly hasEnded: () => boolean;
  /** Ends it by SIGTERM, or by SIGKILL if that takes longer than ten seconds. */
  readonly stop: () => Promise<void>;
};

/** Starts `berth dev` or `berth serve` of a checkout and waits until it listens. Throws if it ends before. */
export async function startCheckoutServer(options: CheckoutServerOptions): Promise<CheckoutServer> {
  const { checkout, command, flags, standardError = "ignore" } = options;
  const simulated = command === "dev" ? "--runtime" : "--fargate";
  const main = mainOf(checkout);
  const argv = [main, command, "--port", "0", "--json", simulated, "simulated", ...flags];
  const begin = performance.now();
  const child = spawn(process.execPath, argv, {
    cwd: checkout,
    stdio: ["ignore", "pipe", standardError === "unread" ? "pipe" : "ignore"],
  });
  const line = await firstLine(child, `berth ${command} of ${checkout}`);
  const startedInMs = performance.now() - begin;
  const { port } = JSON.parse(line) as { readonly port: number };
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return { port, pid: child.pid ?? 0, startedInMs, hasEnded, stop: () => stopChild(child) };
}

/** Older checkouts have no launcher. */
function mainOf(checkout: string): string {
  const launcher = resolve(checkout, "src/cli/berth.js");
  return existsSync(launcher) ? launcher : resolve(checkout, "src/cli/main.ts");
}

/** Creates a key for `account` in a data directory that no server has open. */
export function createKey(
  checkout: string,
  dataDir: string,
  account: string,
): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  const main = mainOf(checkout);
  const argv = [main, "keys", "create", "--data-dir", dataDir, "--account", account, "--json"];
  return JSON.parse(execFileSync(process.execPath, argv, { cwd: checkout, encoding: "utf8" }));
}

/** Passes an empty directory to `use` and removes it afterwards. */
export async function withDataDir<T>(use: (dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  try {
    return await use(dataDir);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function firstLine(child: ChildProcess, name: string): Promise<string> {
  let output = "";
  return new Promise((done, fail) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(new Error(`${name} did not listen in ${startTimeoutMs / 1000} s`));
    }, startTimeoutMs);
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(new Error(`${name} ended with ${code} before it listened`));
    });
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      if (!output.includes("\n")) return;
      clearTimeout(timer);
      child.removeAllListeners("exit");
      done(output.slice(0, output.indexOf("\n")));
    });
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(timer);
}
