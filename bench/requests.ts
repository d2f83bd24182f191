/**
 * Requests per second of one server process over keep-alive HTTP with signatures verified, compared with a bare node:http echo.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, printFigures, startChild } from "./figure.ts";
import { load } from "./load.ts";
import { signedRequest } from "./signed-request.ts";

const seconds = 4;
const connections = 32;

export async function requestFigures(): Promise<Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  try {
    const created = execFileSync(
      process.execPath,
      ["src/cli/berth.js", "keys", "create", "--data-dir", dataDir, "--account", "123456789012", "--json"],
      { encoding: "utf8" },
    );
    const key = JSON.parse(created) as { accessKeyId: string; secretAccessKey: string };
    const server = await startChild(["bench/server-under-load.ts", dataDir, "1000"]);
    try {
      return await measure(server.first as { port: number; arns: string[] }, key);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measure(
  { port, arns }: { port: number; arns: string[] },
  key: { accessKeyId: string; secretAccessKey: string },
): Promise<Figure[]> {
  const cases = [
    { operation: "ListContainerInstances", body: {} },
    { operation: "DescribeContainerInstances", body: { containerInstances: arns } },
    { operation: "RunTask", body: { taskDefinition: "bench", count: 10 } },
  ];
  const figures: Figure[] = [];
  for (const { operation, body } of cases) {
    const request = await signedRequest(port, operation, body, key);
    await load(port, [request], { connections, seconds: 1 });
    const ours = await load(port, [request], { connections, seconds });
    const answerBytes = await bytesOfAnswer(port, request);
    const echo = await startChild(["bench/echo-server.ts", String(answerBytes)]);
    const bare = await load(echo.first.port as number, [request], { connections, seconds });
    await echo.stop();
    const ratio = `${(ours.perSecond / bare.perSecond).toFixed(2)} of a bare echo of ${answerBytes} bytes at ${bare.perSecond.toFixed(0)}/s; p50 ${ours.p50Ms.toFixed(1)} ms, p99 ${ours.p99Ms.toFixed(1)} ms`;
    const name = operation === "ListContainerInstances" ? operation : `${operation} of 10`;
    figures.push({ name: `${name}, requests`, value: ours.perSecond, unit: "/s", beside: ratio });
  }
  return figures;
}

async function bytesOfAnswer(port: number, request: Buffer): Promise<number> {
  const text = request.toString("utf8");
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const headers = head
    .split("\r\n")
    .slice(1)
    .map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)])
    .filter(([name]) => name !== "host" && name !== "content-length");
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body });
  return (await response.arrayBuffer()).byteLength;
}

if (import.meta.main) printFigures(await requestFigures());
