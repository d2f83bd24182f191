import type { TypeOf } from "../agent-protocol/shape.ts";
import type { roleCredentials } from "../agent-protocol/to-agent/iam-role-credentials.ts";

/** Credentials of a role, as the control plane sends them. */
export type RoleCredentials = TypeOf<typeof roleCredentials>;
export type RoleType = "TaskApplication" | "TaskExecution";

export type TaskRole = {
  readonly taskArn: string;
  readonly roleType: RoleType;
  readonly credentials: RoleCredentials;
};

/** Credentials by the id with which the containers of a task request them. */
export interface CredentialsLookup {
  find(credentialsId: string): TaskRole | null;
  /** The newest credentials of a role of a task. */
  ofTask(taskArn: string, roleType: RoleType): RoleCredentials | null;
  /** Resolves when the credentials of a role of a task are here, or the task is forgotten. At once if they are here. */
  arrival(taskArn: string, roleType: RoleType): Promise<void>;
}

/**
 * The role credentials of tasks. They are in memory only. AWS: an agent never writes them to its disk, and requests them with the
 * first connection of a process.
 */
export class TaskCredentials implements CredentialsLookup {
  readonly #byId = new Map<string, TaskRole>();
  /** By task and role. A role keeps its older ids, which containers got when they started. */
  readonly #newest = new Map<string, Map<RoleType, TaskRole>>();
  /** Who waits, by task. */
  readonly #awaited = new Map<string, PromiseWithResolvers<void>>();

  keep(taskArn: string, roleType: RoleType, credentials: RoleCredentials): void {
    const role = { taskArn, roleType, credentials };
    const roles = this.#newest.get(taskArn) ?? new Map<RoleType, TaskRole>();
    this.#newest.set(taskArn, roles.set(roleType, role));
    for (const [id, older] of this.#byId)
      if (older.taskArn === taskArn && older.roleType === roleType) this.#byId.set(id, role);
    this.#byId.set(credentials.credentialsId, role);
    this.#wake(taskArn);
  }

  find(credentialsId: string): TaskRole | null {
    return this.#byId.get(credentialsId) ?? null;
  }

  ofTask(taskArn: string, roleType: RoleType): RoleCredentials | null {
    return this.#newest.get(taskArn)?.get(roleType)?.credentials ?? null;
  }

  async arrival(taskArn: string, roleType: RoleType): Promise<void> {
    while (this.ofTask(taskArn, roleType) === null) {
      const awaited = this.#awaited.get(taskArn) ?? Promise.withResolvers<void>();
      this.#awaited.set(taskArn, awaited);
      await awaited.promise;
      if (!this.#newest.has(taskArn)) return;
    }
  }

  forget(taskArn: string): void {
    this.#forgetRoles(taskArn);
    this.#wake(taskArn);
  }

  #wake(taskArn: string): void {
    this.#awaited.get(taskArn)?.resolve();
    this.#awaited.delete(taskArn);
  }

  #forgetRoles(taskArn: string): void {
    if (!this.#newest.delete(taskArn)) return;
    for (const [id, role] of this.#byId) if (role.taskArn === taskArn) this.#byId.delete(id);
  }
}
