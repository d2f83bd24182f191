/** `berth agent` as a process of its own, with its news. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AgentNews } from "../src/commands/agent/agent-news.ts";
import { berthMain } from "./berth-process.ts";

type Event = AgentNews["event"];
type NewsOf<E extends Event> = Extract<AgentNews, { event: E }>;

/** LIMIT: an agent connects within a second; on a machine that is busy with other tests it may take many. */
const patienceMs = 30_000;

export type AgentProcess = {
  readonly child: ChildProcess;
  /** Its news so far, with --json. */
  readonly news: readonly AgentNews[];
  readonly out: () => string;
  readonly err: () => string;
  /** The next news of that kind which no call returned before. Rejects if the agent ends, or prints none of the kind. */
  next<E extends Event>(event: E): Promise<NewsOf<E>>;
  /** Its exit code once it has ended, by itself or by the signal. Null if the signal killed it. */
  end(signal?: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<number | null>;
};

export type AgentProcessOptions = {
  readonly endpoint: string;
  readonly dataDir: string;
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

/** Starts an agent with --json. Of AWS and Docker, its environment contains only what `options` say. */
export function startAgent({
  endpoint,
  dataDir,
  key,
  flags = [],
  environment = {},
}: AgentProcessOptions): AgentProcess {
  const argv = [berthMain, "agent", "--json", "--endpoint", endpoint, "--data-dir", dataDir, ...flags];
  const child = spawn(process.execPath, argv, {
    env: {
      PATH: process.env.PATH,
      // With this the test run finds what a failed test left behind.
      ...(process.env.BERTH_TEST_FILE && { BERTH_TEST_FILE: process.env.BERTH_TEST_FILE }),
      ...(process.env.DOCKER_HOST && { DOCKER_HOST: process.env.DOCKER_HOST }),
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  const news: AgentNews[] = [];
  const given = new Set<AgentNews>();
  let changed = Promise.withResolvers<void>();
  child.stdout.on("data", (chunk) => {
    out += chunk;
    const lines = out.split("\n").slice(news.length, -1);
    news.push(...lines.map((line) => JSON.parse(line) as AgentNews));
    changed.resolve();
    changed = Promise.withResolvers();
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const closed = once(child, "close");
  const next = async <E extends Event>(event: E): Promise<NewsOf<E>> => {
    const signal = AbortSignal.timeout(patienceMs);
    const aborted = once(signal, "abort");
    for (;;) {
      const found = news.find((each): each is NewsOf<E> => each.event === event && !given.has(each));
      if (found !== undefined) {
        given.add(found);
        return found;
      }
      const isOver = child.exitCode !== null || child.signalCode !== null;
      if (isOver || signal.aborted) throw new Error(`The agent printed nothing about ${event}: ${out}${err}`);
      await Promise.race([changed.promise, closed, aborted]);
    }
  };
  const end = async (signal?: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<number | null> => {
    if (signal !== undefined) child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    await closed;
    clearTimeout(late);
    return child.exitCode;
  };
  return { child, news, out: () => out, err: () => err, next, end };
}
