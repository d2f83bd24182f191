/** `npm run tour` is what a newcomer runs second: it must hold on every commit. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { whyNoDocker } from "../docker/docker-host.ts";

test("the tour succeeds, step by step, and says so", { timeout: 120_000 }, async () => {
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
  // A task definition for AWS runs with all that it names, or stops for AWS's reason. A rollout keeps its promises, a failed one rolls back, a shortage is explained with figures, a drain comes to its end.
  const told = [
    /✓ a task definition written for AWS runs unchanged/,
    /\$ \.\/berth logs tour-stack\n.*\n +STAGE=production\n +DB_PASSWORD=\n/,
    /ResourceInitializationError: [^✓]*ResourceNotFoundException: .*\n +Berth's log: Store the value with `berth secrets import`/,
    /✓ UpdateService to another revision: .*\(never fewer than 6 RUNNING\)/,
    /deployment failed: tasks failed to start\.\n.*rolling back to deployment ecs-svc\/\d{19}\./,
    /ROLLBACK_SUCCESSFUL: .*circuit breaker.*\n.*CannotPullContainerError/,
    /was unable to place a task .*\n?.*\(container-instance [0-9a-f]{8}\)/,
    /\$ \.\/berth explain --service large\n[^$]*RESOURCE:MEMORY {2}\d+ MiB short/,
    /\$ \.\/berth drain i-\w+ --plan\n[^$]*moves {2}web .*replacement first\n[^$]*STANDALONE/,
    /\$ \.\/berth drain i-\w+ --watch .*\n[^$]*blocked: task [0-9a-f]{32} \(STANDALONE\)\n[^$]*The drain is finished\.\n/,
    /\$ \.\/berth drain i-\w+ --cancel\n.* is ACTIVE again\.\n[^$]*is AZ balanced with 2 tasks in us-east-1a, 2 in us-east-1b, and 2\s+in us-east-1c\./,
  ];
  let from = 0;
  for (const each of told) {
    const found = each.exec(output.slice(from));
    assert.ok(found !== null, `${each} is missing after:\n${output.slice(0, from)}\nin:\n${output.slice(from)}`);
    from += found.index + found[0].length;
  }
  // With an engine the containers are real ones, and without it the tour says so.
  const real =
    /✓ the container answers over HTTP[^$]*STAGE=production\n +DB_PASSWORD=hunter2\n +LOG_LEVEL=debug\n +CURRENCY=EUR\n/;
  assert.match(output, (await whyNoDocker()) === false ? real : /- skipped: /);
});
