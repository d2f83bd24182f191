import type { ContainerInstance, ContainerInstanceStatus } from "../documents/container-instance.ts";

/**
 * Everything that may move a container instance's status. Those with a trunk are apart: the trunk network interface has to be
 * made before the instance is ACTIVE, and removed before it is INACTIVE.
 */
export const instanceSignals = [
  "re-register",
  "re-register-with-trunk",
  "trunk-attached",
  "trunk-failed",
  "trunk-removed",
  "activate",
  "drain",
  "deregister",
  "deregister-with-trunk",
  "agent-connect",
] as const;
export type InstanceSignal = (typeof instanceSignals)[number];

/** The next status (possibly the same), `refused` (the caller is told no), or `ignored` (late or doubled news). */
export type InstanceTransition = ContainerInstanceStatus | "refused" | "ignored";

/**
 * AWS: the life of a container instance. ACTIVE and DRAINING change into each other by UpdateContainerInstancesState only;
 * REGISTERING and DEREGISTERING last as long as the trunk takes; INACTIVE is final.
 */
const transitions: { readonly [S in ContainerInstanceStatus]: { readonly [G in InstanceSignal]: InstanceTransition } } =
  {
    REGISTERING: {
      "re-register": "REGISTERING",
      "re-register-with-trunk": "REGISTERING",
      "trunk-attached": "ACTIVE",
      "trunk-failed": "REGISTRATION_FAILED",
      "trunk-removed": "REGISTRATION_FAILED",
      activate: "refused",
      drain: "refused",
      deregister: "INACTIVE",
      "deregister-with-trunk": "DEREGISTERING",
      "agent-connect": "REGISTERING",
    },
    REGISTRATION_FAILED: {
      // The agent's next start is the next attempt.
      "re-register": "ACTIVE",
      "re-register-with-trunk": "REGISTERING",
      "trunk-attached": "ignored",
      "trunk-failed": "ignored",
      "trunk-removed": "ignored",
      activate: "refused",
      drain: "refused",
      deregister: "INACTIVE",
      "deregister-with-trunk": "DEREGISTERING",
      "agent-connect": "REGISTRATION_FAILED",
    },
    ACTIVE: {
      "re-register": "ACTIVE",
      // AWS: awsvpcTrunking does not touch instances that are registered already.
      "re-register-with-trunk": "ACTIVE",
      "trunk-attached": "ignored",
      "trunk-failed": "ignored",
      "trunk-removed": "ignored",
      activate: "ACTIVE",
      drain: "DRAINING",
      deregister: "INACTIVE",
      "deregister-with-trunk": "DEREGISTERING",
      "agent-connect": "ACTIVE",
    },
    DRAINING: {
      "re-register": "DRAINING",
      "re-register-with-trunk": "DRAINING",
      "trunk-attached": "ignored",
      "trunk-failed": "ignored",
      "trunk-removed": "ignored",
      activate: "ACTIVE",
      drain: "DRAINING",
      deregister: "INACTIVE",
      "deregister-with-trunk": "DEREGISTERING",
      "agent-connect": "DRAINING",
    },
    DEREGISTERING: {
      "re-register": "refused",
      "re-register-with-trunk": "refused",
      "trunk-attached": "ignored",
      "trunk-failed": "ignored",
      "trunk-removed": "INACTIVE",
      activate: "refused",
      drain: "refused",
      deregister: "ignored",
      "deregister-with-trunk": "ignored",
      "agent-connect": "refused",
    },
    INACTIVE: {
      "re-register": "refused",
      "re-register-with-trunk": "refused",
      "trunk-attached": "ignored",
      "trunk-failed": "ignored",
      "trunk-removed": "ignored",
      activate: "refused",
      drain: "refused",
      deregister: "refused",
      "deregister-with-trunk": "refused",
      "agent-connect": "refused",
    },
  };

/** What `signal` does to a container instance in `status`. */
export function instanceTransition(status: ContainerInstanceStatus, signal: InstanceSignal): InstanceTransition {
  return transitions[status][signal];
}

/** `instance` in `status`, with `statusSince` following a change and the reason of an earlier status gone. */
export function withStatus(
  instance: ContainerInstance,
  status: ContainerInstanceStatus,
  now: number,
  statusReason: string | null = null,
): ContainerInstance {
  if (instance.status === status) return instance;
  return { ...instance, status, statusReason, statusSince: now };
}
