import type { Container, NetworkBinding, Task } from "../documents/task.ts";
import { limits } from "../limits.ts";

/** The state of one container as its agent reports it (SubmitTaskStateChange.containers and SubmitContainerStateChange). */
export type ContainerReport = {
  readonly containerName?: string;
  readonly imageDigest?: string;
  readonly runtimeId?: string;
  readonly exitCode?: number;
  readonly networkBindings?: readonly {
    readonly bindIP?: string;
    readonly containerPort?: number;
    readonly hostPort?: number;
    readonly containerPortRange?: string;
    readonly hostPortRange?: string;
    readonly protocol?: string;
  }[];
  readonly reason?: string;
  readonly status?: string;
};

const order = { PROVISIONING: 0, PENDING: 1, RUNNING: 2, STOPPED: 3 } as const;

/** The task with `reports` applied in order; the same object if they contain nothing new. A container never goes back. */
export function withContainerReports(task: Task, reports: readonly ContainerReport[]): Task {
  let containers = task.containers;
  for (const report of reports) {
    const at = containers.findIndex((container) => container.name === report.containerName);
    const before = containers[at];
    if (before === undefined) continue;
    const elsewhere = containers.reduce((sum, { networkBindings }) => sum + networkBindings.length, 0);
    const room = limits.networkBindingsPerTask - (elsewhere - before.networkBindings.length);
    const after = withReport(before, report, room);
    if (after !== before) containers = containers.with(at, after);
  }
  return containers === task.containers ? task : { ...task, containers };
}

/** `bindingsMax`: how many bindings this container may have within the task's limit. */
function withReport(container: Container, report: ContainerReport, bindingsMax: number): Container {
  // The first STOPPED report counts: later ones are repeated or late.
  if (container.lastStatus === "STOPPED") return container;
  const status = statusOf(report.status);
  const after: Container = {
    ...container,
    lastStatus: order[status] > order[container.lastStatus] ? status : container.lastStatus,
    imageDigest: report.imageDigest ?? container.imageDigest,
    runtimeId: report.runtimeId ?? container.runtimeId,
    // AWS: a RUNNING report may contain an exit code, which counts only once the container is STOPPED.
    exitCode: status === "STOPPED" ? (report.exitCode ?? null) : container.exitCode,
    reason: report.reason ? report.reason.slice(0, limits.reasonCharacters) : container.reason,
    networkBindings:
      report.networkBindings === undefined ? container.networkBindings : bindingsOf(report, container, bindingsMax),
  };
  return same(container, after) ? container : after;
}

/** AWS: every status other than RUNNING and STOPPED is PENDING. */
function statusOf(status: string | undefined): "PENDING" | "RUNNING" | "STOPPED" {
  return status === "RUNNING" || status === "STOPPED" ? status : "PENDING";
}

function bindingsOf(report: ContainerReport, container: Container, bindingsMax: number): readonly NetworkBinding[] {
  const reported = (report.networkBindings ?? []).slice(0, bindingsMax);
  const bindings = reported
    .filter(({ containerPortRange, hostPortRange }) => [containerPortRange, hostPortRange].every(isPlausibleRange))
    .map(
      (binding): NetworkBinding => ({
        bindIP: binding.bindIP ?? null,
        containerPort: binding.containerPort ?? null,
        hostPort: binding.hostPort ?? null,
        containerPortRange: binding.containerPortRange ?? null,
        hostPortRange: binding.hostPortRange ?? null,
        protocol: binding.protocol === "udp" ? "udp" : "tcp",
      }),
    );
  return JSON.stringify(bindings) === JSON.stringify(container.networkBindings) ? container.networkBindings : bindings;
}

function same(a: Container, b: Container): boolean {
  return (Object.keys(a) as (keyof Container)[]).every((member) => a[member] === b[member]);
}

/** Each port of a range is booked, so malformed or overlong ranges are left out. */
function isPlausibleRange(range: string | undefined): boolean {
  if (range === undefined) return true;
  const [, from, to] = /^([0-9]{1,5})-([0-9]{1,5})$/.exec(range) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return first >= 1 && first <= last && last <= 65_535 && last - first < limits.portsPerPortRange;
}
