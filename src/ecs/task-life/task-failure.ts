import type { Container, Task } from "../documents/task.ts";

/** A task that stopped although nobody asked for it, and what is known about the cause. */
export type TaskFailure = {
  readonly taskArn: string;
  readonly stopCode: string;
  readonly stoppedReason: string;
  readonly stoppedAt: number;
  /** The relevant containers: an exit code other than 0, a reason, or a failed health check. */
  readonly containers: readonly {
    readonly name: string;
    readonly exitCode: number | null;
    readonly reason: string | null;
    readonly healthStatus: string | null;
  }[];
};

/** Why a STOPPED task failed; null for one that isn't STOPPED, or that a user or its service stopped. */
export function taskFailure(task: Task): TaskFailure | null {
  const { arn, lastStatus, stopCode, stoppedReason, stoppedAt, containers } = task;
  if (lastStatus !== "STOPPED" || (stopCode !== "TaskFailedToStart" && stopCode !== "EssentialContainerExited")) {
    return null;
  }
  return {
    taskArn: arn,
    stopCode,
    stoppedReason: stoppedReason ?? "",
    stoppedAt: stoppedAt ?? task.statusSince,
    containers: containers.filter(saysSomething).map(({ name, exitCode, reason, healthStatus }) => ({
      name,
      exitCode,
      reason,
      healthStatus: healthStatus === "UNHEALTHY" ? healthStatus : null,
    })),
  };
}

const saysSomething = ({ exitCode, reason, healthStatus }: Container): boolean =>
  (exitCode ?? 0) !== 0 || (reason ?? "") !== "" || healthStatus === "UNHEALTHY";

/** LIMIT: fits in a line of a service's events; the task itself has the whole text of each reason. */
const reasonCharacters = 300;

/** A failure in one line, such as `Essential container in task exited; container app: exit code 3`. */
export function failureText({ stopCode, stoppedReason, containers }: TaskFailure): string {
  const parts = [stoppedReason === "" ? stopCode : shortened(stoppedReason)];
  for (const { name, exitCode, reason, healthStatus } of containers) {
    const said = [exitCode === null ? "" : `exit code ${exitCode}`, shortened(reason ?? ""), healthStatus ?? ""].filter(
      (text) => text !== "" && text !== stoppedReason,
    );
    if (said.length > 0) parts.push(`container ${name}: ${said.join(", ")}`);
  }
  return parts.join("; ");
}

const shortened = (text: string): string =>
  text.length <= reasonCharacters ? text : `${text.slice(0, reasonCharacters)}...`;
