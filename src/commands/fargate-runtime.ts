import { systemClock } from "../lib/clock.ts";
import type { ServerLog } from "../server/log.ts";
import type { ManagedRuntime } from "../server/managed-hosts.ts";
import { StartError } from "../server/start-error.ts";
import { type Typed, textFlag, UsageError } from "./flags.ts";

const choices = ["auto", "docker", "simulated", "off"] as const;

/** The flag of `berth dev` and `berth serve`. */
export const fargateFlags = {
  fargate: {
    value: "RUNTIME",
    help: `What runs the containers of Fargate tasks: ${choices.join(", ")} (default auto: Docker when it answers, else simulated).`,
  },
} as const;

/**
 * What runs Fargate tasks, as --fargate says; null for nothing. Throws UsageError for a word that it does not take, rejects with
 * StartError when Docker is asked for and does not answer.
 */
export async function fargateRuntime(typed: Typed, log: ServerLog): Promise<"simulated" | ManagedRuntime | null> {
  const given = textFlag(typed, "fargate", "auto");
  switch (given) {
    case "off":
      return null;
    case "simulated":
      return "simulated";
    case "auto":
    case "docker": {
      // Loaded only here: whoever runs no containers starts sooner without.
      const { dockerManagedRuntime } = await import("../server/docker-managed-runtime.ts");
      try {
        const runtime = await dockerManagedRuntime(systemClock, log);
        log.write("info", { docker: runtime.address }, "Fargate tasks run in Docker.");
        return runtime;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (given === "docker")
          throw new StartError(`${why}: start it, or pass --fargate simulated.`, { cause: error });
        log.write("info", { why }, "Fargate tasks are simulated.");
        return "simulated";
      }
    }
    default:
      throw new UsageError(`--fargate must be one of ${choices.join(", ")}, not "${given}".`);
  }
}
