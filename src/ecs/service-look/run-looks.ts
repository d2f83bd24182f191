import { queryStepsMax } from "../placement/selections.ts";
import { changesPerLook } from "../service-plan/plan-service.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { lookAtService } from "./look-at-service.ts";

// LIMIT: a step holds the event loop; services beyond this are looked at in the next step, which follows at once.
const looksMax = 200;

/** Looks at the services that are due. AWS: daemons are placed before everything else. */
export function runLooks(step: ClusterStep): void {
  const { serviceIndex } = step.state;
  const { looks, daemons } = serviceIndex;
  const due = looks.takeDue(step.now);
  const others = due.filter((name) => !daemons.has(name));
  const behind = others.length > 0 ? serviceIndex.takeDaemonsBehind() : [];
  look(step, [...behind, ...due.filter((name) => daemons.has(name)), ...others]);
}

/** New room on an instance is for its daemons first, though the pace of their looks would have them wait. */
export function lookAtDaemonsBehind(step: ClusterStep): void {
  look(step, step.state.serviceIndex.takeDaemonsBehind());
}

function look(step: ClusterStep, names: readonly string[]): void {
  let changes = 0;
  const { selections } = step.state.placement;
  for (const [index, name] of names.entries()) {
    // What is left may not be enough for one more look.
    const isSpent = index > 0 && selections.spent > queryStepsMax / 2;
    if (index >= looksMax || changes >= changesPerLook || isSpent) step.state.serviceIndex.looks.at(name, 0);
    else changes += lookAtService(step, name);
  }
}
