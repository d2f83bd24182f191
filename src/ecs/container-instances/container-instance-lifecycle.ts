import type { ContainerInstance, ContainerInstanceStatus } from "../documents/container-instance.ts";

/**
 * Everything that may change a container instance's status. Instances with a trunk have their own signals: the trunk network interface must
 * exist before the instance is ACTIVE, and be removed before it is INACTIVE.
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

/** The next status (possibly the same), `refused` (the call fails), or `ignored` (late or repeated news). */
export type InstanceTransition = ContainerInstanceStatus | "refused" | "ignored";

/**
 * AWS: the life of a container instance. Only UpdateContainerInstancesState changes ACTIVE to DRAINING and back. REGISTERING and
 * DEREGISTERING last as long as the trunk takes. INACTIVE is final.
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
      // The agent's next start is another attempt.
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
      // AWS: awsvpcTrunking doesn't affect instances that are already registered.
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

/** `instance` in `status`. A change updates `statusSince` and drops the old reason. */
export function withStatus(
  instance: ContainerInstance,
  status: ContainerInstanceStatus,
  now: number,
  statusReason: string | null = null,
): ContainerInstance {
  if (instance.status === status) return instance;
  return { ...instance, status, statusReason, statusSince: now };
}
