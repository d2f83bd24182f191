/**
 * The commands of the README and of docs/: each page's `sh` blocks, in order, in one shell and a directory of its own, beside a server
 * that nothing else uses. A block that cannot run here has a comment before it, `<!-- not run: reason -->`.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { must } from "../../src/lib/assert.ts";
import { berthMain, startBerth } from "../berth-process.ts";
import { findTool, skipReason } from "./foreign-tool.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tool = findTool("The AWS CLI", ["/usr/bin/aws", "aws"], ["--version"]);
const skip = skipReason(tool);

/** Pages whose commands start servers and agents for good, or need machines and keys of their own: other tests run those. */
const pagesOfOthers = ["docs/agents.md", "docs/benchmarks.md", "docs/security.md"];

/** What a page takes for granted. */
const before: Readonly<Record<string, string>> = {
  "docs/services.md": "define web",
  "docs/placement.md": "define web",
  "docs/berth-api.md": "define web",
};

/** What stands for something that only a run knows, as shell. */
const placeholders: readonly (readonly [RegExp, string])[] = [
  [/\bINSTANCE_ARN\b/g, '"$(instance 0)"'],
  [/\bINSTANCE\b|\bi-0abc\b/g, '"$(instance 0)"'],
  [/\bi-0def\b/g, '"$(instance 1)"'],
  [/\bTASK_ARN\b/g, '"$(stopped_task)"'],
];

type Block = { readonly line: number; readonly text: string; readonly notRun: string | null };

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  const blocks = text.matchAll(/(?:^ *<!-- not run: (.*) -->\n\n?)?^( *)```sh\n([\s\S]*?)^ *```$/gm);
  return [...blocks].map(({ index, 1: notRun = null, 2: indent = "", 3: code = "" }) => ({
    line: text.slice(0, index).split("\n").length,
    text: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    notRun,
  }));
}

/** The shell that a page's commands run in. The older AWS CLI reads no variable for the endpoint, so that its function names it. */
const prelude = (command: string): string => `set -eu
aws() { ${command} --endpoint-url "$URL" "$@"; }
define() { aws ecs register-task-definition --family "$1" --container-definitions '[{"name":"app","image":"web","memory":64}]'; }
instance() { aws ecs list-container-instances --query "containerInstanceArns[$1]" --output text; }
stopped_task() {
  while :; do
    task=$(aws ecs list-tasks --desired-status STOPPED --query 'taskArns[0]' --output text)
    if [ "$task" != None ]; then echo "$task"; return; fi
  done
}
`;

/** `./berth` of the page: that a task has no place, or that a drain would not finish, is an answer and no failure. */
const berthScript = `#!/bin/sh
code=0
"${process.execPath}" "${berthMain}" "$@" || code=$?
case " $* " in *" explain "*|*" --plan "*) [ "$code" -ne 1 ] || code=0 ;; esac
exit "$code"
`;

async function runPage(page: string, blocks: readonly Block[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "berth-page-"));
  const flags = ["--in-memory", "--time-scale", "20", "--latest-agent-version", "9.9.9"];
  const { listening, end } = await startBerth("dev", flags);
  try {
    writeFileSync(join(folder, "berth"), berthScript, { mode: 0o755 });
    const commands = blocks.map(({ line, text }) => {
      const known = text.replaceAll("http://127.0.0.1:4280", listening.url);
      const filled = placeholders.reduce((code, [name, shell]) => code.replaceAll(name, shell), known);
      return `echo "# ${page}:${line}" >&2\n${filled}`;
    });
    const script = [prelude(must(tool.command, tool.missing)), before[page] ?? "", ...commands].join("\n");
    const child = spawn("bash", ["-c", script], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        HOME: folder,
        URL: listening.url,
        ...(process.env.BERTH_TEST_FILE && { BERTH_TEST_FILE: process.env.BERTH_TEST_FILE }),
        AWS_ENDPOINT_URL_ECS: listening.url,
        AWS_ACCESS_KEY_ID: "berth",
        AWS_SECRET_ACCESS_KEY: "berth",
        AWS_REGION: "us-east-1",
        AWS_DEFAULT_REGION: "us-east-1",
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_PAGER: "",
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    const [code] = await once(child, "close");
    assert.equal(code, 0, output.slice(-4_000));
    // curl ends with 0 whatever the answer is.
    assert.doesNotMatch(output, /"__type"/, output.slice(-4_000));
  } finally {
    await end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

const pages = ["README.md", ...globSync("docs/*.md", { cwd: root }).sort()];
for (const page of pages.filter((each) => !pagesOfOthers.includes(each))) {
  const blocks = blocksOf(page);
  const runs = blocks.filter(({ notRun }) => notRun === null);
  if (runs.length > 0) test(`the commands of ${page} work in order`, { skip }, () => runPage(page, runs));
  for (const { line, notRun } of blocks) {
    if (notRun !== null) test(`the commands of ${page}:${line}`, { skip: notRun }, () => {});
  }
}

test("every page with commands is run or named here", () => {
  const withCommands = pages.filter((page) => blocksOf(page).length > 0);
  for (const page of [...pagesOfOthers, ...Object.keys(before)]) assert.ok(withCommands.includes(page), page);
  assert.ok(blocksOf("README.md").filter(({ notRun }) => notRun === null).length >= 5);
});
