/**
 * A process that makes small calls while others attack: a call every 50 ms from each of its source addresses, each on its own
 * connection. Started by `startBystander`, which says when a phase begins and asks for its results.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { type BenchKey, signedRequest } from "../signed-request.ts";

export type BystanderOptions = {
  readonly port: number;
  readonly tls: boolean;
  readonly key: BenchKey;
  /** `create`: CreateCluster with a new name each time. `list`: ListClusters. */
  readonly call: "list" | "create";
  /** Loopback addresses that the calls come from. */
  readonly sources: readonly string[];
};

/** The results of a phase's calls from one source address. */
export type PhaseResult = {
  readonly source: string;
  readonly calls: number;
  readonly answered: number;
  /** Of the successful calls, in milliseconds. Null if there were none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** How often each other outcome happened: a status, or why there was none. */
  readonly failures: Readonly<Record<string, number>>;
};

export type Bystander = {
  /** Results of the calls since the last report, once all of them have ended. */
  readonly report: () => Promise<readonly PhaseResult[]>;
  readonly stop: () => Promise<void>;
};

const intervalMs = 50;
/** LIMIT: a caller that waits longer has given up; at most a hundred calls are under way at a time from an address. */
const timeoutMs = 5_000;

/** Starts the process and waits for its first answered call, so that one-time compiling and opening is not measured. */
export async function startBystander(options: BystanderOptions): Promise<Bystander> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(options)]);
  const ready = await message(child);
  if (ready !== "ready") throw new Error(`the bystander says ${JSON.stringify(ready)}`);
  return {
    async report() {
      child.send("report");
      return (await message(child)) as readonly PhaseResult[];
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}

async function message(child: ChildProcess): Promise<unknown> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the bystander ended with ${code}`);
  });
  const [received] = await Promise.race([once(child, "message"), ended]);
  return received;
}

type Outcome = { readonly ms: number; readonly failure: string | null };

class CallsFrom {
  readonly source: string;
  readonly #options: BystanderOptions;
  #outcomes: Promise<Outcome>[] = [];
  #created = 0;

  constructor(source: string, options: BystanderOptions) {
    this.source = source;
    this.#options = options;
  }

  begin(): void {
    setInterval(() => this.#outcomes.push(this.call()), intervalMs);
  }

  async call(): Promise<Outcome> {
    const { port, key, call } = this.#options;
    const name = `${this.source.replaceAll(".", "-")}-${this.#created++}`;
    const request = await (call === "list"
      ? signedRequest(port, "ListClusters", {}, key)
      : signedRequest(port, "CreateCluster", { clusterName: name }, key));
    const begin = performance.now();
    const failure = await statusOf(this.#connect(), request);
    return { ms: performance.now() - begin, failure };
  }

  async report(): Promise<PhaseResult> {
    const outcomes = await Promise.all(this.#outcomes.splice(0));
    const times = outcomes.filter(({ failure }) => failure === null).map(({ ms }) => ms);
    times.sort((a, b) => a - b);
    const failures: Record<string, number> = {};
    for (const { failure } of outcomes) {
      if (failure !== null) failures[failure] = (failures[failure] ?? 0) + 1;
    }
    const at = (share: number): number | null =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? null;
    return {
      source: this.source,
      calls: outcomes.length,
      answered: times.length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: times.at(-1) ?? null,
      failures,
    };
  }

  #connect(): Socket {
    const { port, tls } = this.#options;
    const address = { host: "127.0.0.1", port, localAddress: this.source };
    return tls ? connectTls({ ...address, rejectUnauthorized: false }) : connectTcp(address);
  }
}

/** Sends the request and waits for the status of the answer. Null is 200, everything else is named. */
function statusOf(socket: Socket, request: Buffer): Promise<string | null> {
  return new Promise((resolve) => {
    let received = "";
    const end = (failure: string | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(() => end("no answer in 5 s"), timeoutMs);
    socket.on("error", (error: Error & { readonly code?: string }) => end(error.code ?? error.name));
    socket.on("close", () => end("closed without an answer"));
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      if (!received.includes("\r\n\r\n")) return;
      const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? "no status";
      end(status === "200" ? null : `${status} ${/([A-Z]\w+Exception)/.exec(received)?.[1] ?? ""}`.trim());
    });
    socket.write(request);
  });
}

async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? "{}") as BystanderOptions;
  const all = options.sources.map((source) => new CallsFrom(source, options));
  for (const calls of all) {
    for (let i = 0; i < 20; i++) {
      const { failure } = await calls.call();
      if (failure !== null) throw new Error(`a call in peace: ${failure}`);
    }
  }
  process.on("message", () => {
    void Promise.all(all.map((calls) => calls.report())).then((results) => process.send?.(results));
  });
  process.on("disconnect", () => process.exit(0));
  for (const calls of all) calls.begin();
  process.send?.("ready");
}

if (import.meta.main) await main();
