import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";

/** One published number. */
export type Figure = { readonly name: string; readonly value: number; readonly unit: string; readonly beside?: string };

/** A child process that has printed its first line, which is JSON. */
export type StartedChild = {
  readonly first: Record<string, unknown>;
  readonly pid: number;
  readonly stop: (signal?: "SIGTERM" | "SIGKILL") => Promise<void>;
};

/** Starts `node` with `argv` and waits for its first line of output, which must be JSON. */
export async function startChild(argv: readonly string[]): Promise<StartedChild> {
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  if (!text.includes("\n")) throw new Error(`node ${argv.join(" ")} ended without a line`);
  return {
    first: JSON.parse(text.slice(0, text.indexOf("\n"))) as Record<string, unknown>,
    pid: child.pid ?? 0,
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, "exit");
    },
  };
}

/** A description of the machine in one line, for the record. */
export const machine = (): string => {
  const processors = cpus();
  return `${processors.length} × ${processors[0]?.model ?? "unknown CPU"}, Node ${process.version}`;
};

export function printFigures(figures: readonly Figure[]): void {
  for (const { name, value, unit, beside } of figures) {
    const shown = value >= 100 ? value.toFixed(0) : value.toFixed(1);
    process.stdout.write(
      `${name.padEnd(64)} ${shown.padStart(10)} ${unit}${beside === undefined ? "" : `   (${beside})`}\n`,
    );
  }
}
