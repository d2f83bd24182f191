/**
 * Actions as `authorize` sees them, and which role may take which. The actions of calls come from the rows of their operations; the
 * other actions are here.
 */
import type { Role } from "./roles.ts";

/**
 * What an action is: `read` changes nothing, `operate` changes what runs, `administer` changes the account as a whole, `speak` reports
 * for a container instance. One for `everyone` needs no permission.
 */
export type Level = "read" | "operate" | "administer" | "speak" | "everyone";

/** The levels of each role. An agent key has hardly any: an action says itself whether agents may take it. */
export const levelsOf: Readonly<Record<Role, readonly Level[]>> = {
  admin: ["read", "operate", "administer", "speak", "everyone"],
  operator: ["read", "operate", "everyone"],
  "read-only": ["read", "everyone"],
  agent: ["everyone"],
};

/** Something that a caller wants to do, and what the action itself says about who may. */
export type Action = {
  /** Such as `ecs:RunTask`. */
  readonly name: string;
  /** Null if nobody may do it. */
  readonly level: Level | null;
  /**
   * The types of resources that an agent key may name in it; null if agents may not take it. The cluster's rules (`instance-owner.ts`) check
   * that the instance, or the task's instance, is one that this key registered. AWS: the policy AmazonEC2ContainerServiceforEC2Role.
   * DIFFERS: an agent key may not call CreateCluster, which the policy for instances on AWS allows: the cluster must exist before its agents start.
   */
  readonly agents: readonly string[] | "anything" | null;
  /**
   * The same for the credentials of a task's roles, which only cover the task itself.
   * DIFFERS: there are no policies yet, so a task's role only allows what a task needs from ECS about itself.
   */
  readonly tasks: readonly string[] | "anything" | null;
};

/** AWS: what an agent does when it opens the socket for its commands. */
export const poll: Action = { name: "ecs:Poll", level: "speak", agents: ["container-instance"], tasks: null };

/** AWS: what an agent does when it opens the socket for telemetry. */
export const startTelemetrySession: Action = { ...poll, name: "ecs:StartTelemetrySession" };

/** Reads the figures of the whole process, all accounts together. */
export const readMetrics: Action = { name: "berth:ReadMetrics", level: "read", agents: null, tasks: null };

/** The actions that are no operations of an API. */
export const otherActions: readonly Action[] = [poll, startTelemetrySession, readMetrics];
