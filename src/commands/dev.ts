import { resolve } from "node:path";
import { openLog } from "../server/log/log.ts";
import { type RunningServer, startServer } from "../server/server.ts";
import { StartError } from "../server/start-error.ts";
import { closeAtSignal } from "./close-at-signal.ts";
import { runCommand } from "./command.ts";
import { type DevStart, jsonLine, lastWords, welcome } from "./dev-welcome.ts";
import { companionFrom } from "./flags/companion-flags.ts";
import { type DockerUse, dockerUse, runtimeFlags } from "./flags/docker-flags.ts";
import { type CommandText, formFlag, numberFlag, type Typed, textFlag, UsageError } from "./flags/flags.ts";
import {
  defaultAccount,
  expectNoWords,
  logLevelFlag,
  logStoreBytes,
  serverFlags,
  serverOptions,
} from "./flags/server-flags.ts";
import { serviceFlags, servicesFrom } from "./flags/service-flags.ts";
import { timeScaleFlag, timeSettings } from "./flags/timeline-flags.ts";

/** LIMIT: one process simulates this many hosts easily; each is an agent with its own timers. */
const instancesMax = 5_000;

const command: CommandText = {
  usage: "berth dev [flags]",
  about: `A control plane with simulated container instances, for this machine only: it listens on loopback and accepts any
credentials. An access key id of 12 digits is the account; the region is the one that calls are signed for.
Simulated containers run until they are stopped. These images do something else:
  berth/exit:3         exits at once with code 3        berth/sleep:10        exits after 10 s with code 0
  berth/unhealthy      fails its health check           berth/ignore-sigterm  ends only when killed
  berth/cannot-pull    cannot be pulled                 berth/impair-runtime  makes its instance IMPAIRED
docs/simulated-containers.md lists them all, and the commands that do the same on any image, such as "sleep 5; exit 3".
With --time-scale 20 a rollout that takes minutes on AWS takes seconds. What you set yourself doesn't change: seconds in an image's
name, stop timeouts (30 s unless set), health checks of a task definition. Nor do agents and whatever runs in Docker.`,
  flags: {
    ...serverFlags,
    ...runtimeFlags,
    ...timeScaleFlag,
    ...serviceFlags,
    host: {
      value: "ADDRESS",
      help: "The address to listen on (default 127.0.0.1); one beyond loopback needs --trust-network.",
    },
    "trust-network": {
      value: null,
      help: "Let everyone who can reach --host use this server without a key, as inside a container or a CI job.",
    },
    "data-dir": { value: "DIR", help: "The data directory (default .berth)." },
    "in-memory": { value: null, help: "Keep nothing: containers in Docker end with the process." },
    instances: { value: "N", help: "Simulated container instances of the cluster default (default 3)." },
    cpu: { value: "UNITS", help: "CPU units of each; 1024 are a core (default 4096)." },
    memory: { value: "MIB", help: "Memory of each in MiB (default 16384)." },
    account: { value: "ACCOUNT", help: `The account of callers without one (default ${defaultAccount}).` },
    region: { value: "REGION", help: "The region of the instances (default us-east-1)." },
    "no-adopt": { value: null, help: "Give instances that are registered through the API no simulated host." },
    json: { value: null, help: "Print one line of JSON once it listens." },
  },
  examples: [
    { line: "berth dev", about: "Listens on http://127.0.0.1:4280 and keeps its state in .berth." },
    { line: "berth dev --port 0 --in-memory --json", about: "For tests: any port, nothing kept, a line for programs." },
    { line: "berth dev --time-scale 20", about: "Everything that ECS waits for takes a twentieth of the time." },
    {
      line: "berth dev --host 0.0.0.0 --trust-network --allow-host berth",
      about: "In a container: other containers call it http://berth:4280.",
    },
    { line: "berth dev --instances 20 --cpu 2048 --memory 4096", about: "A fleet of small hosts." },
  ],
};

/** `berth dev`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(command, argv, dev);
}

async function dev(typed: Typed): Promise<void> {
  expectNoWords(typed);
  const inMemory = typed.flags.has("in-memory");
  const givenDir = textFlag(typed, "data-dir", null);
  if (inMemory && givenDir !== null) throw new UsageError("--in-memory and --data-dir exclude each other.");
  const host = textFlag(typed, "host", "127.0.0.1");
  const isOpen = !isLoopback(host);
  if (isOpen && !typed.flags.has("trust-network")) {
    throw new StartError(
      `\`berth dev\` checks no keys and listens only on loopback, so not on ${host}. Use \`berth serve\` to let others in, or add --trust-network if you trust everyone who can reach that address.`,
    );
  }
  if (!isOpen && typed.flags.has("trust-network")) {
    throw new UsageError(`--trust-network is for --host ADDRESS beyond loopback, but the server listens on ${host}.`);
  }
  const dataDir = inMemory ? null : resolve(givenDir ?? ".berth");
  const account = formFlag(typed, "account", { otherwise: defaultAccount, form: /^\d{12}$/, says: "12 digits" });
  const region = formFlag(typed, "region", {
    otherwise: "us-east-1",
    form: /^[a-z][a-z0-9-]{0,31}$/,
    says: "a region such as eu-west-1",
  });
  const shared = serverOptions(typed);
  const simulation = {
    place: { account, region },
    instances: numberFlag(typed, "instances", { otherwise: 3, min: 0, max: instancesMax }),
    cpu: numberFlag(typed, "cpu", { otherwise: 4_096, min: 128, max: 1_048_576 }),
    memoryMiB: numberFlag(typed, "memory", { otherwise: 16_384, min: 128, max: 33_554_432 }),
    adopt: !typed.flags.has("no-adopt"),
  };
  const time = timeSettings(typed);
  const log = openLog(logLevelFlag(typed, "warn"));
  const services = servicesFrom(typed);
  const use = await dockerUse(typed, log, true);
  const server = await startServer({
    host,
    ...shared,
    logStoreBytes: logStoreBytes(typed, inMemory),
    companion: companionFrom(typed),
    regions: new Set([...shared.regions, region]),
    dataDir,
    auth: { type: "loose", account },
    simulation: { ...simulation, dockerInstance: use.instance, times: time.simulatedTimes },
    timeline: time.timeline,
    managedRuntime: use.fargate,
    docker: use.docker,
    services,
    log,
  });
  const wantsDocker = textFlag(typed, "runtime", "auto") !== "simulated";
  const url = reachableUrl(server, host);
  const start: DevStart = { server, url, account, region, dataDir, use, wantsDocker, time, size: simulation };
  const isJson = typed.flags.has("json");
  closeAtSignal(server, log, isJson ? null : () => lastWords(start));
  if (isOpen) warnOfNetwork(host, use);
  process.stdout.write(isJson ? jsonLine(start) : await welcome(start));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Where this machine reaches a server that listens on `host`. One that listens everywhere is reached by its own name only. */
function reachableUrl({ url }: RunningServer, host: string): string {
  if (host === "0.0.0.0") return url.replace("0.0.0.0", "127.0.0.1");
  return host === "::" ? url.replace("[::]", "[::1]") : url;
}

/** Warns on standard error, in red on a terminal, who else can use the server now. */
function warnOfNetwork(host: string, { docker }: DockerUse): void {
  const [red, plain] = process.stderr.isTTY && !process.env.NO_COLOR ? ["\u001b[31m", "\u001b[0m"] : ["", ""];
  const power = docker === null ? "use this control plane" : "run containers in this machine's Docker";
  process.stderr.write(
    `${red}berth: --trust-network: everyone who can reach ${host} can ${power}, because \`berth dev\` checks no keys.${plain}\n`,
  );
}
