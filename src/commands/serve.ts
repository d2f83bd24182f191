import { parseHost } from "../server/http/allowed-hosts.ts";
import { openLog } from "../server/log/log.ts";
import { startServer } from "../server/server.ts";
import { closeAtSignal } from "./close-at-signal.ts";
import { runCommand } from "./command.ts";
import { companionKeyFlag, signedCompanionFrom } from "./flags/companion-flags.ts";
import { dockerUse } from "./flags/docker-flags.ts";
import { type CommandText, type Typed, textFlag, UsageError } from "./flags/flags.ts";
import { expectNoWords, logLevelFlag, logStoreBytes, serverFlags, serverOptions } from "./flags/server-flags.ts";
import { serviceFlags, servicesFrom } from "./flags/service-flags.ts";
import { timeMembers, timeSettings } from "./flags/timeline-flags.ts";

const command: CommandText = {
  usage: "berth serve --data-dir DIR [flags]",
  about: `A control plane for others: every call must be signed with a key from \`berth keys create\`, whose role decides what it may do.
If the network is not your own, give the server a certificate, or put a proxy that terminates TLS in front of it.`,
  flags: {
    "data-dir": { value: "DIR", help: "The data directory. One process at a time." },
    host: { value: "ADDRESS", help: "The address to listen on (default 127.0.0.1; 0.0.0.0 means all)." },
    ...serverFlags,
    ...serviceFlags,
    ...companionKeyFlag,
    "identity-certificate": {
      value: "FILE",
      help: "Trusted certificates (PEM): instance identity documents must be signed under one of them.",
    },
    "metrics-listen": {
      value: "[HOST:]PORT",
      help: "A listener for /metrics and the full /health that needs no key; HOST defaults to 127.0.0.1.",
    },
    auth: { value: "METHOD", help: "How callers are authenticated. Only sigv4, the default." },
    json: { value: null, help: "Print one line of JSON once it listens." },
  },
  examples: [
    { line: "berth keys create --data-dir /var/lib/berth", about: "First, a key to sign calls with." },
    { line: "berth serve --data-dir /var/lib/berth --host 0.0.0.0", about: "Then the server, for the whole network." },
  ],
};

/** `berth serve`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(command, argv, serve);
}

async function serve(typed: Typed): Promise<void> {
  expectNoWords(typed);
  const auth = textFlag(typed, "auth", "sigv4");
  if (auth !== "sigv4") throw new UsageError(`--auth must be sigv4, not "${auth}".`);
  const dataDir = textFlag(typed, "data-dir", null);
  if (dataDir === null) throw new UsageError("--data-dir DIR is needed: the data directory.");
  const time = timeSettings(typed);
  const log = openLog(logLevelFlag(typed, "info"));
  const services = servicesFrom(typed);
  const { docker, fargate } = await dockerUse(typed, log, false);
  const server = await startServer({
    host: textFlag(typed, "host", "127.0.0.1"),
    ...serverOptions(typed),
    logStoreBytes: logStoreBytes(typed, false),
    companion: signedCompanionFrom(typed),
    dataDir,
    auth: { type: "sigv4" },
    metricsListen: metricsListenFlag(typed),
    identityCertificate: textFlag(typed, "identity-certificate", null),
    simulation: null,
    managedRuntime: fargate,
    timeline: time.timeline,
    docker,
    services,
    log,
  });
  closeAtSignal(server, log);
  const { url, port, accessKeys, metricsUrl } = server;
  const counts = accessKeys === null ? [] : Object.entries(accessKeys).filter(([, count]) => count > 0);
  if (counts.length === 0) {
    process.stderr.write(`berth: There are no access keys yet, so every call is refused. Create one:
  berth keys create --data-dir ${dataDir}
`);
  }
  if (typed.flags.has("json")) {
    const members = { url, port, metricsUrl, dataDir, pid: process.pid, accessKeys, ...timeMembers(time) };
    process.stdout.write(`${JSON.stringify(members)}\n`);
    return;
  }
  process.stdout.write(`Berth listens on ${url}; its data directory is ${dataDir}.\n`);
  const listed = counts.map(([role, count]) => `${count} ${role}`).join(", ");
  if (listed !== "") process.stdout.write(`Access keys: ${listed}.\n`);
}

/**
 * The address of --metrics-listen. Null if it is not given. Throws UsageError unless it is a port, with or without an address.
 */
export function metricsListenFlag(typed: Typed): { readonly host: string; readonly port: number } | null {
  const given = textFlag(typed, "metrics-listen", null);
  if (given === null) return null;
  const [, host = "127.0.0.1", digits = ""] = /^(?:(.+):)?(\d{1,5})$/.exec(given) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535 || parseHost(host) === null) {
    throw new UsageError(`--metrics-listen must be like 9280, 10.0.0.5:9280 or [::1]:9280, but is "${given}".`);
  }
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port };
}
