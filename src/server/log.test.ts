import assert from "node:assert/strict";
import { test } from "node:test";
import { openLog } from "./log.ts";

test("what carries the name of a secret is not written", () => {
  const lines: string[] = [];
  const log = openLog("info", { write: (line) => lines.push(line) });
  const headers = { authorization: "AWS4 TOP", host: "x" };
  const key = { secret: "TOP", sealedSecret: "TOP", secretAccessKey: "TOP" };
  log.write("error", { headers, request: { headers }, key, secret: "TOP", operation: "RunTask" }, "A call failed.");
  log.write("debug", { operation: "RunTask" }, "A call was answered.");
  assert.equal(lines.length, 1);
  const line = lines[0] ?? "";
  assert.doesNotMatch(line, /TOP/);
  const { time, ...rest } = JSON.parse(line);
  assert.ok(Date.parse(time) > 0);
  assert.deepEqual(
    [rest.level, rest.msg, rest.operation, rest.headers.host],
    ["error", "A call failed.", "RunTask", "x"],
  );
});
