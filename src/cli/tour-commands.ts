import { spawn } from "node:child_process";
import { once } from "node:events";
import type { TourServer } from "./tour-server.ts";
import { expectEqual, type Steps } from "./tour-steps.ts";

/** What a command printed, and how it ended. */
export type CommandRun = { readonly output: string; readonly code: number | null };

/** LIMIT: a command answers in a second, and a watched drain ends in a few. */
const commandTimeoutMs = 30_000;

const main = new URL("./main.ts", import.meta.url);

/**
 * Runs `berth ARGV...` against a server as a user would, in its own process, and shows it. Calls `onOutput` with all output so
 * far whenever there is more.
 */
export async function runBerth(
  { listening }: TourServer,
  argv: readonly string[],
  onOutput: (output: string) => void = () => {},
): Promise<CommandRun> {
  const child = spawn(process.execPath, [main.pathname, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, AWS_ENDPOINT_URL_ECS: listening.url, AWS_REGION: listening.region },
    timeout: commandTimeoutMs,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput(output);
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { output, code };
}

/** Shows a command with its output. Throws Unexpected unless it ended with `code`. */
export function showRun(steps: Steps, argv: readonly string[], run: CommandRun, code: number): void {
  const words = argv.map((word) => (/[ ']/.test(word) ? JSON.stringify(word) : word));
  steps.show([`$ ./berth ${words.join(" ")}`, ...run.output.trimEnd().split("\n")]);
  expectEqual(`exit code of berth ${argv[0]}`, run.code, code);
}
