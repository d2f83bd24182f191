import { spawn, spawnSync } from "node:child_process";

/** Another project's program that the tests drive. `command` is null if it is not on this machine. */
export type ForeignTool = { readonly command: string | null; readonly missing: string };

/**
 * The first of `commands` that answers `probe` with exit code 0. Debian's own are named by path, because the pipeline installs
 * those and many users have them; another one later in the PATH may be newer. `packages` are Debian's; null if it has none.
 */
export function findTool(
  name: string,
  commands: readonly string[],
  probe: readonly string[],
  packages: string | null = "awscli python3-boto3",
): ForeignTool {
  const command = commands.find((each) => spawnSync(each, probe, { stdio: "ignore" }).status === 0) ?? null;
  const advice = packages === null ? "Debian has no package of it" : `apt-get install ${packages}`;
  return { command, missing: `${name} is not installed (${advice})` };
}

/** Why a test of the tool is skipped, or false. In a pipeline nothing is skipped: the tool must be there. */
export function skipReason({ command, missing }: ForeignTool): string | false {
  return command === null && (process.env.CI ?? "") === "" ? missing : false;
}

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** LIMIT: Python starts slowly, and waiters of these tools poll every six seconds. */
const toolTimeoutMs = 120_000;

/** Runs a program to its end, with what AWS's tools need to reach `endpoint` and none of the user's own settings. */
export function runTool(command: string, argv: readonly string[], endpoint: string): Promise<Ended> {
  const child = spawn(command, argv, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: toolTimeoutMs,
    env: {
      PATH: process.env.PATH,
      LANG: "C.UTF-8",
      HOME: "/nonexistent",
      BERTH_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: "123456789012",
      AWS_SECRET_ACCESS_KEY: "any",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_REGION: "eu-west-1",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_MAX_ATTEMPTS: "1",
      AWS_PAGER: "",
    },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}
