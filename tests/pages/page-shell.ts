/** The shell that the commands of a page run in: the names that a page takes for granted, and values for its placeholders. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { berthMain } from "../berth-process.ts";
import type { Block } from "./page-blocks.ts";

export type PageOptions = {
  readonly page: string;
  readonly blocks: readonly Block[];
  /** The AWS CLI. */
  readonly aws: string;
  /** Where the `berth dev` of the page listens. */
  readonly url: string;
  /** An image that serves a page on port 80. Null if the agents of the page run no containers. */
  readonly image: string | null;
  /** Shell before and after the commands of the page. */
  readonly before?: string;
  readonly after?: string;
};

export type PageOutcome = { readonly code: number | null; readonly output: string };

/** Shell for something that only a run knows. */
const placeholders: readonly (readonly [RegExp, string])[] = [
  [/\bINSTANCE_ARN\b/g, '"$(instance 0)"'],
  [/\bINSTANCE\b|\bi-0abc\b/g, '"$(instance 0)"'],
  [/\bi-0def\b/g, '"$(instance 1)"'],
  [/\bAWS_ACCESS_KEY_ID=\.\.\. AWS_SECRET_ACCESS_KEY=\.\.\./g, "$(newest_key)"],
  [/\bAKIA\.\.\./g, '"$(newest_key_id)"'],
  [/http:\/\/10\.0\.0\.5:4280/g, '"$(served)"'],
];

/** The older AWS CLI reads no variable for the endpoint, so its function names it. */
const prelude = (aws: string): string => `set -eu
aws() {
  AWS_ACCESS_KEY_ID="\${ADMIN_KEY_ID:-$AWS_ACCESS_KEY_ID}" AWS_SECRET_ACCESS_KEY="\${ADMIN_KEY:-$AWS_SECRET_ACCESS_KEY}" \\
    ${aws} --endpoint-url "$URL" "$@"
}
ecs() { aws ecs "$@"; }
define() {
  aws ecs register-task-definition --family "$1" --container-definitions \\
    "[{\\"name\\":\\"$NAME\\",\\"image\\":\\"$IMAGE\\",\\"memory\\":64}]"
}
sudo() {
  if [ "$1" = -E ]; then shift; fi
  "$@"
}
served() { cat "$PAGE/served"; }
newest_key() { cat "$PAGE/key"; }
newest_key_id() { sed -n 's/^AWS_ACCESS_KEY_ID=//p' "$PAGE/key"; }
instance() { aws ecs list-container-instances --query "containerInstanceArns[$1]" --output text; }
until_listed() {
  while :; do
    task=$(aws ecs list-tasks --desired-status "$1" --query 'taskArns[0]' --output text)
    if [ "$task" != None ]; then echo "$task"; return; fi
  done
}
host_port() {
  while :; do
    port=$(aws ecs describe-tasks --tasks "$(until_listed RUNNING)" \\
      --query 'tasks[0].containers[0].networkBindings[0].hostPort' --output text)
    if [ "$port" != None ] && curl --silent --output /dev/null "http://127.0.0.1:$port/"; then echo "$port"; return; fi
  done
}
`;

/**
 * `berth` for the page. The directories of a machine are in the folder of the page; a server listens on a free port of loopback.
 * Servers and agents run in the background once they are ready. That a task has no place, or that a drain would not finish, is an
 * answer and not a failure.
 */
const berthScript = `#!/bin/bash
set -u
words=()
for word in "$@"; do
  case "$word" in
    /var/lib/*) word="$PAGE$word" ;;
    0.0.0.0) word=127.0.0.1 ;;
    https://ecs.example.org) word="$URL" ;;
  esac
  words+=("$word")
done
berth() { exec "$NODE" "$MAIN" "\${words[@]}" "$@"; }
beside() {
  local ready="$1"
  shift
  mkdir -p "$PAGE/var/lib"
  # Emptied here, because the process in the background does it later, and the line of the one before would count.
  : >"$PAGE/beside.out"
  berth --json "$@" >"$PAGE/beside.out" 2>"$PAGE/beside.err" &
  echo "$!" >>"$PAGE/pids"
  until grep --quiet "$ready" "$PAGE/beside.out"; do
    if ! kill -0 "$!" 2>"$PAGE/gone"; then cat "$PAGE/beside.out" "$PAGE/beside.err" >&2; exit 1; fi
    sleep 0.1
  done
}
case "\${1:-} \${2:-}" in
  "serve "*)
    # All of the address: a line may be read when half of it is written.
    beside '"url":"[^"]*"' --port 0 --fargate simulated
    sed -n 's/.*"url":"\\([^"]*\\)".*/\\1/p' "$PAGE/beside.out" >"$PAGE/served"
    ;;
  "agent "*)
    if [ "$WITH_DOCKER" = yes ]; then runtime=(--pull-behavior prefer-cached); else runtime=(--runtime simulated); fi
    beside '"connected"' --data-dir "$PAGE/var/lib/berth-agent" "\${runtime[@]}"
    ;;
  "keys create" | "keys rotate") (berth) | tee "$PAGE/key" ; exit "\${PIPESTATUS[0]}" ;;
  *)
    code=0
    (berth) || code=$?
    case " $* " in *" explain "*|*" --plan "*) [ "$code" -ne 1 ] || code=0 ;; esac
    exit "$code"
    ;;
esac
`;

/** Packet rules apply to the whole machine, so such a block gets its own network. */
export const changesNetwork = ({ text }: Block): boolean => /^iptables /m.test(text);

/** Runs the blocks of a page in order, in one shell and its own directory, and ends what they have left running. */
export async function runInShell(options: PageOptions): Promise<PageOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "berth-page-"));
  try {
    writeFileSync(join(folder, "berth"), berthScript, { mode: 0o755 });
    return await runScript(folder, scriptOf(options), options);
  } finally {
    for (const pid of linesOf(join(folder, "pids"))) end(Number(pid));
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function scriptOf({ page, blocks, aws, url, before = "", after = "" }: PageOptions): string {
  const commands = blocks.map((block) => {
    const known = block.text.replaceAll("http://127.0.0.1:4280", url);
    const filled = [...placeholders, ...taskPlaceholders(block)].reduce(
      (code, [name, shell]) => code.replaceAll(name, shell),
      known,
    );
    const code = changesNetwork(block) ? `unshare --net bash -eu <<'BLOCK'\n${filled}BLOCK\n` : filled;
    return `echo "# ${page}:${block.line}" >&2\n${code}`;
  });
  return [prelude(aws), before, ...commands, after].join("\n");
}

/** With Docker a task runs until it is stopped, and has a family and an image that no other test has. */
const taskPlaceholders = ({ withDocker }: Block): typeof placeholders =>
  withDocker
    ? [
        [/\bTASK_ARN\b/g, '"$(until_listed RUNNING)"'],
        [/\bHOST_PORT\b/g, '"$(host_port)"'],
        [/"nginx"/g, `"'"$IMAGE"'"`],
      ]
    : [[/\bTASK_ARN\b/g, '"$(until_listed STOPPED)"']];

async function runScript(folder: string, script: string, { url, image }: PageOptions): Promise<PageOutcome> {
  const child = spawn("bash", ["-c", script], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      HOME: folder,
      PAGE: folder,
      NODE: process.execPath,
      MAIN: berthMain,
      URL: url,
      IMAGE: image ?? "web",
      // The name of a container is in its label, by which it is removed.
      NAME: image?.replace(/^.*:/, "") ?? "app",
      WITH_DOCKER: image === null ? "no" : "yes",
      ...(process.env.BERTH_TEST_FILE && { BERTH_TEST_FILE: process.env.BERTH_TEST_FILE }),
      ...(process.env.DOCKER_HOST && { DOCKER_HOST: process.env.DOCKER_HOST }),
      AWS_ENDPOINT_URL_ECS: url,
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
  const [code] = await once(child, "exit");
  return { code, output };
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").trim().split("\n");
  } catch {
    return [];
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
