import type { TaskStatus } from "../documents/task.ts";

/** Everything that can move a task's lastStatus. */
export const taskSignals = [
  /** A task without an ENI that waited for capacity has an instance. */
  "placed",
  /** The control plane made the task's ENI; the task can go to its agent. */
  "network-interface-made",
  /** The agent confirmed the ENI. */
  "network-interface-attached",
  /** The agent reports every container started. */
  "agent-running",
  /** The agent reports every container stopped. */
  "agent-stopped",
  /** Desired is STOPPED and the agent can be told. */
  "stop-wanted",
  /** Load balancers and service discovery have let go of the task. */
  "targets-deregistered",
  /** The ENI is detached and deleted. */
  "network-interface-gone",
  /** The control plane gives up a task that no agent has. */
  "start-failed",
  /** The container instance was deregistered by force: its tasks leave the books. */
  "instance-deregistered",
] as const;
export type TaskSignal = (typeof taskSignals)[number];

/**
 * Every status × every signal. AWS: the life cycle of a task; a status never goes back. "ignored" is a late or repeated
 * signal that changes nothing. A step with nothing to do in DEACTIVATING (no targets) or DEPROVISIONING (no ENI) passes on
 * at once, see `advance`.
 */
export const taskLifecycle = {
  PROVISIONING: {
    placed: "PENDING",
    "network-interface-made": "PENDING",
    "network-interface-attached": "ignored",
    "agent-running": "ignored",
    "agent-stopped": "ignored",
    "stop-wanted": "DEPROVISIONING",
    "targets-deregistered": "ignored",
    "network-interface-gone": "ignored",
    "start-failed": "DEPROVISIONING",
    "instance-deregistered": "STOPPED",
  },
  PENDING: {
    placed: "ignored",
    "network-interface-made": "ignored",
    "network-interface-attached": "ACTIVATING",
    "agent-running": "RUNNING",
    "agent-stopped": "DEPROVISIONING",
    // The agent has the task or is about to: only its STOPPED report frees the resources.
    "stop-wanted": "ignored",
    "targets-deregistered": "ignored",
    "network-interface-gone": "ignored",
    "start-failed": "ignored",
    "instance-deregistered": "STOPPED",
  },
  ACTIVATING: {
    placed: "ignored",
    "network-interface-made": "ignored",
    "network-interface-attached": "ignored",
    "agent-running": "RUNNING",
    "agent-stopped": "DEPROVISIONING",
    "stop-wanted": "ignored",
    "targets-deregistered": "ignored",
    "network-interface-gone": "ignored",
    "start-failed": "ignored",
    "instance-deregistered": "STOPPED",
  },
  RUNNING: {
    placed: "ignored",
    "network-interface-made": "ignored",
    "network-interface-attached": "ignored",
    "agent-running": "ignored",
    "agent-stopped": "DEPROVISIONING",
    "stop-wanted": "DEACTIVATING",
    "targets-deregistered": "ignored",
    "network-interface-gone": "ignored",
    "start-failed": "ignored",
    "instance-deregistered": "STOPPED",
  },
  DEACTIVATING: {
    placed: "ignored",
    "network-interface-made": "ignored",
    "network-interface-attached": "ignored",
    "agent-running": "ignored",
    "agent-stopped": "DEPROVISIONING",
    "stop-wanted": "ignored",
    "targets-deregistered": "STOPPING",
    "network-interface-gone": "ignored",
    "start-failed": "ignored",
    "instance-deregistered": "STOPPED",
  },
  STOPPING: {
    placed: "ignored",
    "network-interface-made": "ignored",
    "network-interface-attached": "ignored",
    "agent-running": "ignored",
    "agent-stopped": "DEPROVISIONING",
    "stop-wanted": "ignored",
    "targets-deregistered": "ignored",
    "network-interface-gone": "ignored",
    "start-failed": "ignored",
    "instance-deregistered": "STOPPED",
  },
  DEPROVISIONING: {
    placed: "ignored",
    "network-interface-made": "ignored",
    "network-interface-attached": "ignored",
    "agent-running": "ignored",
    "agent-stopped": "ignored",
    "stop-wanted": "ignored",
    "targets-deregistered": "ignored",
    "network-interface-gone": "STOPPED",
    "start-failed": "ignored",
    "instance-deregistered": "STOPPED",
  },
  STOPPED: {
    placed: "ignored",
    "network-interface-made": "ignored",
    "network-interface-attached": "ignored",
    "agent-running": "ignored",
    "agent-stopped": "ignored",
    "stop-wanted": "ignored",
    "targets-deregistered": "ignored",
    "network-interface-gone": "ignored",
    "start-failed": "ignored",
    "instance-deregistered": "ignored",
  },
  DELETED: {
    placed: "ignored",
    "network-interface-made": "ignored",
    "network-interface-attached": "ignored",
    "agent-running": "ignored",
    "agent-stopped": "ignored",
    "stop-wanted": "ignored",
    "targets-deregistered": "ignored",
    "network-interface-gone": "ignored",
    "start-failed": "ignored",
    "instance-deregistered": "ignored",
  },
} as const satisfies Record<TaskStatus, Record<TaskSignal, TaskStatus | "ignored">>;
