/**
 * Requests per second that are passed on to a companion, compared with the companion alone, which is a bare node:http echo; and what small calls of ECS see
 * while a companion that never answers holds all the calls that it may.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, printFigures, type StartedChild, startChild } from "./figure.ts";
import { load } from "./load.ts";
import { cpuMs } from "./process-figures.ts";
import { type BenchKey, signedRequest } from "./signed-request.ts";

const seconds = 4;
const connections = 32;
/** Of an answer, as a small one of DynamoDB or SQS. */
const answerBytes = 300;
const target = "DynamoDB_20120810.GetItem";
const body = { TableName: "bench", Key: { id: { S: "1" } } };

export async function companionFigures(): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const echo = await startChild(["bench/echo-server.ts", String(answerBytes)]);
  const url = `http://127.0.0.1:${echo.first.port}`;
  try {
    const key = createKey(directory);
    const flags = ["--port", "0", "--json", "--companion", url];
    process.env.BERTH_COMPANION_ACCESS_KEY_ID = "bench";
    process.env.BERTH_COMPANION_SECRET_ACCESS_KEY = "bench";
    const dev = await startChild([
      "src/cli/berth.js",
      "dev",
      "--in-memory",
      "--instances",
      "0",
      "--runtime",
      "simulated",
      ...flags,
    ]);
    const serve = await startChild([
      "src/cli/berth.js",
      "serve",
      "--fargate",
      "off",
      "--data-dir",
      directory,
      ...flags,
    ]);
    try {
      const alone = await measure(echo, key);
      return [
        { name: "the companion alone, requests", value: alone.perSecond, unit: "/s" },
        figure("passed on by berth dev, as they came", await measure(dev, key), alone),
        figure("passed on by berth serve, checked and signed again", await measure(serve, key), alone),
        await besideSilence(key),
      ];
    } finally {
      await dev.stop();
      await serve.stop();
    }
  } finally {
    await echo.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function createKey(directory: string): BenchKey {
  const argv = ["src/cli/berth.js", "keys", "create", "--data-dir", directory, "--account", "123456789012", "--json"];
  return JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" })) as BenchKey;
}

type Measured = { readonly perSecond: number; readonly cpuMicroseconds: number };

async function measure({ first, pid }: StartedChild, key: BenchKey): Promise<Measured> {
  const port = first.port as number;
  const request = await signedRequest(port, target, body, key, { service: "dynamodb" });
  await load(port, [request], { connections, seconds: 1 });
  const before = cpuMs(pid);
  const { perSecond, requests } = await load(port, [request], { connections, seconds });
  return { perSecond, cpuMicroseconds: ((cpuMs(pid) - before) * 1_000) / requests };
}

function figure(name: string, { perSecond, cpuMicroseconds }: Measured, alone: Measured): Figure {
  const share = `${(perSecond / alone.perSecond).toFixed(2)} of the companion alone`;
  const cpu = `${cpuMicroseconds.toFixed(0)} µs of CPU each, the companion ${alone.cpuMicroseconds.toFixed(0)}`;
  return { name: `${name}, requests`, value: perSecond, unit: "/s", beside: `${share}; ${cpu}` };
}

/** ListClusters while one account's calls wait for a companion that is silent. */
async function besideSilence(key: BenchKey): Promise<Figure> {
  const silent = createServer(() => {});
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const argv = [
    "src/cli/berth.js",
    "dev",
    "--in-memory",
    "--instances",
    "0",
    "--runtime",
    "simulated",
    "--port",
    "0",
    "--json",
  ];
  const berth = await startChild([...argv, "--companion", url]);
  const held: Socket[] = [];
  try {
    const port = berth.first.port as number;
    const small = await signedRequest(port, "ListClusters", {}, key);
    const before = (await load(port, [small], { connections, seconds })).perSecond;
    const passed = await signedRequest(port, target, body, key, { service: "dynamodb" });
    for (let i = 0; i < 300; i++) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(passed);
      held.push(socket);
    }
    const during = (await load(port, [small], { connections, seconds })).perSecond;
    const beside = `${(during / before).toFixed(2)} of the ${before.toFixed(0)}/s without them`;
    return { name: "ListClusters while 300 calls wait for a silent companion", value: during, unit: "/s", beside };
  } finally {
    for (const socket of held) socket.destroy();
    await berth.stop("SIGKILL");
    silent.closeAllConnections();
    silent.close();
  }
}

if (import.meta.main) printFigures(await companionFigures());
