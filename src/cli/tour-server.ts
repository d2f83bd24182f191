import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { ECS } from "@aws-sdk/client-ecs";
import { must } from "../lib/assert.ts";

/** Processes that have not ended. */
const running = new Set<ChildProcess>();

/** Ends every server that the tour started and that still runs, however the tour went. */
export function killTourServers(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** What `berth dev --json` prints when it listens. */
export type Listening = {
  readonly url: string;
  readonly account: string;
  readonly region: string;
  readonly cluster: string;
  readonly dataDir: string;
  readonly pid: number;
  /** The engine in which one of the container instances runs its tasks. Null: all of them are simulated. */
  readonly docker: { readonly address: string; readonly instance: string } | null;
};

/** A server in its own process, which can be killed, with a client of AWS's SDK. */
export type TourServer = {
  readonly listening: Listening;
  readonly ecs: ECS;
  /** What its log advises about tasks that lack something, so far. Other lines of the log are on standard error. */
  readonly advice: readonly string[];
  /** From the start of the process to its line. */
  readonly startedInMs: number;
  /** Ends the process like a power failure. */
  kill(): Promise<void>;
  /** Asks it to end. Returns the exit code. */
  stop(): Promise<number | null>;
};

const main = new URL("./main.ts", import.meta.url);

/** LIMIT: a server is up in under a second; on a busy machine it may take several. */
const startTimeoutMs = 15_000;

/** Starts `berth dev` on a free port over `dataDir`, with more `flags`. Throws as {@link startDev} does. */
export const startTourServer = (dataDir: string, flags: readonly string[] = []): Promise<TourServer> =>
  startDev(["--data-dir", dataDir, ...flags]);

/** Starts `berth dev` on a free port with these flags. Throws if it does not come up, and shows its complaints. */
export async function startDev(flags: readonly string[]): Promise<TourServer> {
  const startedAt = performance.now();
  const argv = [main.pathname, "dev", "--port", "0", "--json", "--instances", "3", ...flags];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const advice: string[] = [];
  createInterface({ input: must(child.stderr, "the log of the server") }).on("line", (line) => {
    const advised = adviceIn(line);
    if (advised === null) process.stderr.write(`${line}\n`);
    else advice.push(advised);
  });
  const listening = await firstLine(child);
  const ecs = new ECS({
    endpoint: listening.url,
    region: listening.region,
    credentials: { accessKeyId: "tour", secretAccessKey: "tour" },
    // The SDK must not silently repeat a call that the kill cut off.
    maxAttempts: 1,
  });
  const ended = once(child, "exit");
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<number | null> => {
    child.kill(signal);
    await ended;
    ecs.destroy();
    return child.exitCode;
  };
  return {
    listening,
    ecs,
    advice,
    startedInMs: performance.now() - startedAt,
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
  };
}

/** The advice of a line of the log about a task that lacks something. Null for any other line. */
function adviceIn(line: string): string | null {
  if (!line.includes('"task-inputs-missing"')) return null;
  return (JSON.parse(line) as { readonly advice: string }).advice;
}

async function firstLine(child: ChildProcess): Promise<Listening> {
  const lines = createInterface({ input: must(child.stdout, "the output of the server") });
  const timeout = setTimeout(() => child.kill("SIGKILL"), startTimeoutMs);
  try {
    for await (const line of lines) return JSON.parse(line) as Listening;
  } finally {
    clearTimeout(timeout);
  }
  throw new Error("The server ended, or did not say in time where it listens.");
}
