import type { Task } from "../documents/task.ts";

/** What is known of a RUNNING task's health. */
export type Verdict = "healthy" | "unhealthy" | "unknown";

/** Something that checks the tasks of services. What is known comes in with reports and is in the task's document. */
export type TaskCheck = {
  /** What it says of a task; null when it does not check this one. */
  readonly verdict: (task: Task) => Verdict | null;
  /** AWS: why a task that fails it is stopped. */
  readonly stoppedReason: string;
  /** AWS: what the service's events say of it. */
  readonly told: (taskId: string) => string;
};

const containerHealth: TaskCheck = {
  verdict({ containers, healthStatus }) {
    if (!containers.some((container) => container.essential && container.healthStatus !== null)) return null;
    if (healthStatus === "UNKNOWN") return "unknown";
    return healthStatus === "HEALTHY" ? "healthy" : "unhealthy";
  },
  stoppedReason: "Task failed container health checks",
  told: (taskId) => `(task ${taskId}) failed container health checks.`,
};

/** Every check there is; that of load balancers has its place here. */
export const taskChecks: readonly TaskCheck[] = [containerHealth];

/** What all checks say together: healthy when each that checks the task does, null when none does. */
export function verdictOf(task: Task): Verdict | null {
  let together: Verdict | null = null;
  for (const check of taskChecks) {
    const verdict = check.verdict(task);
    if (verdict === "unhealthy") return verdict;
    if (verdict === "unknown" || together === null) together = verdict ?? together;
  }
  return together;
}

/** The check that a task fails; null when it fails none. */
export const failedCheck = (task: Task): TaskCheck | null =>
  taskChecks.find((check) => check.verdict(task) === "unhealthy") ?? null;
