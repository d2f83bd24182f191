import type { TaskStatus } from "../documents/task.ts";

/** Everything that can change a task's lastStatus. */
export const taskSignals = [
  /** A task without an ENI that waited for capacity got an instance. */
  "placed",
  /** The control plane created the task's ENI; the task can go to its agent. */
  "network-interface-made",
  /** The agent confirmed the ENI. */
  "network-interface-attached",
  /** The agent reports every container started. */
  "agent-running",
  /** The agent reports every container stopped. */
  "agent-stopped",
  /** The task should stop, and its agent is reachable. */
  "stop-wanted",
  /** Load balancers and service discovery have released the task. */
  "targets-deregistered",
  /** The ENI is detached and deleted. */
  "network-interface-gone",
  /** The control plane gives up a task that no agent has. */
  "start-failed",
  /** The container instance was forcibly deregistered: its tasks leave the books. */
  "instance-deregistered",
] as const;
export type TaskSignal = (typeof taskSignals)[number];

/**
 * Every status × every signal. AWS: a task's life cycle; a status never goes back. "ignored" is a late or repeated signal that changes
 * nothing. DEACTIVATING without targets and DEPROVISIONING without an ENI pass at once, see `advance`.
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
    // The agent has or is about to get the task: only its STOPPED report releases the resources.
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
