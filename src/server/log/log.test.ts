import assert from "node:assert/strict";
import { test } from "node:test";
import { openLog } from "./log.ts";

test("fields with the name of a secret are not written", () => {
  const lines: string[] = [];
  const log = openLog("info", { write: (line) => lines.push(line) });
  const headers = { authorization: "AWS4 TOP", host: "x" };
  const key = { secret: "TOP", sealedSecret: "TOP", secretAccessKey: "TOP" };
  log.write("call-failed", { headers, request: { headers }, key, secret: "TOP", operation: "RunTask" });
  log.write("call-answered", { operation: "RunTask" });
  assert.equal(lines.length, 1);
  const line = lines[0] ?? "";
  assert.doesNotMatch(line, /TOP/);
  const { time, ...rest } = JSON.parse(line);
  assert.ok(Date.parse(time) > 0);
  assert.deepEqual(
    [rest.level, rest.event, rest.msg, rest.operation, rest.headers.host],
    ["error", "call-failed", "A call failed.", "RunTask", "x"],
  );
});

test("a cause that comes 100,000 times becomes some lines and a count, whatever its fields are", async () => {
  const lines: string[] = [];
  const log = openLog("info", { write: (line) => lines.push(line) });
  for (let call = 0; call < 100_000; call++) {
    const url = `/acs?made-up=${call}\n{"level":"error"}${"x".repeat(2_000)}`;
    log.write("agent-refused", { type: "AccessDeniedException", url });
  }
  log.write("call-failed", { err: new Error("bug") });
  await log.flush(0);
  assert.equal(lines.length, 62);
  assert.ok(lines.every((line) => line.length < 2_000 && line.indexOf("\n") === line.length - 1));
  assert.deepEqual(JSON.parse(lines[60] ?? "").event, "call-failed");
  const { event, msg, lines: leftOut, kind } = JSON.parse(lines[61] ?? "");
  assert.deepEqual(
    [event, msg, leftOut, kind],
    ["agent-refused", "An agent was refused. (left out)", 99_940, "AccessDeniedException"],
  );
});

test("setting a machine's clock ahead gives a cause no more lines", async (t) => {
  const lines: string[] = [];
  const log = openLog("info", { write: (line) => lines.push(line) });
  const refuse = (times: number) => {
    for (let made = 0; made < times; made++) log.write("agent-refused", {});
  };
  refuse(60);
  const later = Date.now() + 3_600_000;
  t.mock.method(Date, "now", () => later);
  refuse(60);
  assert.equal(lines.length, 60);
  await log.flush(0);
});
