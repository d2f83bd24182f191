import { awsRegions } from "../../auth/regions.ts";
import { parseHost } from "../../server/http/allowed-hosts.ts";
import { logLevels, type ServerLogLevel } from "../../server/log/log.ts";
import { companionFlags } from "./companion-flags.ts";
import { fargateFlags } from "./docker-flags.ts";
import { type Flag, formFlag, listFlag, numberFlag, type Typed, textFlag, UsageError } from "./flags.ts";
import { timelineFlag } from "./timeline-flags.ts";

/** The default port. */
export const defaultPort = 4280;

/** The default account, which nobody has on AWS. */
export const defaultAccount = "000000000000";

/** The default for the newest agent version. */
export const defaultAgentVersion = "1.97.0";

/** LIMIT: of log events on disk, six to eight times as much text: a day of a dozen talkative tasks. */
const defaultLogStoreMiB = 1_024;
/** LIMIT: of log events in memory, which a test run rarely fills. */
const defaultLogMemoryMiB = 64;

/** The bytes of --log-store-size. Throws UsageError for an invalid value. */
export function logStoreBytes(typed: Typed, inMemory: boolean): number {
  const otherwise = inMemory ? defaultLogMemoryMiB : defaultLogStoreMiB;
  return numberFlag(typed, "log-store-size", { otherwise, min: 1, max: 1_048_576 }) * 1_048_576;
}

/** Flags that `berth dev` and `berth serve` have in common. */
export const serverFlags = {
  port: { value: "PORT", help: `The port to listen on (default ${defaultPort}); 0 picks a free one.` },
  advertise: {
    value: "URL",
    help: "Where agents reach this server (default: the address it listens on; with 0.0.0.0, the name that each agent used).",
  },
  "allow-host": {
    value: "NAME[:PORT]",
    help: "Another name for this server, such as that of a tunnel or a proxy. Repeatable.",
    repeats: true,
  },
  regions: {
    value: "LIST",
    help: "The regions that calls may use, such as eu-west-1,lab-1 (default: all of AWS, including GovCloud and China).",
  },
  ...companionFlags,
  ...fargateFlags,
  "log-store-size": {
    value: "MIB",
    help: `Room for log events, compressed; the oldest are deleted (default ${defaultLogStoreMiB}, in memory ${defaultLogMemoryMiB}).`,
  },
  "tls-cert": { value: "FILE", help: "The certificate (PEM), with its chain: the port then speaks HTTPS." },
  "tls-key": { value: "FILE", help: "The key of --tls-cert (PEM)." },
  "latest-agent-version": {
    value: "VERSION",
    help: `The agent version that UpdateContainerAgent updates to (default ${defaultAgentVersion}).`,
  },
  "agent-archive": {
    value: "URL",
    help: "Where official agents fetch that version; without it only simulated agents can be updated.",
  },
  "agent-archive-sha256": { value: "HEX", help: "The SHA-256 of that archive, with which agents check it." },
  ...timelineFlag,
  "log-level": { value: "LEVEL", help: `One of ${logLevels.join(", ")}; the log goes to standard error.` },
} as const satisfies Record<string, Flag>;

export function logLevelFlag(typed: Typed, otherwise: ServerLogLevel): ServerLogLevel {
  const given = textFlag(typed, "log-level", otherwise);
  const level = logLevels.find((known) => known === given);
  if (level === undefined) throw new UsageError(`--log-level must be one of ${logLevels.join(", ")}, not "${given}".`);
  return level;
}

/**
 * The address of --advertise without a trailing slash. Null if it is not given. Throws UsageError for anything but a web origin.
 */
export function advertiseFlag(typed: Typed): string | null {
  const given = textFlag(typed, "advertise", null);
  if (given === null) return null;
  const url = URL.canParse(given) ? new URL(given) : null;
  // A path would be part of what agents sign, and a proxy would remove it on the way here.
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && /^https?:\/\/[^/?#@\\]+\/?$/i.test(given);
  if (!isOrigin) {
    throw new UsageError(
      `--advertise must be an address like https://ecs.example.org or http://10.0.0.5:4280, but is "${given}".`,
    );
  }
  return url.origin;
}

/** LIMIT: names in --allow-host; a server has a few. */
const allowedHostsMax = 64;

/** The names of --allow-host. Throws UsageError for anything that is not the Host header of a request. */
export function allowHostFlags(typed: Typed): readonly string[] {
  const names = listFlag(typed, "allow-host");
  if (names.length > allowedHostsMax) throw new UsageError(`--allow-host can be given ${allowedHostsMax} times.`);
  for (const name of names) {
    if (parseHost(name) === null) {
      throw new UsageError(`--allow-host must be a name like ecs.example.org or tunnel.local:9999, but is "${name}".`);
    }
  }
  return names;
}

/** The files of --tls-cert and --tls-key. Null if neither is given. Throws UsageError if one is missing. */
export function tlsFlags(typed: Typed): { readonly cert: string; readonly key: string } | null {
  const cert = textFlag(typed, "tls-cert", null);
  const key = textFlag(typed, "tls-key", null);
  if (cert === null && key === null) return null;
  if (cert === null) throw new UsageError("--tls-key needs --tls-cert FILE, the certificate that the key belongs to.");
  if (key === null) throw new UsageError("--tls-cert needs --tls-key FILE, the key of the certificate.");
  return { cert, key };
}

/** LIMIT: as many regions as AWS will have for years; each can hold what a whole account may have. */
const regionsMax = 100;

/** The regions of --regions, or AWS's if it is not given. Throws UsageError for names that cannot be a region's. */
export function regionsFlag(typed: Typed): ReadonlySet<string> {
  const given = textFlag(typed, "regions", null);
  if (given === null) return awsRegions;
  const names = given.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !/^[a-z][a-z0-9-]{0,31}$/.test(name));
  if (wrong !== undefined) {
    throw new UsageError(`--regions must be a list of names such as eu-west-1,lab-1, but has "${wrong}".`);
  }
  if (names.length > regionsMax) throw new UsageError(`--regions can have at most ${regionsMax} names.`);
  return new Set(names);
}

export function agentVersionFlag(typed: Typed): string {
  return formFlag(typed, "latest-agent-version", {
    otherwise: defaultAgentVersion,
    form: /^\d{1,5}\.\d{1,5}\.\d{1,5}$/,
    says: "a version like 1.97.0",
  });
}

/**
 * The archive of --agent-archive. Null if it is not given. Throws UsageError unless address and checksum are both present and
 * well formed.
 */
export function agentArchiveFlag(typed: Typed): { readonly location: string; readonly signature: string } | null {
  const location = textFlag(typed, "agent-archive", null);
  const signature = textFlag(typed, "agent-archive-sha256", null);
  if (location === null && signature === null) return null;
  if (location === null || !/^https?:\/\//.test(location) || !URL.canParse(location)) {
    throw new UsageError("--agent-archive must be an address like https://files.example.org/ecs-agent-v1.97.0.tar.");
  }
  if (signature === null || !/^[0-9a-f]{64}$/i.test(signature)) {
    throw new UsageError("--agent-archive-sha256 must be the 64 hex digits that `sha256sum` prints for the archive.");
  }
  return { location, signature: signature.toLowerCase() };
}

/** The values of those flags as the server's options. Throws UsageError for an invalid value. */
export function serverOptions(typed: Typed) {
  return {
    port: numberFlag(typed, "port", { otherwise: defaultPort, min: 0, max: 65_535 }),
    advertise: advertiseFlag(typed),
    allowHosts: allowHostFlags(typed),
    tls: tlsFlags(typed),
    regions: regionsFlag(typed),
    latestAgentVersion: agentVersionFlag(typed),
    agentArchive: agentArchiveFlag(typed),
  };
}

/** Throws UsageError if a command without words got some. */
export function expectNoWords({ words }: Typed): void {
  if (words.length > 0) throw new UsageError(`"${words[0]}" is one word too many; --help shows the flags.`);
}
