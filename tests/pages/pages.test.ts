/**
 * The commands of the README and of docs/: each page's `sh` blocks, in order, in one shell and its own directory, with a server
 * that nothing else uses. Blocks with the comment `<!-- run with Docker -->` run by themselves if an engine answers. A block that
 * cannot run here has a comment before it, `<!-- not run: reason -->`.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { describe, test } from "node:test";
import { must } from "../../src/lib/assert.ts";
import { startBerth } from "../berth-process.ts";
import { findTool, skipReason } from "../conformance/foreign-tool.ts";
import { DockerHost, whyNoDocker } from "../docker/docker-host.ts";
import { type Block, blocksOf, root } from "./page-blocks.ts";
import { changesNetwork, runInShell } from "./page-shell.ts";

const tool = findTool("The AWS CLI", ["/usr/bin/aws", "aws"], ["--version"]);
const skip = skipReason(tool);
const noDocker = await whyNoDocker();

/** What a page takes for granted. */
const before: Readonly<Record<string, string>> = {
  "docs/services.md": "define web",
  "docs/placement.md": "define web",
  "docs/berth-api.md": "define web",
  // A server that has a cluster and a task definition, and was stopped.
  "docs/agents.md": `berth keys create --data-dir /var/lib/berth
ADMIN_KEY_ID=$(newest_key_id)
ADMIN_KEY=$(sed -n 's/^AWS_SECRET_ACCESS_KEY=//p' "$PAGE/key")
berth serve --data-dir /var/lib/berth
URL=$(served)
aws ecs create-cluster --cluster-name default
define web
kill "$(tail -n 1 "$PAGE/pids")"
while [ -e "/proc/$(tail -n 1 "$PAGE/pids")" ]; do sleep 0.1; done
`,
};

/** Commands that show that the page's commands did what it says. */
const after: Readonly<Record<string, string>> = {
  "docs/agents.md": `URL=$(served)
aws ecs wait tasks-running --tasks "$(until_listed RUNNING)"`,
};

/** A page whose agents run containers if there is an engine. */
const pagesOfAgents = ["docs/agents.md"];

async function runPage(page: string, blocks: readonly Block[], withDocker: boolean): Promise<void> {
  const ownPage = ["sh", "-c", "hostname > /tmp/index.html; exec httpd -f -p 80 -h /tmp"];
  const host = withDocker ? await DockerHost.open({ command: ownPage }) : null;
  const onDocker = blocks.some((block) => block.withDocker);
  const flags = onDocker ? ["--runtime", "docker"] : ["--time-scale", "20", "--latest-agent-version", "9.9.9"];
  const { listening, end } = await startBerth("dev", ["--in-memory", ...flags]);
  try {
    const { code, output } = await runInShell({
      page,
      blocks,
      aws: must(tool.command, tool.missing),
      url: listening.url,
      image: host?.image ?? null,
      before: before[page] ?? "",
      after: after[page] ?? "",
    });
    assert.equal(code, 0, output.slice(-4_000));
    // curl exits with 0 whatever the answer is.
    assert.doesNotMatch(output, /"__type"/, output.slice(-4_000));
  } finally {
    await end("SIGTERM");
    await host?.close();
  }
}

/** False, or why no block can have its own network here. */
function whyNoNetwork(): string | false {
  const { status } = spawnSync("unshare", ["--net", "iptables", "--table", "nat", "--list"], { stdio: "ignore" });
  return status === 0 ? false : "a private network needs root, util-linux and iptables";
}
const noNetwork = whyNoNetwork();

const pages = ["README.md", ...globSync("docs/*.md", { cwd: root }).sort()];
// Most of the time is spent in waiters of the AWS CLI, which poll every 15 s.
describe("the commands of", { concurrency: 3 }, () => {
  for (const page of pages) {
    const blocks = blocksOf(page, "sh");
    for (const { line, notRun } of blocks) {
      if (notRun !== null) test(`${page}:${line}`, { skip: notRun }, () => {});
    }
    const runs = blocks.filter(({ notRun }) => notRun === null);
    for (const block of runs.filter(({ withDocker }) => withDocker)) {
      test(`${page}:${block.line}`, { skip: skip || noDocker }, () => runPage(page, [block], true));
    }
    const plain = runs.filter((block) => !block.withDocker && !(noNetwork && changesNetwork(block)));
    const usesDocker = pagesOfAgents.includes(page) && noDocker === false;
    if (plain.length > 0) test(`${page}, in order`, { skip }, () => runPage(page, plain, usesDocker));
    for (const { line } of runs.filter((block) => noNetwork && changesNetwork(block))) {
      test(`${page}:${line}`, { skip: noNetwork }, () => {});
    }
  }
});

test("every page that is named here has commands, and most pages are run", () => {
  const withCommands = pages.filter((page) => blocksOf(page, "sh").length > 0);
  for (const page of [...Object.keys(before), ...Object.keys(after), ...pagesOfAgents]) {
    assert.ok(withCommands.includes(page), page);
  }
  const run = withCommands.filter((page) => blocksOf(page, "sh").some(({ notRun }) => notRun === null));
  assert.ok(run.length >= 10, run.join(", "));
  assert.ok(blocksOf("README.md", "sh").filter(({ notRun }) => notRun === null).length >= 5);
});
