import { logLevels, type ServerLogLevel } from "../server/log.ts";
import { type Flag, formFlag, type Typed, textFlag, UsageError } from "./flags.ts";

/** The port when none is given. */
export const defaultPort = 4280;

/** The account when none is given: one that nobody has. */
export const defaultAccount = "000000000000";

/** The newest agent version when none is given. */
export const defaultAgentVersion = "1.97.0";

/** Flags that `berth dev` and `berth serve` have in common. */
export const serverFlags = {
  port: { value: "PORT", help: `The port to listen on (default ${defaultPort}); 0 takes a free one.` },
  "latest-agent-version": {
    value: "VERSION",
    help: `The agent version that UpdateContainerAgent updates to (default ${defaultAgentVersion}).`,
  },
  "log-level": { value: "LEVEL", help: `One of ${logLevels.join(", ")}; the log goes to standard error.` },
} as const satisfies Record<string, Flag>;

export function portRange(): { readonly otherwise: number; readonly min: number; readonly max: number } {
  return { otherwise: defaultPort, min: 0, max: 65_535 };
}

export function logLevelFlag(typed: Typed, otherwise: ServerLogLevel): ServerLogLevel {
  const given = textFlag(typed, "log-level", otherwise);
  const level = logLevels.find((known) => known === given);
  if (level === undefined) throw new UsageError(`--log-level must be one of ${logLevels.join(", ")}, not "${given}".`);
  return level;
}

export function agentVersionFlag(typed: Typed): string {
  return formFlag(typed, "latest-agent-version", {
    otherwise: defaultAgentVersion,
    form: /^\d{1,5}\.\d{1,5}\.\d{1,5}$/,
    says: "a version like 1.97.0",
  });
}

/** Throws UsageError for words that a command without words was given. */
export function expectNoWords({ words }: Typed): void {
  if (words.length > 0) throw new UsageError(`"${words[0]}" is one word too many; --help shows the flags.`);
}
