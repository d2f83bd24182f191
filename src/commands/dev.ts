import { resolve } from "node:path";
import { type Withheld, withheldBy } from "../agent/docker/host-policy.ts";
import { openLog } from "../server/log.ts";
import { type RunningServer, startServer } from "../server/server.ts";
import { StartError } from "../server/start-error.ts";
import { closeAtSignal } from "./close-at-signal.ts";
import { runCommand } from "./command.ts";
import { type DockerUse, dockerUse, runtimeFlags } from "./docker-flags.ts";
import { type CommandText, formFlag, numberFlag, type Typed, textFlag, UsageError } from "./flags.ts";
import { defaultAccount, expectNoWords, logLevelFlag, serverFlags, serverOptions } from "./server-flags.ts";
import { type TimeSettings, timeMembers, timeScaleFlag, timeSettings, timeText } from "./timeline-flags.ts";

/** LIMIT: one process simulates so many hosts with ease; each is an agent with timers of its own. */
const instancesMax = 5_000;

const command: CommandText = {
  usage: "berth dev [flags]",
  about: `A control plane with simulated container instances, for this machine only: it listens on loopback and takes any
credentials. An access key id of 12 digits is the account; the region is that of the signature.
Simulated containers run until they are stopped. These images do something else:
  berth/exit:3         exits at once with code 3        berth/sleep:10        exits after 10 s with code 0
  berth/unhealthy      fails its health check           berth/ignore-sigterm  ends only when killed
  berth/cannot-pull    cannot be pulled                 berth/impair-runtime  makes its instance IMPAIRED
README.md lists them all, and the commands that do the same on any image, such as "sleep 5; exit 3".
With --time-scale 20 a rollout that takes minutes on AWS takes seconds. What you set yourself stays as it is: seconds in an image's
name, stop timeouts (30 s unless set), health checks of a task definition. So do agents and whatever runs in Docker.`,
  flags: {
    ...serverFlags,
    ...runtimeFlags,
    ...timeScaleFlag,
    host: { value: "ADDRESS", help: "The loopback address to listen on (default 127.0.0.1)." },
    "data-dir": { value: "DIR", help: "Where the state is kept (default .berth)." },
    "in-memory": { value: null, help: "Keep nothing: what runs in Docker ends too." },
    instances: { value: "N", help: "Simulated container instances of the cluster default (default 3)." },
    cpu: { value: "UNITS", help: "CPU units of each; 1024 are a core (default 4096)." },
    memory: { value: "MIB", help: "Memory of each in MiB (default 16384)." },
    account: { value: "ACCOUNT", help: `The account of callers without one (default ${defaultAccount}).` },
    region: { value: "REGION", help: "The region of the instances (default us-east-1)." },
    "no-adopt": { value: null, help: "Give instances that are registered through the API no simulated host." },
    json: { value: null, help: "Print one line of JSON when it listens." },
  },
  examples: [
    { line: "berth dev", about: "Listens on http://127.0.0.1:4280 and keeps its state in .berth." },
    { line: "berth dev --port 0 --in-memory --json", about: "For tests: any port, nothing kept, a line for programs." },
    { line: "berth dev --time-scale 20", about: "Everything that ECS waits for is over twenty times sooner." },
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
  if (!isLoopback(host)) {
    throw new StartError(
      `\`berth dev\` takes any credentials and listens on loopback only, so not on ${host}. \`berth serve\` is for others to reach.`,
    );
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
  const use = await dockerUse(typed, log, true);
  const server = await startServer({
    host,
    ...shared,
    regions: new Set([...shared.regions, region]),
    dataDir,
    auth: { type: "loose", account },
    simulation: { ...simulation, dockerInstance: use.instance, times: time.simulatedTimes },
    timeline: time.timeline,
    managedRuntime: use.fargate,
    docker: use.docker,
    log,
  });
  closeAtSignal(server, log);
  const start = { server, account, region, dataDir, use, time, instances: server.hosts?.instances() ?? [] };
  process.stdout.write(typed.flags.has("json") ? jsonLine(start) : welcome(start, simulation));
}

/** What tasks may not do in Docker on this machine. */
const withheldOn = ({ docker }: DockerUse): readonly Withheld[] => (docker === null ? [] : withheldBy(docker.policy));

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

type Start = {
  readonly server: RunningServer;
  readonly account: string;
  readonly region: string;
  readonly dataDir: string | null;
  readonly use: DockerUse;
  readonly time: TimeSettings;
  /** ARNs; that of the one with Docker first. */
  readonly instances: readonly string[];
};

function jsonLine({ server: { url, port }, account, region, dataDir, use, time, instances }: Start): string {
  const { pid } = process;
  const docker = use.instance
    ? { address: use.docker?.engine.address, instance: instances[0], withheld: withheldOn(use) }
    : null;
  const known = { url, port, account, region, cluster: "default", dataDir, pid, instances };
  return `${JSON.stringify({ ...known, docker, fargate: use.fargate, ...timeMembers(time) })}\n`;
}

/**
 * The lines for the AWS CLI work with every version of it: the older ones, Debian's among them, read only the one variable for the
 * region, and no variable for the endpoint.
 */
function welcome(
  { server: { url }, account, region, dataDir, use, time, instances }: Start,
  { cpu, memoryMiB }: { readonly cpu: number; readonly memoryMiB: number },
): string {
  const simulated = instances.length - (use.instance ? 1 : 0);
  const size = `${cpu} CPU units and ${memoryMiB} MiB${simulated === 1 ? "" : " each"}`;
  const hosts = [
    ...(use.instance ? [`1 container instance in Docker ${use.docker?.version} (attribute berth.runtime=docker)`] : []),
    ...(simulated > 0 ? [`${simulated} simulated container instance${simulated === 1 ? "" : "s"} with ${size}`] : []),
  ].join(", ");
  const withheld = use.instance ? withheldOn(use) : [];
  const refused =
    withheld.length === 0
      ? ""
      : `\n  Refused   in Docker: ${withheld.map(({ what }) => what).join(", ")} (--help has the flags)`;
  const pace = timeText(time);
  return `Berth listens on ${url} (ready after ${Math.round(process.uptime() * 1000)} ms).

  Account   ${account}, region ${region}
  Cluster   default: ${instances.length === 0 ? "no container instances" : hosts}
  Fargate   ${use.fargate === null ? "off" : use.fargate === "docker" ? "in Docker" : "simulated"}${refused}
  State     ${dataDir ?? "in memory: gone when this process ends"}${pace === null ? "" : `\n  Time      ${pace}`}

AWS CLI:
  export AWS_REGION=${region} AWS_DEFAULT_REGION=${region} AWS_ACCESS_KEY_ID=berth AWS_SECRET_ACCESS_KEY=berth
  aws --endpoint-url ${url} ecs list-container-instances

SDK for JavaScript:
  import { ECS } from "@aws-sdk/client-ecs";
  const ecs = new ECS({ endpoint: "${url}", region: "${region}", credentials: { accessKeyId: "berth", secretAccessKey: "berth" } });
  await ecs.listContainerInstances({});

Ctrl+C ends it.
`;
}
