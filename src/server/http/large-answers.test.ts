import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextRound } from "node:timers/promises";
import { LargeAnswers } from "./large-answers.ts";

/** Calls that end when they are told to, and the order in which they began. */
function calls(answers: LargeAnswers) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const call = (name: string, account: string, operation: string): Promise<void> =>
    answers.make(account, operation, () => {
      begun.push(name);
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(name, resolve);
      return promise;
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    for (let i = 0; i < 10; i++) await nextRound();
  };
  return { begun, call, end };
}

test("an account has its share, its operations take turns, and others do not wait behind it", async () => {
  const answers = new LargeAnswers({ total: 3, perAccount: 2 });
  const { begun, call, end } = calls(answers);
  for (const name of ["a1", "a2", "a3", "a4", "a5"]) void call(name, "a", "DescribeTasks");
  void call("list", "a", "ListClusters");
  void call("b1", "b", "DescribeTasks");
  void call("run", "a", "RunTask");
  await end("");
  assert.deepEqual(begun, ["a1", "a2", "run", "b1"]);
  await end("a1");
  await end("a2");
  await end("a3");
  assert.deepEqual(begun.slice(4), ["a3", "list", "a4"]);
  await end("list");
  await end("b1");
  await end("a4");
  assert.deepEqual(begun.slice(7), ["a5"]);
});

test("when making answers takes long, the event loop goes round between them", async () => {
  let now = 0;
  const answers = new LargeAnswers({ total: 100, perAccount: 100 }, () => now);
  let rounds = 0;
  const made: number[] = [];
  const all = Array.from({ length: 5 }, () =>
    answers.make("a", "DescribeTasks", async () => {
      made.push(rounds);
      now += 10;
    }),
  );
  const counting = (async () => {
    for (; made.length < 5; rounds++) await nextRound();
  })();
  await Promise.all(all);
  await counting;
  assert.ok(new Set(made).size >= 4, made.join(" "));
});

test("a call that fails gives its room back", async () => {
  const answers = new LargeAnswers({ total: 1, perAccount: 1 });
  await assert.rejects(
    answers.make("a", "ListTasks", () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.equal(await answers.make("a", "ListTasks", async () => "yes"), "yes");
});
