import { must } from "../../lib/assert.ts";
import { forgetCluster } from "../clusters/cluster-life.ts";
import { instanceDue } from "../container-instances/instance-timers.ts";
import { capacityProviderKind } from "../documents/capacity-provider.ts";
import { clusterKind } from "../documents/cluster.ts";
import { containerInstanceKind } from "../documents/container-instance.ts";
import { serviceDeploymentKind } from "../documents/deployment.ts";
import type { DocumentKind } from "../documents/document-kind.ts";
import { drainKind } from "../documents/drain.ts";
import { managedHostKind } from "../documents/managed-host.ts";
import { registrationTokenKind } from "../documents/registration-token.ts";
import { runTaskTokenKind } from "../documents/run-task-token.ts";
import { serviceKind } from "../documents/service.ts";
import { taskKind } from "../documents/task.ts";
import { drainDue } from "../drains/drain-deadline.ts";
import { endHost } from "../fargate/hosts-for-tasks.ts";
import { placeWaitingTasks } from "../launch/waiting-retry.ts";
import { forgetService } from "../rollout/forget-service.ts";
import { serviceDeploymentDue } from "../rollout/service-history.ts";
import { lookAtDaemonsBehind } from "../service-look/run-looks.ts";
import type { AccountStep } from "../state/account-step.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { taskDue } from "../tasks/task-timers.ts";

// LIMIT: a step blocks the event loop, so what is due beyond this number waits for the next step, which follows at once.
const dueMax = 500;

/** What happens to a document of a kind when it is due. */
type Happening<Step> = (step: Step, document: object, key: string) => void;

/** By name of the kind. */
export type DueTable<Step> = ReadonlyMap<string, Happening<Step>>;

/** One row: `happen` gets only documents of this kind. */
const when = <Step, D extends object>(
  kind: DocumentKind<D>,
  happen: (step: Step, document: D, key: string) => void,
): [string, Happening<Step>] => [kind.name, happen as Happening<Step>];

/** A row for each kind of a cluster's documents that has a `dueAt`. */
export const dueInCluster: DueTable<ClusterStep> = new Map([
  when(taskKind, taskDue),
  when(containerInstanceKind, instanceDue),
  when(drainKind, drainDue),
  when(managedHostKind, endHost),
  when(serviceKind, forgetService),
  when(serviceDeploymentKind, serviceDeploymentDue),
  when(runTaskTokenKind, ({ state }: ClusterStep, _, key) => state.runTaskTokens.delete(key)),
  when(registrationTokenKind, ({ state }: ClusterStep, _, key) => state.registrationTokens.delete(key)),
]);

/** A row for each kind of an account's documents that has a `dueAt`. */
export const dueInAccount: DueTable<AccountStep> = new Map([
  when(clusterKind, (step: AccountStep, _, name) => forgetCluster(step, name)),
  when(capacityProviderKind, ({ state }: AccountStep, _, name) => state.capacityProviders.delete(name)),
]);

/** A cluster's timer: tries to place waiting tasks, and does what is due at `step.now`. */
export function runDue(step: ClusterStep): void {
  const waitingAt = step.state.waitingTasks.lookAt(step.timeline);
  if (waitingAt !== null && waitingAt <= step.now) lookAtDaemonsBehind(step);
  placeWaitingTasks(step);
  runDueDocuments(step, dueInCluster);
}

/** Does what is due at `step.now`. */
export function runDueDocuments<Step extends ClusterStep | AccountStep>(step: Step, table: DueTable<Step>): void {
  const { now, timeline } = step;
  const { due } = step.state;
  for (let done = 0; done < dueMax; done++) {
    const next = due.take(now);
    if (next === undefined) return;
    const { kind } = next.table;
    const document = next.table.get(next.key);
    const dueAt = document === undefined ? null : (kind.dueAt?.(document, timeline) ?? null);
    // A stale entry: the document has changed since.
    if (document === undefined || dueAt === null || dueAt > now) continue;
    must(table.get(kind.name), `what happens when a ${kind.name} is due`)(step, document, next.key);
  }
}
