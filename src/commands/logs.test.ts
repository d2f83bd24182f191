import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Clock, Timer } from "../lib/clock.ts";
import type { ApiClient } from "./api-client.ts";
import { CallFailedError } from "./call-failed-error.ts";
import { parseFlags, UsageError } from "./flags/flags.ts";
import { LogPrinter } from "./logs/log-printer.ts";
import { LogFinder } from "./logs/logged-containers.ts";
import { followLogs, type LogLine, readLogs } from "./logs/read-logs.ts";
import { logsCommand, logsQuestion } from "./logs.ts";

const now = 1_800_000_000_000;
const question = (...argv: readonly string[]) => logsQuestion(parseFlags(logsCommand, argv), now);

test("the command line names one word, and times ago or dates", () => {
  const all = { word: "web", container: null, since: null, until: null, isFollowed: false };
  assert.deepEqual(question("web"), all);
  assert.deepEqual(question("web", "--since", "1h30m", "--follow"), {
    ...all,
    since: now - 5_400_000,
    isFollowed: true,
  });
  assert.deepEqual(question("web", "--since", "2026-11-28T15:00Z", "--until", "2m", "--container", "app"), {
    ...all,
    container: "app",
    since: Date.UTC(2026, 10, 28, 15),
    until: now - 120_000,
  });
  for (const [argv, text] of [
    [[], /Whose logs\?/],
    [["a", "b"], /Whose logs\?/],
    [["a", "--since", "soon"], /--since must be how long ago/],
    [["a", "--since", "1m", "--until", "2m"], /--since must be before --until/],
    [["a", "--follow", "--until", "1m"], /exclude each other/],
  ] as const) {
    assert.throws(
      () => question(...argv),
      (error: Error) => error instanceof UsageError && text.test(error.message),
    );
  }
});

const refused = (code: string) => new CallFailedError(`It is not there. (${code})`, { mayPass: false });
const taskArn = (id: string): string => `arn:aws:ecs:us-east-1:000000000000:task/default/${id}`;
const [first, second] = ["1".repeat(32), "2".repeat(32)] as const;

/** A control plane with streams, of which each call gives two events at most. */
class SmallPlane {
  tasks: { id: string; lastStatus: string; createdAt: number }[] = [{ id: first, lastStatus: "RUNNING", createdAt: 1 }];
  readonly services = new Set<string>();
  containerDefinitions: object[] = [this.logging("app")];
  readonly streams = new Map<string, LogEvent[]>();
  readonly regions: (string | undefined)[] = [];
  /** Called before each look at a stream. */
  beforeRead: () => void = () => {};

  logging(name: string, options: object = { "awslogs-stream-prefix": "web" }): object {
    return {
      name,
      logConfiguration: {
        logDriver: "awslogs",
        options: { "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", ...options },
      },
    };
  }

  readonly api: ApiClient = {
    ecs: async (operation, request) => this.#ecs(operation, request as never),
    logs: async (_operation, request, region) => this.#logs(request as never, region),
    berth: () => assert.fail("not used"),
    secrets: () => assert.fail("not used"),
    close: () => {},
  };

  find = (word: string, container: string | null = null) =>
    new LogFinder(this.api, { word, container, cluster: {} }).find();

  #ecs(operation: string, { serviceName, family, desiredStatus, tasks }: Record<string, string & string[]>): object {
    const shown = this.tasks.filter(({ lastStatus }) => (lastStatus === "STOPPED") === (desiredStatus === "STOPPED"));
    switch (operation) {
      case "ListTasks":
        if (serviceName !== undefined && !this.services.has(serviceName)) throw refused("ServiceNotFoundException");
        return { taskArns: serviceName !== undefined || family === "web" ? shown.map(({ id }) => taskArn(id)) : [] };
      case "DescribeTasks": {
        const described = this.tasks.filter(({ id }) => tasks?.some((asked) => asked.endsWith(id)));
        const containers = [{ name: "app", runtimeId: "f00d" }];
        return {
          tasks: described.map(({ id, ...task }) => ({
            taskArn: taskArn(id),
            taskDefinitionArn: "d",
            containers,
            ...task,
          })),
        };
      }
      default:
        return { taskDefinition: { containerDefinitions: this.containerDefinitions } };
    }
  }

  #logs(
    {
      logStreamName,
      nextToken = "0",
      startTime = 0,
    }: { logStreamName: string; nextToken?: string; startTime?: number },
    region: string | undefined,
  ): object {
    this.beforeRead();
    this.regions.push(region);
    const all = this.streams.get(logStreamName)?.filter(({ timestamp }) => timestamp >= startTime);
    if (all === undefined) throw refused("ResourceNotFoundException");
    const events = all.slice(Number(nextToken), Number(nextToken) + 2);
    return { events, nextForwardToken: String(Number(nextToken) + events.length) };
  }
}

type LogEvent = { readonly timestamp: number; readonly message: string };
const at = (timestamp: number): LogEvent => ({ timestamp, message: `m${timestamp}` });

function reading(plane: SmallPlane, lines: LogLine[], clock: Clock = {} as Clock) {
  const show = (more: readonly LogLine[]) => void lines.push(...more);
  return {
    api: plane.api,
    find: () => plane.find("web"),
    since: null,
    until: null,
    clock,
    signal: new AbortController().signal,
    show,
  };
}

test("a word is a task, then a service, then a family; streams follow from the log options", async () => {
  const plane = new SmallPlane();
  const byTask = await plane.find(first);
  assert.deepEqual(byTask.logged, [
    { taskId: first, container: "app", group: "/ecs/web", stream: `web/app/${first}`, region: "eu-west-1" },
  ]);
  assert.deepEqual([await plane.find(taskArn(first)), await plane.find("web")], [byTask, byTask]);
  plane.services.add("front");
  assert.deepEqual(await plane.find("front"), byTask);
  plane.tasks.push({ id: second, lastStatus: "STOPPED", createdAt: 2 });
  assert.deepEqual(
    (await plane.find("web")).logged.map(({ taskId }) => taskId),
    [second, first],
  );
  assert.equal((await plane.find(second)).mayGoOn, false);
  // Without a prefix Docker calls the stream by the container's id.
  plane.containerDefinitions = [
    plane.logging("app", {}),
    { name: "db" },
    { name: "x", logConfiguration: { logDriver: "syslog" } },
  ];
  const { logged, others } = await plane.find(first);
  assert.deepEqual(
    logged.map(({ stream }) => stream),
    ["f00d"],
  );
  assert.deepEqual(
    others.map(({ container }) => container),
    ["db", "x"],
  );
  assert.match(
    others[1]?.advice ?? "",
    /^x has the log driver syslog, so .* register the task definition with awslogs\.$/,
  );
  await assert.rejects(plane.find(first, "no"), /has a container no\. There are: app, db, x\./);
  await assert.rejects(
    plane.find("nothing"),
    /The cluster default has no task nothing, and no tasks of a service .*`aws ecs list-tasks`/,
  );
});

test("lines of all streams are merged by time, whatever their pages", async () => {
  const times = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(times, times, async (a, b) => {
      const plane = new SmallPlane();
      plane.containerDefinitions = [plane.logging("app"), plane.logging("db"), plane.logging("silent")];
      plane.streams.set(`web/app/${first}`, a.sort((x, y) => x - y).map(at));
      plane.streams.set(`web/db/${first}`, b.sort((x, y) => x - y).map(at));
      const lines: LogLine[] = [];
      await readLogs(await plane.find("web"), reading(plane, lines));
      assert.deepEqual(
        lines.map(({ timestamp }) => timestamp),
        [...a, ...b].sort((x, y) => x - y),
      );
      assert.deepEqual([...new Set(plane.regions)], ["eu-west-1"]);
    }),
    { numRuns: 50 },
  );
});

test("a follower sees what comes, the streams of new tasks, and the last line of a task that stops", async () => {
  const plane = new SmallPlane();
  const stream: LogEvent[] = [at(1)];
  plane.streams.set(`web/app/${first}`, stream);
  const lines: LogLine[] = [];
  let time = now;
  let pauses = 0;
  // Time passes while it pauses; things happen at each of its looks.
  const clock = {
    now: () => time,
    setTimer(delayMs: number, fire: () => void): Timer {
      time += delayMs;
      pauses += 1;
      if (pauses === 1) stream.push(at(2));
      if (pauses === 2) {
        plane.tasks.push({ id: second, lastStatus: "RUNNING", createdAt: 2 });
        plane.streams.set(`web/app/${second}`, [at(3)]);
      }
      if (pauses === 8) {
        stream.push(at(4));
        plane.tasks = [{ id: first, lastStatus: "STOPPED", createdAt: 1 }];
        ended.abort();
      }
      setImmediate(fire);
      return { cancel() {} };
    },
  } as unknown as Clock;
  const ended = new AbortController();
  await followLogs(await plane.find("web"), { ...reading(plane, lines, clock), signal: ended.signal });
  assert.deepEqual(
    lines.map(({ message }) => message),
    ["m1", "m2", "m3"],
  );

  // A single task ends its follower once its last line was read.
  plane.tasks = [{ id: first, lastStatus: "RUNNING", createdAt: 1 }];
  const ofTask: LogLine[] = [];
  pauses = 100;
  plane.beforeRead = () => {
    if (pauses !== 103) return;
    pauses = 200;
    stream.push(at(5));
    plane.tasks = [{ id: first, lastStatus: "STOPPED", createdAt: 1 }];
  };
  await followLogs(await plane.find(first), { ...reading(plane, ofTask, clock), find: () => plane.find(first) });
  assert.deepEqual(
    ofTask.map(({ message }) => message),
    ["m1", "m2", "m4", "m5"],
  );
});

test("lines say who wrote them; colours are for terminals, JSON is for programs", () => {
  const line = {
    taskId: first,
    container: "app",
    group: "g",
    stream: "s",
    region: null,
    timestamp: now,
    message: "one\ntwo\n",
  };
  const printed = (options: object): string => {
    const written: string[] = [];
    const plain = {
      write: (text: string) => void written.push(text),
      isJson: false,
      timestamps: false,
      isColoured: false,
      isNamed: false,
    };
    new LogPrinter({ ...plain, ...options }).show([line]);
    return written.join("");
  };
  assert.equal(printed({}), "one\ntwo\n");
  assert.equal(printed({ isNamed: true }), "11111111/app | one\n11111111/app | two\n");
  assert.equal(printed({ timestamps: true }), "2027-01-15T08:00:00.000Z one\n2027-01-15T08:00:00.000Z two\n");
  assert.equal(printed({ isNamed: true, isColoured: true }).split("\n")[0], "\u001b[36m11111111/app | \u001b[0mone");
  assert.deepEqual(JSON.parse(printed({ isJson: true })), {
    timestamp: now,
    taskId: first,
    container: "app",
    logGroup: "g",
    logStream: "s",
    message: "one\ntwo\n",
  });
});
