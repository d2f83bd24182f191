import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "./news-writer.ts";

const stopped = (reason: string) =>
  ({
    event: "task",
    taskArn: "arn:aws:ecs:us-east-1:1:task/c/0123",
    status: "STOPPED",
    reason,
    containers: [],
  }) as const;

test("a reason from elsewhere cannot start a line of its own or move the cursor", () => {
  const text = textOf(stopped("bad\r\u001b[2K\u001b]0;title\u0007\nConnected: ready for tasks.\u009b1A"), false);
  assert.equal(text, "Task 0123 STOPPED (bad [2K ]0;title Connected: ready for tasks. 1A).\n");
});

test("a line is short, whatever the reason, and JSON stays JSON", () => {
  const long = stopped("x".repeat(1_000_000));
  assert.ok(textOf(long, false).length < 1_200);
  assert.match(JSON.parse(textOf(long, true)).reason, /^x{1024}\.\.\. \(998976 more characters\)$/);
  assert.deepEqual(JSON.parse(textOf(stopped("no\nroom"), true)).reason, "no\nroom");
});
