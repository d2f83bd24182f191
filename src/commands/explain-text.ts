import { aligned, counted, instanceName } from "./text-table.ts";

type Instance = { readonly containerInstanceArn: string; readonly ec2InstanceId?: string };
type Reason = { readonly reason: string; readonly detail?: string; readonly missing?: number };
type Refusal = Instance & { readonly status?: string; readonly reasons: readonly Reason[] };

/** The parts of ExplainPlacement's reply that are shown. */
export type PlacementExplanation = {
  readonly taskDefinition: string;
  readonly need: {
    readonly cpu?: number;
    readonly memoryMiB?: number;
    readonly gpus?: number;
    readonly tcpPorts?: readonly number[];
    readonly udpPorts?: readonly number[];
  };
  readonly placements: readonly (Instance & { readonly availabilityZone?: string; readonly count: number })[];
  readonly placedCount: number;
  readonly unplacedCount: number;
  readonly refusals: readonly Refusal[];
  readonly summary: readonly { readonly reason: string; readonly count: number }[];
  readonly closest?: { readonly containerInstanceArn: string; readonly reason: string; readonly detail?: string };
  readonly noCandidates?: string;
  readonly failedTasks?: readonly {
    readonly taskArn: string;
    readonly stopCode: string;
    readonly stoppedReason: string;
    readonly containers?: readonly {
      readonly name: string;
      readonly exitCode?: number;
      readonly reason?: string;
      readonly healthStatus?: string;
    }[];
  }[];
};

/** LIMIT: a screen or two; instances that lack the same things share one of these, and --json has them all. */
const groupsMax = 20;

/** An explanation for a person: where tasks would go and, if not all have a place, what is missing and where. */
export function explanationText(explanation: PlacementExplanation): string {
  const { taskDefinition, placedCount, unplacedCount } = explanation;
  const revision = taskDefinition.slice(taskDefinition.lastIndexOf("/") + 1);
  const lines = [`${revision} needs ${needText(explanation.need)}.`];
  if (placedCount > 0) {
    lines.push("", `${counted(placedCount, "task")} would go here:`, ...placementLines(explanation));
  }
  if (unplacedCount > 0) {
    const has = unplacedCount === 1 ? "has" : "have";
    lines.push("", `${counted(unplacedCount, "task")} ${has} no place.`, ...refusalLines(explanation));
  }
  lines.push(...failureLines(explanation));
  return `${lines.join("\n")}\n`;
}

/** Why the newest tasks of a service failed: each task, and below it the containers with a reason. */
function failureLines({ failedTasks = [] }: PlacementExplanation): string[] {
  if (failedTasks.length === 0) return [];
  const lines = ["", "Tasks of the service that failed last:"];
  for (const { taskArn, stopCode, stoppedReason, containers = [] } of failedTasks) {
    lines.push(`  ${taskArn.slice(taskArn.lastIndexOf("/") + 1)}  ${stopCode}: ${stoppedReason}`);
    for (const { name, exitCode, reason, healthStatus } of containers) {
      const said = [exitCode === undefined ? "" : `exit code ${exitCode}`, reason ?? "", healthStatus ?? ""];
      lines.push(`    ${name}: ${said.filter((text) => text !== "").join(", ")}`);
    }
  }
  return lines;
}

function needText({
  cpu = 0,
  memoryMiB = 0,
  gpus = 0,
  tcpPorts = [],
  udpPorts = [],
}: PlacementExplanation["need"]): string {
  const parts = [`${cpu} CPU units`, `${memoryMiB} MiB`];
  if (gpus > 0) parts.push(counted(gpus, "GPU"));
  if (tcpPorts.length > 0) parts.push(`TCP ${tcpPorts.join(", ")}`);
  if (udpPorts.length > 0) parts.push(`UDP ${udpPorts.join(", ")}`);
  return parts.join(", ");
}

/** Most tasks first. */
function placementLines({ placements }: PlacementExplanation): string[] {
  const sorted = placements.toSorted((a, b) => b.count - a.count || byName(a, b));
  const width = String(sorted[0]?.count ?? "").length;
  const rows = sorted.map(({ count, availabilityZone, ...instance }) => [
    String(count).padStart(width),
    instanceName(instance),
    availabilityZone ?? "",
  ]);
  const shown = aligned(rows.slice(0, groupsMax), "  ");
  const rest = sorted.slice(groupsMax);
  if (rest.length === 0) return shown;
  const tasks = rest.reduce((sum, { count }) => sum + count, 0);
  return [
    ...shown,
    `  and ${counted(tasks, "task")} on ${counted(rest.length, "other container instance")} (--json lists them)`,
  ];
}

function refusalLines({ refusals, summary, closest, placements, noCandidates }: PlacementExplanation): string[] {
  if (noCandidates !== undefined) return [noCandidates];
  if (refusals.length === 0 && summary.length === 0) {
    return placements.length === 0 ? ["There is no container instance in this cluster that could take it."] : [];
  }
  const lines = aligned(
    summary.map(({ reason, count }) => [`  ${shortReason(reason)}`, `on ${counted(count, "container instance")}`]),
  );
  lines.push("");
  const groups = groupsOf(refusals);
  // Columns are aligned over all groups. Each reason of a group has its own line.
  const rows = groups
    .slice(0, groupsMax)
    .flatMap(({ instances, status, reasons }) =>
      reasons.map(({ reason, detail = "", missing }, index) => [
        index === 0 ? namesOf(instances) : "",
        index === 0 ? status : "",
        shortReason(reason),
        shortOf(reason, missing),
        detail,
      ]),
    );
  lines.push(...aligned(withoutEmptyColumns(rows), "  "));
  const rest = groups.slice(groupsMax).reduce((sum, { instances }) => sum + instances.length, 0);
  if (rest > 0) lines.push(`  and ${counted(rest, "other container instance")} (--json lists them)`);
  if (closest !== undefined && groups.length > 1) {
    const near = refusals.find(({ containerInstanceArn }) => containerInstanceArn === closest.containerInstanceArn);
    lines.push("", `Closest: ${instanceName(near ?? closest)}. ${closest.detail ?? closest.reason}`);
  }
  return lines;
}

type Group = { readonly instances: Refusal[]; readonly status: string; readonly reasons: readonly Reason[] };

/** Instances with the same reasons. Those with the fewest reasons come first, then those that lack least. */
function groupsOf(refusals: readonly Refusal[]): Group[] {
  const groups = new Map<string, Group>();
  for (const refusal of refusals) {
    const { status = "", reasons } = refusal;
    const key = JSON.stringify([status, reasons.map(({ reason, detail, missing }) => [reason, detail, missing])]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { instances: [refusal], status, reasons });
    else known.instances.push(refusal);
  }
  const lack = ({ reasons }: Group): number => reasons.reduce((sum, { missing = 0 }) => sum + missing, 0);
  const sorted = [...groups.values()].map((group) => ({ ...group, instances: group.instances.toSorted(byName) }));
  return sorted.sort((a, b) => a.reasons.length - b.reasons.length || lack(a) - lack(b) || byFirstName(a, b));
}

function namesOf(instances: readonly Instance[]): string {
  const [first] = instances;
  if (first === undefined) return "";
  const more = instances.length - 1;
  return more === 0 ? instanceName(first) : `${instanceName(first)} and ${more} more`;
}

const units: Readonly<Record<string, (count: number) => string>> = {
  "RESOURCE:CPU": (count) => `${count} CPU units`,
  "RESOURCE:MEMORY": (count) => `${count} MiB`,
  "RESOURCE:GPU": (count) => counted(count, "GPU"),
  "RESOURCE:PORTS": (count) => counted(count, "port"),
  "RESOURCE:ENI": (count) => counted(count, "ENI"),
};

/** AWS: the reasons of constraints are sentences. Their beginning distinguishes them. */
const shortReason = (reason: string): string => reason.replace(/ placement constraint unsatisfied\.$/, "");

/** What is missing, and how much. Empty for what cannot be measured. */
function shortOf(reason: string, missing: number | undefined): string {
  if (missing === undefined || missing <= 0) return "";
  return `${units[reason]?.(missing) ?? missing} short`;
}

function withoutEmptyColumns(rows: readonly (readonly string[])[]): string[][] {
  const used = (rows[0] ?? []).map((_, column) => rows.some((row) => row[column] !== ""));
  return rows.map((row) => row.filter((_, column) => used[column]));
}

function byName(a: Instance, b: Instance): number {
  return instanceName(a) < instanceName(b) ? -1 : 1;
}

function byFirstName(a: Group, b: Group): number {
  return namesOf(a.instances) < namesOf(b.instances) ? -1 : 1;
}
