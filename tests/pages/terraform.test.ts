/**
 * The provider of docs/using-berth.md as Terraform reads it. Planning needs the AWS provider, which only Terraform's registry
 * has. The calls that it makes are those of tests/conformance/references.test.ts.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { must } from "../../src/lib/assert.ts";
import { findTool } from "../conformance/foreign-tool.ts";
import { blocksOf } from "./page-blocks.ts";

const tool = findTool("Terraform", ["terraform", "tofu"], ["version"], null);
// Neither Debian nor npm has it, so a pipeline may lack it too.
const skip = tool.command === null && tool.missing;

test("Terraform reads the snippet of docs/using-berth.md, and would format it the same way", { skip }, () => {
  const { text } = must(blocksOf("docs/using-berth.md", "hcl")[0], "the snippet");
  const argv = ["fmt", "-check", "-diff", "-no-color", "-"];
  const { status, stdout, stderr } = spawnSync(must(tool.command, tool.missing), argv, {
    input: text,
    encoding: "utf8",
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
});
