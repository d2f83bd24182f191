import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ApiClient } from "./api-client.ts";
import { allInstances, candidatesText, resolveInstances } from "./drain/drain-instances.ts";
import { drainCommand, drainQuestion } from "./drain.ts";
import { elapsedText } from "./flags/durations.ts";
import { parseFlags } from "./flags/flags.ts";

const question = (...argv: readonly string[]) => drainQuestion(parseFlags(drainCommand, argv));

describe("the command line", () => {
  test("has one mode, and times as people write them", () => {
    assert.deepEqual(question("i-1", "i-2"), {
      mode: "start",
      references: ["i-1", "i-2"],
      isAll: false,
      deadlineMs: null,
      timeoutMs: null,
      isJson: false,
    });
    const watch = question("i-1", "--watch", "--deadline", "1h30m", "--timeout=90s", "--json");
    assert.deepEqual([watch.mode, watch.deadlineMs, watch.timeoutMs, watch.isJson], ["watch", 5_400_000, 90_000, true]);
    assert.deepEqual([question("i", "--plan").mode, question("i", "--cancel").mode], ["plan", "cancel"]);
  });

  test("is refused when it contradicts itself", () => {
    const wrong: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
      [["i", "--all"], /^--all and i exclude each other/],
      [["i", "--plan", "--watch"], /^--plan and --watch exclude each other/],
      [["i", "--plan", "--deadline", "1m"], /^--deadline is for a drain that starts, not for --plan/],
      [["i", "--cancel", "--deadline", "1m"], /not for --cancel/],
      [["i", "--timeout", "1m"], /^--timeout is for --watch/],
      [["i", "--deadline", "10"], /^--deadline must be a time like 90s, 10m or 1h30m, from 1s to 2d, but is "10"/],
      [["i", "--deadline", "0s"], /must be a time/],
      [["i", "--deadline", "3d"], /must be a time/],
      [["i", "--deadline", "1m x"], /must be a time/],
      [Array.from({ length: 101 }, (_, i) => `i-${i}`), /^At most 100 container instances/],
    ];
    for (const [argv, says] of wrong) assert.throws(() => question(...argv), { name: "UsageError", message: says });
  });

  test("elapsed times look like a clock's", () => {
    assert.deepEqual([0, 42_999, 725_000, 3_723_000, -5].map(elapsedText), [
      "0:00",
      "0:42",
      "12:05",
      "1:02:03",
      "0:00",
    ]);
  });
});

describe("instances", () => {
  const arn = (id: string): string => `arn:aws:ecs:us-east-1:000000000000:container-instance/east/${id}`;
  const id = (n: number): string => n.toString(16).padStart(4, "0").padEnd(32, "f");
  /** 250 of them: with EC2 ids i-0000 and so on, except the first, which is external. */
  const all = Array.from({ length: 250 }, (_, n) => ({
    containerInstanceArn: arn(id(n)),
    ...(n === 0 ? {} : { ec2InstanceId: `i-${String(n).padStart(4, "0")}` }),
    status: "ACTIVE",
  }));
  const asked: string[] = [];
  const api: ApiClient = {
    async ecs(operation, request) {
      asked.push(operation);
      const {
        cluster,
        nextToken,
        containerInstances = [],
      } = request as {
        readonly cluster?: string;
        readonly nextToken?: string;
        readonly containerInstances?: readonly string[];
      };
      assert.equal(cluster, "east");
      if (operation === "ListContainerInstances") {
        const from = Number(nextToken ?? 0);
        const containerInstanceArns = all.slice(from, from + 100).map((each) => each.containerInstanceArn);
        return { containerInstanceArns, ...(from + 100 < all.length ? { nextToken: String(from + 100) } : {}) };
      }
      assert.ok(containerInstances.length <= 100);
      const found = all.filter(({ containerInstanceArn: known }) =>
        containerInstances.some((asked) => asked === known || known.endsWith(`/${asked}`)),
      );
      return { containerInstances: found, failures: [] };
    },
    berth: () => assert.fail("not used"),
    logs: () => assert.fail("not used"),
    secrets: () => assert.fail("not used"),
    close: () => {},
  };
  const resolve = async (...references: readonly string[]) => {
    asked.length = 0;
    const found = await resolveInstances(api, { cluster: "east" }, references);
    return found.map(({ name }) => name);
  };

  test("are found by id, ARN, EC2 id or an id's prefix; each once, in order", async () => {
    assert.deepEqual(await resolve("i-0249", arn(id(2)), id(3), "i-0002", "00f0"), [
      "i-0249",
      "i-0002",
      "i-0003",
      "i-0240",
    ]);
    assert.deepEqual(await resolve(id(0)), [id(0)]);
    assert.deepEqual(asked, ["DescribeContainerInstances"], "whole ids need no list");
  });

  test("are listed for a user who named none, as many as a screen shows", async () => {
    const text = candidatesText(await allInstances(api, { cluster: "east" }));
    const lines = text.split("\n");
    assert.equal(lines.length, 22);
    assert.match(lines[2] ?? "", /^ {2}i-0001 +ACTIVE {2}0 tasks$/);
    assert.equal(lines.at(-1), "  and 230 more");
    assert.equal(candidatesText([]), " The cluster has none.");
  });

  test("are not guessed", async () => {
    await assert.rejects(
      resolve("i-000"),
      /^UsageError: i-000 could be 9 container instances: i-0001, i-0002, i-0003, i-0004, i-0005 and 4 more\.$/,
    );
    await assert.rejects(resolve("i-9"), /There is no container instance i-9 in the cluster east/);
    await assert.rejects(resolve("i-0001", "e".repeat(32)), /There is no container instance e{32}/);
  });
});
