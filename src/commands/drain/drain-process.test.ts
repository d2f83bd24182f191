/** `berth drain` as a user sees it, with a control plane that gives each test's answers. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../cli/berth.js", import.meta.url));
const arn = "arn:aws:ecs:us-east-1:000000000000:container-instance/default/0123456789abcdef0123456789abcdef";

type Answers = Readonly<Record<string, (request: Record<string, unknown>) => object>>;
type Run = {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; output: string; errors: string }>;
};

/** Starts a control plane that knows the instance i-1, and returns a function that runs `berth drain` against it. */
async function world(context: TestContext, answers: Answers) {
  const calls: [operation: string, request: Record<string, unknown>][] = [];
  const instance = { containerInstanceArn: arn, ec2InstanceId: "i-1", status: "ACTIVE" };
  const all: Answers = {
    ListContainerInstances: () => ({ containerInstanceArns: [arn] }),
    DescribeContainerInstances: () => ({ containerInstances: [instance], failures: [] }),
    ...answers,
  };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString("utf8");
    });
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
      const asked = JSON.parse(body) as Record<string, unknown>;
      calls.push([operation, asked]);
      const answer = all[operation];
      if (answer === undefined) response.writeHead(400).end('{"__type":"ClientException","message":"Not that."}');
      else response.end(JSON.stringify(answer(asked)));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const drain = (...argv: readonly string[]): Run => {
    const child = spawn(process.execPath, [main, "drain", ...argv, "--endpoint", endpoint]);
    context.after(() => child.kill("SIGKILL"));
    let [output, errors] = ["", ""];
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    return { child, ended: once(child, "close").then(([code]) => ({ code, output, errors })) };
  };
  const named = (operation: string) => calls.filter(([name]) => name === operation).map(([, request]) => request);
  return { drain, named };
}

const drainOf = (tasksRemaining: number, more: object = {}): object => ({
  containerInstanceArn: arn,
  ec2InstanceId: "i-1",
  status: "DRAINING",
  startedAt: Date.now() / 1_000,
  tasksAtStart: 3,
  tasksRemaining,
  remaining: [],
  blockers: [],
  finished: tasksRemaining === 0,
  ...more,
});
const drains = (...all: readonly object[]): object => ({ drains: all, failures: [] });

test("starts, plans and cancels, each with its output and exit code", async (context) => {
  const stays = [{ taskArn: "task/default/abc", containerInstanceArn: arn, reason: "STANDALONE" }];
  const plan = { containerInstances: [arn], moves: [], stops: [], blockers: [], stays, finishes: false };
  const { drain, named } = await world(context, {
    StartDrain: () => drains(drainOf(3)),
    PlanDrain: () => plan,
    CancelDrain: () => ({ containerInstances: [], failures: [{ arn, reason: "NOT_DRAINING" }] }),
  });
  const [started, planned, json, cancelled, unknown] = await Promise.all([
    drain("i-1", "--deadline", "10m", "--cluster", "east").ended,
    drain("i-", "--plan").ended,
    drain("i-1", "--plan", "--json").ended,
    drain("i-1", "--cancel").ended,
    drain("i-2").ended,
  ]);
  assert.deepEqual([started.code, started.errors], [0, ""]);
  assert.match(started.output, /^i-1 is DRAINING: 3 tasks to go\.\n`berth drain i-1 --watch` follows/);
  assert.deepEqual(named("StartDrain"), [{ cluster: "east", containerInstances: [arn], deadlineSeconds: 600 }]);
  assert.equal(planned.code, 1);
  assert.match(planned.output, /^i-1\n {2}stays {2}task abc {4}STANDALONE\n\nThe drain would not finish/);
  assert.deepEqual([json.code, JSON.parse(json.output)], [1, plan]);
  assert.deepEqual([cancelled.code, cancelled.errors], [1, "berth: i-1: NOT_DRAINING\n"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.errors, /^berth: There is no container instance i-2 in the cluster default/);
});

test("watches until the drain finishes, which is 0, or time runs out, which is 1", async (context) => {
  let looks = 0;
  const { drain, named } = await world(context, {
    StartDrain: () => drains(drainOf(2)),
    DescribeDrain: () => {
      looks += 1;
      return drains(drainOf(looks < 2 ? 2 : 0));
    },
  });
  const watched = await drain("i-1", "--watch").ended;
  assert.deepEqual([watched.code, watched.errors], [0, ""]);
  assert.match(watched.output, /i-1: 2 of 3 tasks left\n.*i-1: empty\nThe drain is finished\.\n$/);
  assert.equal(named("StartDrain").length, 1);

  const blockers = [{ taskArn: "task/default/abc", reason: "STANDALONE", since: Date.now() / 1_000 }];
  const stuck = await world(context, {
    StartDrain: () => drains(drainOf(1)),
    DescribeDrain: () => drains(drainOf(1, { blockers })),
  });
  const { code, output } = await stuck.drain("i-1", "--watch", "--timeout", "1s", "--json").ended;
  assert.equal(code, 1);
  const lines = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(lines[0].blockers[0].reason, "STANDALONE");
  assert.deepEqual(lines.at(-1), { event: "end", why: "timed-out", unfinished: [arn] });
});

test("Ctrl+C stops watching but not the drain, and a running drain is not restarted", async (context) => {
  const draining = { containerInstanceArn: arn, ec2InstanceId: "i-1", status: "DRAINING" };
  const { drain, named } = await world(context, {
    DescribeContainerInstances: () => ({ containerInstances: [draining], failures: [] }),
    DescribeDrain: () => drains(drainOf(2)),
  });
  const { child, ended } = drain("i-1", "--watch");
  await once(child.stdout ?? assert.fail("no output"), "data");
  child.kill("SIGINT");
  const { code, output } = await ended;
  assert.equal(code, 130);
  assert.match(
    output,
    /The drain goes on without you: `berth drain i-1 --watch` follows it again, --cancel ends it\.\n$/,
  );
  assert.deepEqual([named("StartDrain"), named("CancelDrain")], [[], []]);
});

test("a refused call is reported in one line, with 2", async (context) => {
  const { drain } = await world(context, {});
  assert.deepEqual(await drain("i-1").ended, { code: 2, output: "", errors: "berth: Not that. (ClientException)\n" });
});
