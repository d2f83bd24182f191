import type { DocumentKind } from "./document-kind.ts";

/**
 * What the tasks of a deployment have shown so far (kind `deployment-progress`, key: the deployment's id). It changes with the tasks, so it
 * is small. A deployment whose tasks have shown nothing has none.
 */
export type DeploymentProgress = {
  readonly deploymentId: string;
  readonly serviceName: string;
  /** AWS: tasks in a row that did not reach RUNNING. */
  readonly failedTasks: number;
  /** True once one of its tasks was RUNNING: from then on the circuit breaker counts failed health checks only. */
  readonly hasRun: boolean;
  /** What the circuit breaker has counted. */
  readonly breakerCount: number;
  readonly lastFailureAt: number | null;
  /** The pauses between attempts to start tasks. */
  readonly startBackoff: StartBackoff;
};

/** AWS: tasks that stop before they reach RUNNING make the next attempts wait, each time longer. */
export type StartBackoff = {
  /** Rounds of failures in a row; tasks that fail together are one round. */
  readonly rounds: number;
  /** No task is started before; null when nothing is held back. */
  readonly until: number | null;
  /** Failures of tasks made before this moment belong to a round that is counted. */
  readonly countedUpTo: number | null;
};

export const noBackoff: StartBackoff = { rounds: 0, until: null, countedUpTo: null };

/** The progress of a deployment whose tasks have shown nothing yet. */
export const noProgress = (serviceName: string, deploymentId: string): DeploymentProgress => ({
  deploymentId,
  serviceName,
  failedTasks: 0,
  hasRun: false,
  breakerCount: 0,
  lastFailureAt: null,
  startBackoff: noBackoff,
});

export const deploymentProgressKind: DocumentKind<DeploymentProgress> = {
  name: "deployment-progress",
  keyMember: "deploymentId",
  version: 1,
  shape: {
    deploymentId: "string",
    serviceName: "string",
    failedTasks: "number",
    hasRun: "boolean",
    breakerCount: "number",
    lastFailureAt: "number?",
    startBackoff: { rounds: "number", until: "number?", countedUpTo: "number?" },
  },
};
