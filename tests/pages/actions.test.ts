/**
 * The steps of docs/using-berth.md for GitHub Actions, run in order like a runner: each `run` is a script of its own for `bash
 * -e`, and what it leaves running stays for the next. The job has its own network and processes, so that port 4280 is free and
 * nothing is left.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { must } from "../../src/lib/assert.ts";
import { findTool, skipReason } from "../conformance/foreign-tool.ts";
import { blocksOf, root } from "./page-blocks.ts";

type Step = {
  readonly uses?: string;
  readonly with?: { readonly path?: string };
  readonly run?: string;
  readonly "working-directory"?: string;
  readonly env?: Readonly<Record<string, string>>;
};

const yaml = findTool("python3-yaml", ["/usr/bin/python3", "python3"], ["-c", "import yaml"], "python3-yaml");
const apart = ["--net", "--pid", "--fork", "--kill-child"];
const ownNetwork = ["unshare", ...apart, "bash", "-euc", 'ip link set lo up; exec "$@"', "job"] as const;
const canUnshare = spawnSync(ownNetwork[0], [...ownNetwork.slice(1), "true"], { stdio: "ignore" }).status === 0;
const skip = skipReason(yaml) || (!canUnshare && "a private network needs root, util-linux and iproute2");

/** LIMIT: `npm ci` unpacks a hundred packages, on a busy machine in a minute. */
const jobTimeoutMs = 300_000;

/** A stand-in for a user's tests: they reach Berth by their environment alone. */
const usersTest = `import { createRequire } from "node:module";
const { ECS } = createRequire(new URL("berth/package.json", import.meta.url))("@aws-sdk/client-ecs");
const { containerInstanceArns } = await new ECS({}).listContainerInstances({});
console.log("instances", containerInstanceArns.length);
`;

function stepsOf(text: string): readonly Step[] {
  const program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))";
  const json = execFileSync(must(yaml.command, yaml.missing), ["-c", program], { input: text, encoding: "utf8" });
  return (JSON.parse(json) as { readonly steps: readonly Step[] }).steps;
}

/** What actions/checkout would fetch of this repository: every file that git knows or would add. */
function checkOut(folder: string): void {
  const argv = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const files = execFileSync("git", argv, { cwd: root, encoding: "utf8" }).split("\0");
  for (const file of files.filter((each) => each !== "")) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { force: true });
  }
}

/** The job as one script. `workspace` is where its steps begin. */
function jobOf(steps: readonly Step[], workspace: string): string {
  const lines = steps.map((step, at) => {
    if (step.run === undefined) {
      assert.equal(step.uses, "actions/checkout@v4");
      checkOut(join(workspace, step.with?.path ?? ""));
      return "";
    }
    const script = join(workspace, `step-${at}.sh`);
    writeFileSync(script, step.run);
    const env = Object.entries(step.env ?? {}).map(([name, value]) => `${name}='${value}'`);
    return `(cd '${join(workspace, step["working-directory"] ?? "")}' && env ${env.join(" ")} bash -e '${script}')`;
  });
  return lines.join("\n");
}

test("the steps of docs/using-berth.md for GitHub Actions work in order", { skip }, (context) => {
  const workspace = mkdtempSync(join(tmpdir(), "berth-actions-"));
  context.after(() => rmSync(workspace, { recursive: true, force: true }));
  writeFileSync(join(workspace, "package.json"), JSON.stringify({ scripts: { test: "node users.test.mjs" } }));
  writeFileSync(join(workspace, "users.test.mjs"), usersTest);
  const { text } = must(blocksOf("docs/using-berth.md", "yaml")[1], "the snippet");
  const job = jobOf(stepsOf(text), workspace);
  const [program, ...argv] = [...ownNetwork, "bash", "-euc", job];
  const { status, stdout, stderr } = spawnSync(program, argv, {
    encoding: "utf8",
    timeout: jobTimeoutMs,
    // The packages come from npm's cache, which installing this checkout has filled.
    env: { PATH: process.env.PATH, HOME: homedir(), npm_config_offline: "true", npm_config_update_notifier: "false" },
  });
  if (stderr.includes("ENOTCACHED")) {
    context.skip("npm's cache lacks a package, and tests use no network");
    return;
  }
  assert.equal(status, 0, `${stdout}${stderr}`.slice(-4_000));
  assert.match(stdout, /^instances 3$/m);
});
