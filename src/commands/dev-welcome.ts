/** What `berth dev` prints when it starts to listen and when it ends: what exists, not what was asked for. */
import { containerLabels } from "../agent/docker/container-names.ts";
import { type Withheld, withheldBy } from "../agent/docker/policy/host-policy.ts";
import type { Place } from "../ecs/arn.ts";
import type { RunningServer } from "../server/server.ts";
import type { DockerUse } from "./flags/docker-flags.ts";
import { type TimeSettings, timeMembers, timeText } from "./flags/timeline-flags.ts";
import { counted } from "./text-table.ts";

/** A `berth dev` that has started to listen. */
export type DevStart = {
  readonly server: RunningServer;
  /** Where this machine reaches it, such as `http://127.0.0.1:4280`. */
  readonly url: string;
  readonly account: string;
  readonly region: string;
  readonly dataDir: string | null;
  readonly use: DockerUse;
  /** Whether to look for Docker. */
  readonly wantsDocker: boolean;
  readonly time: TimeSettings;
  /** Of each simulated host. */
  readonly size: { readonly cpu: number; readonly memoryMiB: number };
};

/** The container instances of the cluster `default` that are not hosts of this start. */
type Others = {
  /** Registered through the API, with a simulated host of this process. */
  readonly withHost: number;
  /** Instances whose host is not connected: from earlier starts, or with agents that have not returned yet. */
  readonly away: number;
};

/** What tasks may not do in Docker on this machine. */
const withheldOn = ({ docker }: DockerUse): readonly Withheld[] => (docker === null ? [] : withheldBy(docker.policy));

/** The line that `--json` prints. */
export function jsonLine({ server, url, account, region, dataDir, use, time }: DevStart): string {
  const { pid } = process;
  const instances = server.hosts?.instances() ?? [];
  const instance = server.hosts?.dockerInstance() ?? null;
  const docker =
    instance === null ? null : { address: use.docker?.engine.address, instance, withheld: withheldOn(use) };
  const known = { url, port: server.port, account, region, cluster: "default", dataDir, pid, instances };
  return `${JSON.stringify({ ...known, docker, fargate: use.fargate, ...timeMembers(time) })}\n`;
}

/**
 * The text for people. The lines for the AWS CLI work with every version: older ones, including Debian's, read only one variable
 * for the region, and none for the endpoint.
 */
export async function welcome(start: DevStart): Promise<string> {
  const { server, url, account, region, dataDir, use, time } = start;
  const pace = timeText(time);
  const rows = [
    ["Account", `${account}, region ${region}`],
    ...clusterRows(start, await othersIn(server, { account, region })),
    ...dockerRows(start),
    ["Fargate", use.fargate === null ? "off" : use.fargate === "docker" ? "in Docker" : "simulated"],
    ["State", dataDir ?? "in memory: gone when this process ends"],
    ...(pace === null ? [] : [["Time", pace]]),
  ];
  return `Berth listens on ${url} (ready after ${Math.round(process.uptime() * 1000)} ms).

${rows.map(([name = "", text = ""]) => `  ${name.padEnd(10)}${text}`).join("\n")}

AWS CLI and SDKs:
  export AWS_ENDPOINT_URL_ECS=${url} AWS_REGION=${region} AWS_DEFAULT_REGION=${region}
  export AWS_ACCESS_KEY_ID=berth AWS_SECRET_ACCESS_KEY=berth
  aws ecs list-container-instances      # before version 2.13: aws --endpoint-url ${url} ecs ...

Ctrl+C stops it.
`;
}

function clusterRows({ server, use, size: { cpu, memoryMiB } }: DevStart, others: Others): string[][] {
  const instances = server.hosts?.instances().length ?? 0;
  const inDocker = (server.hosts?.dockerInstance() ?? null) === null ? 0 : 1;
  const simulated = instances - inDocker;
  const size = `${cpu} CPU units and ${memoryMiB} MiB${simulated === 1 ? "" : " each"}`;
  const lines = [
    ...(inDocker > 0 ? [`1 container instance in Docker ${use.docker?.version} (attribute berth.runtime=docker)`] : []),
    ...(simulated > 0 ? [`${counted(simulated, "simulated container instance")} with ${size}`] : []),
    ...(others.withHost > 0
      ? [`${counted(others.withHost, "container instance")} that you registered, simulated`]
      : []),
    ...(others.away > 0
      ? [`${counted(others.away, "container instance")} from earlier, whose host is not connected`]
      : []),
  ];
  const [first = "no container instances", ...more] = lines;
  return [["Cluster", `default: ${first}`], ...more.map((line) => ["", `         ${line}`])];
}

function dockerRows({ server, use, wantsDocker }: DevStart): string[][] {
  if (use.docker === null) {
    return [["Docker", wantsDocker ? "does not answer, so all containers are simulated" : "not used"]];
  }
  const withheld = (server.hosts?.dockerInstance() ?? null) === null ? [] : withheldOn(use);
  const refused = withheld.map(({ what }) => what).join(", ");
  return [
    ["Docker", `${use.docker.version} on ${use.docker.engine.address}`],
    ...(refused === "" ? [] : [["Refused", `in Docker: ${refused} (--help has the flags)`]]),
  ];
}

/** LIMIT: pages of ARNs, 100 each: as many container instances as a cluster can have. */
const pagesMax = 50;

async function othersIn({ controlPlane, hosts }: RunningServer, place: Place): Promise<Others> {
  const own = new Set(hosts?.instances());
  const adopted = new Set(hosts?.adopted());
  const others = (await instancesIn(controlPlane, place)).filter((arn) => !own.has(arn));
  const withHost = others.filter((arn) => adopted.has(arn)).length;
  return { withHost, away: others.length - withHost };
}

async function instancesIn(controlPlane: RunningServer["controlPlane"], place: Place): Promise<string[]> {
  const caller = { principalArn: `arn:aws:iam::${place.account}:root`, isAgent: false };
  const arns: string[] = [];
  let nextToken: string | null = null;
  for (let page = 0; page < pagesMax; page += 1) {
    const request: object = nextToken === null ? {} : { nextToken };
    const reply = (await controlPlane.call({ operation: "ListContainerInstances", request, ...place, caller })) as {
      readonly containerInstanceArns: readonly string[];
      readonly nextToken?: string | null;
    };
    arns.push(...reply.containerInstanceArns);
    nextToken = reply.nextToken ?? null;
    if (nextToken === null) break;
  }
  return arns;
}

/** LIMIT: an engine lists containers in milliseconds; nobody waits longer after Ctrl+C. */
const listMs = 1_000;

/** What remains when the server ends, determined while the engine is still open. Never rejects. */
export async function lastWords({ dataDir, use }: DevStart): Promise<string> {
  if (dataDir === null) return "Berth has stopped. Nothing was kept.\n";
  const kept = `Berth has stopped. The state is in ${dataDir}: the next start continues with it.\n`;
  const { docker } = use;
  if (docker === null) return kept;
  const filters = { label: [containerLabels.taskArn], status: ["running"] };
  const running = await docker.engine.listContainers(filters, { timeoutMs: listMs }).catch(() => []);
  if (running.length === 0) return kept;
  const [goes, are] = running.length === 1 ? ["goes", "is"] : ["go", "are"];
  return `${kept}${counted(running.length, "container")} of tasks ${goes} on running in Docker and ${are} picked up by the next start. To see ${running.length === 1 ? "it" : "them"}:
  docker ps --filter label=${containerLabels.taskArn}
`;
}
