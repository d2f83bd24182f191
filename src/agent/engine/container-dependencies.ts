import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { EngineContainer } from "./engine-state.ts";

export type DependencyCondition = "CREATE" | "START" | "COMPLETE" | "SUCCESS" | "HEALTHY";
export type Dependency = { readonly on: string; readonly condition: DependencyCondition };

/** Everything that must hold before the container is created. AWS: links imply START, volumesFrom CREATE. */
export function dependenciesOf(spec: PayloadContainer): readonly Dependency[] {
  return [
    ...(spec.dependsOn ?? []).map(({ containerName, condition }) => ({ on: containerName, condition })),
    ...(spec.links ?? []).map((link) => ({ on: link.split(":")[0] ?? link, condition: "START" as const })),
    ...(spec.volumesFrom ?? []).map(({ sourceContainer }) => ({ on: sourceContainer, condition: "CREATE" as const })),
  ];
}

/** True if each dependency names a container of the task and there is no cycle. */
export function areResolvable(specs: readonly PayloadContainer[]): boolean {
  const open = new Map(specs.map((spec) => [spec.name, dependenciesOf(spec).map((dependency) => dependency.on)]));
  for (const needs of open.values()) if (needs.some((name) => !open.has(name))) return false;
  for (;;) {
    const ready = [...open].find(([, needs]) => needs.every((name) => !open.has(name)));
    if (ready === undefined) return open.size === 0;
    open.delete(ready[0]);
  }
}

export type DependencyState =
  | { readonly state: "met" }
  /** `dueAt` is when waiting becomes a failure, if ever. */
  | { readonly state: "open"; readonly dueAt: number | null }
  | { readonly state: "failed"; readonly reason: string };

/** Whether `target` may be created, must wait, or never can be. */
export function dependencyState(
  target: EngineContainer,
  containers: readonly EngineContainer[],
  now: number,
): DependencyState {
  let dueAt: number | null = null;
  let open = false;
  for (const dependency of dependenciesOf(target.spec)) {
    const on = containers.find((candidate) => candidate.spec.name === dependency.on);
    if (on === undefined || isMet(dependency.condition, on)) continue;
    const edge = `dependency graph: failed to resolve container ordering dependency [${dependency.on}] for target [${target.spec.name}]`;
    if (on.phase === "stopped") {
      const why =
        dependency.condition === "SUCCESS" ? "as dependency did not exit successfully." : "as dependency has stopped.";
      return { state: "failed", reason: `CannotStartContainerError: ${edge} ${why}` };
    }
    open = true;
    // AWS: startTimeout limits how long others wait for this container.
    if (on.spec.startTimeout && on.launchedAt !== null) {
      const due = on.launchedAt + on.spec.startTimeout * 1_000;
      if (now >= due) return { state: "failed", reason: `CannotStartContainerError: ${edge} as it has timed out.` };
      dueAt = dueAt === null ? due : Math.min(dueAt, due);
    }
  }
  return open ? { state: "open", dueAt } : { state: "met" };
}

function isMet(condition: DependencyCondition, on: EngineContainer): boolean {
  switch (condition) {
    case "CREATE":
      return on.runtimeId !== null;
    case "START":
      return on.startedAt !== null;
    case "COMPLETE":
      return on.phase === "stopped" && on.startedAt !== null;
    case "SUCCESS":
      return on.phase === "stopped" && on.exitCode === 0;
    case "HEALTHY":
      return on.phase === "running" && on.health === "HEALTHY";
  }
}

/** True while another running container needs this one: AWS stops in the reverse order of dependsOn. */
export function isNeeded(container: EngineContainer, containers: readonly EngineContainer[]): boolean {
  return containers.some(
    (other) =>
      ["creating", "starting", "running", "restarting"].includes(other.phase) &&
      dependenciesOf(other.spec).some((dependency) => dependency.on === container.spec.name),
  );
}
