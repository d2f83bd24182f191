import { must } from "../../lib/assert.ts";
import { serviceNameOf } from "../documents/service.ts";
import { holdsResources, type Task } from "../documents/task.ts";

/** AWS: runningCount counts RUNNING tasks, pendingCount those that will become RUNNING. */
export type TaskCounts = { running: number; pending: number };

/** Each service's tasks that are not STOPPED, and their counts: an index of the task table. */
export class ServiceBook {
  readonly #taskIds = new Map<string, Set<string>>();
  /** Service name -> deployment id -> counts. */
  readonly #counts = new Map<string, Map<string, TaskCounts>>();

  /** Ids of a service's tasks that are not STOPPED. Callers must not change the set. */
  taskIdsOf(serviceName: string): ReadonlySet<string> {
    return this.#taskIds.get(serviceName) ?? none;
  }

  /** The counts of one deployment, or of all deployments of the service. */
  countsOf(serviceName: string, deploymentId: string | null = null): Readonly<TaskCounts> {
    const counts = this.#counts.get(serviceName);
    if (deploymentId !== null) return counts?.get(deploymentId) ?? { running: 0, pending: 0 };
    const total = { running: 0, pending: 0 };
    for (const { running, pending } of counts?.values() ?? []) {
      total.running += running;
      total.pending += pending;
    }
    return total;
  }

  /** The task table's listener. */
  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    const held = before !== undefined && holdsResources(before) ? serviceNameOf(before) : null;
    const holds = after !== undefined && holdsResources(after) ? serviceNameOf(after) : null;
    if (held !== null) this.#remove(held, before as Task);
    if (holds !== null) this.#add(holds, after as Task);
  }

  #add(name: string, task: Task): void {
    let ids = this.#taskIds.get(name);
    if (ids === undefined) {
      ids = new Set();
      this.#taskIds.set(name, ids);
    }
    ids.add(task.id);
    const part = partOf(task);
    if (part === null) return;
    let deployments = this.#counts.get(name);
    if (deployments === undefined) {
      deployments = new Map();
      this.#counts.set(name, deployments);
    }
    const deploymentId = task.startedBy ?? "";
    const counts = deployments.get(deploymentId) ?? { running: 0, pending: 0 };
    counts[part] += 1;
    deployments.set(deploymentId, counts);
  }

  #remove(name: string, task: Task): void {
    const ids = must(this.#taskIds.get(name), "the tasks of a service");
    ids.delete(task.id);
    if (ids.size === 0) this.#taskIds.delete(name);
    const part = partOf(task);
    if (part === null) return;
    const deployments = must(this.#counts.get(name), "the counts of a service");
    const counts = must(deployments.get(task.startedBy ?? ""), "the counts of a deployment");
    counts[part] -= 1;
    if (counts.running === 0 && counts.pending === 0) deployments.delete(task.startedBy ?? "");
    if (deployments.size === 0) this.#counts.delete(name);
  }
}

const none: ReadonlySet<string> = new Set();

function partOf({ lastStatus, desiredStatus }: Task): keyof TaskCounts | null {
  // While its agent is away, a stopping task shows its last known status, but its service no longer counts it.
  if (desiredStatus === "STOPPED") return null;
  if (lastStatus === "RUNNING") return "running";
  return lastStatus === "PROVISIONING" || lastStatus === "PENDING" || lastStatus === "ACTIVATING" ? "pending" : null;
}
