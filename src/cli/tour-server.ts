import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { ECS } from "@aws-sdk/client-ecs";
import { must } from "../lib/assert.ts";

/** Processes that have not ended. */
const running = new Set<ChildProcess>();

/** Ends every server that was started and still runs, however the tour went. */
export function killTourServers(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** What `berth dev --json` says when it listens. */
export type Listening = {
  readonly url: string;
  readonly account: string;
  readonly region: string;
  readonly cluster: string;
  readonly dataDir: string;
  readonly pid: number;
  /** The engine in which one of the container instances runs its tasks; null: all of them are simulated. */
  readonly docker: { readonly address: string; readonly instance: string } | null;
};

/** A server of our own, in a process that can be killed, with a client of AWS's SDK for it. */
export type TourServer = {
  readonly listening: Listening;
  readonly ecs: ECS;
  /** From the start of the process to its line. */
  readonly startedInMs: number;
  /** Ends the process as a power cut would. */
  kill(): Promise<void>;
  /** Asks it to end; gives the exit code. */
  stop(): Promise<number | null>;
};

const main = new URL("./main.ts", import.meta.url);

/** LIMIT: a server is there in under a second; on a machine that is busy with others it may take several. */
const startTimeoutMs = 15_000;

/** Starts `berth dev` on a free port over `dataDir`. Throws as {@link startDev} does. */
export const startTourServer = (dataDir: string): Promise<TourServer> => startDev(["--data-dir", dataDir]);

/** Starts `berth dev` on a free port with these flags. Throws when it does not come up; what it complains of is shown. */
export async function startDev(flags: readonly string[]): Promise<TourServer> {
  const startedAt = performance.now();
  const argv = [main.pathname, "dev", "--port", "0", "--json", "--instances", "3", ...flags];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const listening = await firstLine(child);
  const ecs = new ECS({
    endpoint: listening.url,
    region: listening.region,
    credentials: { accessKeyId: "tour", secretAccessKey: "tour" },
    // A call that is cut off by the kill must not be made again behind our back.
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
    startedInMs: performance.now() - startedAt,
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
  };
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
