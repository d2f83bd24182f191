/**
 * From the start of the process to the first answered ListClusters: `berth dev` as `npm start` runs it, on an empty data
 * directory, again on the same one, and on one with 20,000 other accounts in it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../src/ecs/documents/cluster.ts";
import { SqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { type Figure, printFigures } from "./figure.ts";

const rounds = 7;
const accounts = 20_000;

export async function startUpFigures(): Promise<Figure[]> {
  const first: number[] = [];
  const again: number[] = [];
  const crowded: number[] = [];
  const crowdedDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const dataDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  try {
    await fillWithAccounts(crowdedDir);
    for (let round = 0; round < rounds; round++) {
      const fresh = mkdtempSync(join(tmpdir(), "berth-bench-"));
      first.push(await timeOneStart(fresh));
      rmSync(fresh, { recursive: true, force: true });
      again.push(await timeOneStart(dataDir));
      crowded.push(await timeOneStart(crowdedDir));
    }
  } finally {
    for (const used of [dataDir, crowdedDir]) rmSync(used, { recursive: true, force: true });
  }
  const figure = (name: string, values: number[]): Figure => {
    values.sort((a, b) => a - b);
    const beside = `${rounds} starts, ${values[0]?.toFixed(0)} to ${values.at(-1)?.toFixed(0)} ms`;
    return { name, value: values[values.length >> 1] ?? 0, unit: "ms", beside };
  };
  return [
    figure("process start to first ListClusters, empty data directory", first),
    figure("process start to first ListClusters, existing data directory", again),
    figure(`the same, with ${accounts} other accounts that have a cluster each`, crowded),
  ];
}

/** A cluster in each of many accounts, as their machines would have stored it. */
async function fillWithAccounts(dataDir: string): Promise<void> {
  const store = new SqliteStore({ dataDir });
  const names = Array.from({ length: accounts }, (_, index) => String(100_000_000_000 + index));
  for (let first = 0; first < accounts; first += 500) {
    await Promise.all(
      names.slice(first, first + 500).map(async (account) => {
        const partition = `account/${account}/us-east-1`;
        const { epoch } = await store.open(partition);
        const documents = [{ kind: "cluster", key: "lab", body: JSON.stringify(aCluster(account)) }];
        await store.append(partition, epoch, { documents, events: [], neededAt: null });
      }),
    );
  }
  await store.close();
}

const aCluster = (account: string): Cluster => ({
  name: "lab",
  arn: `arn:aws:ecs:us-east-1:${account}:cluster/lab`,
  status: "ACTIVE",
  incarnation: 1,
  settings: [{ name: "containerInsights", value: "disabled" }],
  configuration: null,
  serviceConnectDefaults: null,
  capacityProviders: [],
  defaultCapacityProviderStrategy: [],
  tags: [],
  createdAt: 1_700_000_000_000,
  deletedAt: null,
});

/** Polls from the first moment on, so that waiting for a printed line does not inflate the figure. */
async function timeOneStart(dataDir: string): Promise<number> {
  const port = 20_000 + (Math.floor(performance.now() * 1000) % 20_000);
  const begin = performance.now();
  const child = spawn(
    process.execPath,
    ["src/cli/berth.js", "dev", "--port", String(port), "--data-dir", dataDir, "--json", "--runtime", "simulated"],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  try {
    while (!(await listsClusters(port))) {
      if (child.exitCode !== null) throw new Error(`berth dev ended with ${child.exitCode}`);
    }
    return performance.now() - begin;
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}

function listsClusters(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      {
        host: "127.0.0.1",
        port,
        method: "POST",
        path: "/",
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters",
          "x-amz-date": "20260101T000000Z",
          authorization:
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/ecs/aws4_request, SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000",
        },
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode === 200));
      },
    );
    call.on("error", () => setTimeout(() => resolve(false), 3));
    call.end("{}");
  });
}

if (import.meta.main) printFigures(await startUpFigures());
