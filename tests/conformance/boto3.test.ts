/** The life of container instances and tasks through boto3: `boto3-life.py` asserts it and prints a line per step. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { must } from "../../src/lib/assert.ts";
import { type BerthProcess, startBerth } from "../berth-process.ts";
import { findTool, runTool, skipReason } from "./foreign-tool.ts";

const tool = findTool("boto3", ["/usr/bin/python3", "python3"], ["-c", "import boto3"]);
const skip = skipReason(tool);
const script = fileURLToPath(new URL("boto3-life.py", import.meta.url));

let berth: BerthProcess;
before(async () => {
  if (skip === false) berth = await startBerth("dev", ["--in-memory", "--instances", "1"]);
});
after(() => berth?.end("SIGKILL"));

test("boto3: the whole life", { skip }, async () => {
  const { code, out, err } = await runTool(must(tool.command, tool.missing), [script], berth.listening.url);
  assert.equal(code, 0, `${out}\n${err}`);
  assert.match(out, /all as expected\n$/);
});
