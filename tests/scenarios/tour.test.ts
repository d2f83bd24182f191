/** `npm run tour` is what a newcomer runs second: it must hold on every commit. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { whyNoDocker } from "../docker/docker-host.ts";

test("the tour goes through, step by step, and says so", { timeout: 120_000 }, async () => {
  const root = join(import.meta.dirname, "../..");
  const tour = spawn(process.execPath, ["src/cli/tour.ts"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [tour.stdout, tour.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const [code] = (await once(tour, "close")) as [number | null];
  assert.equal(code, 0, output);
  assert.match(output, /\d+ steps in [\d.]+ s, all as expected\./);
  // With an engine the container is a real one, and without it the tour says so.
  assert.match(output, (await whyNoDocker()) === false ? /✓ the container answers over HTTP/ : /- skipped: /);
});
