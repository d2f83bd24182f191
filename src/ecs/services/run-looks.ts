import type { ClusterStep } from "../cluster-step.ts";
import { changesPerLook, lookAtService } from "./look-at-service.ts";

// LIMIT: a step holds the event loop; services beyond this are looked at in the next step, which follows at once.
const looksMax = 200;

/** Looks at the services that are due. AWS: daemons are placed before everything else. */
export function runLooks(step: ClusterStep): void {
  const { looks, daemons } = step.state.serviceIndex;
  const due = looks.takeDue(step.now);
  const ordered = [...due.filter((name) => daemons.has(name)), ...due.filter((name) => !daemons.has(name))];
  let changes = 0;
  for (const [index, name] of ordered.entries()) {
    if (index >= looksMax || changes >= changesPerLook) looks.at(name, 0);
    else changes += lookAtService(step, name);
  }
}
