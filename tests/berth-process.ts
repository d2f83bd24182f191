/** `berth` as a process of its own, for tests that need to kill or restart one. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const berthMain = fileURLToPath(new URL("../src/cli/berth.js", import.meta.url));

/** What `--json` prints when a server listens. `berth serve` prints less. */
export type Listening = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly account: string;
  readonly region: string;
  readonly cluster: string;
  /** ARNs of the simulated container instances. */
  readonly instances: readonly string[];
};

export type BerthProcess = {
  readonly listening: Listening;
  readonly child: ChildProcess;
  /** Its standard error so far. */
  readonly complaints: () => string;
  /** Sends the signal and waits for the end. Returns the exit code, null if the signal ended it. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null>;
};

/** LIMIT: a server listens in under half a second; on a machine that is busy with other tests it may take a minute. */
const startTimeoutMs = 180_000;

/**
 * Starts `berth dev` or `berth serve` with `flags`, on a free port unless they name one. If it does not listen, throws its
 * complaints.
 */
export async function startBerth(
  command: "dev" | "serve",
  flags: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<BerthProcess> {
  const port = flags.includes("--port") ? [] : ["--port", "0"];
  const argv = [berthMain, command, ...port, "--json", ...flags, ...simulatedUnlessSaid(command, flags)];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"], env });
  let [output, complaints] = ["", ""];
  child.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  const listening = await new Promise<Listening>((resolve, reject) => {
    const fail = (): void => reject(new Error(`berth ${command} ${flags.join(" ")} did not listen: ${complaints}`));
    const timeout = setTimeout(() => {
      child.kill("SIGKILL");
      fail();
    }, startTimeoutMs);
    child.once("exit", () => {
      clearTimeout(timeout);
      fail();
    });
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (!output.includes("\n")) return;
      clearTimeout(timeout);
      child.removeAllListeners("exit");
      resolve(JSON.parse(output.slice(0, output.indexOf("\n"))) as Listening);
    });
  });
  return {
    listening,
    child,
    complaints: () => complaints,
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        const exit = once(child, "exit");
        child.kill(signal);
        await exit;
      }
      return child.exitCode;
    },
  };
}

/** What would run in Docker is simulated, so that tests have the same outcome on every machine. */
function simulatedUnlessSaid(command: "dev" | "serve", flags: readonly string[]): readonly string[] {
  const flag = command === "dev" ? "--runtime" : "--fargate";
  return flags.includes(flag) ? [] : [flag, "simulated"];
}

/** Runs `berth` with `argv` to its end, in the environment of this process or another. */
export function runBerth(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [berthMain, ...argv], {
    encoding: "utf8",
    env,
    timeout: startTimeoutMs,
  });
  return { code: status, out: stdout, err: stderr };
}
