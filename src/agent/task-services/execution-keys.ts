import { ApiError } from "../remote/api-error.ts";
import type { AgentCredentials } from "../remote/request-signer.ts";
import type { CredentialsLookup, RoleCredentials } from "../task-credentials.ts";

/** The credentials with which an agent calls services for a task before and around its containers. */
export interface ExecutionKeys {
  /**
   * Those of the task's execution role or, if `usesRole` is false, the agent's. Rejects with ApiError if there are none (yet).
   * AWS: a task without an execution role uses the instance's.
   */
  of(taskArn: string, usesRole: boolean): Promise<AgentCredentials>;
}

/** Execution roles as the control plane mints them. `own`: the agent's credentials; null for none. */
export class MintedKeys implements ExecutionKeys {
  readonly #lookup: CredentialsLookup;
  readonly #own: AgentCredentials | null;

  constructor(lookup: CredentialsLookup, own: AgentCredentials | null) {
    this.#lookup = lookup;
    this.#own = own;
  }

  async of(taskArn: string, usesRole: boolean): Promise<AgentCredentials> {
    const role = usesRole ? this.#lookup.ofTask(taskArn, "TaskExecution") : null;
    if (role !== null) return keysOf(role);
    // After a restart they come with the first connection.
    if (usesRole) throw new ApiError("NoCredentials", "The credentials of the execution role have not come yet.", null);
    if (this.#own === null) throw new ApiError("NoCredentials", "The task has no execution role.", 400);
    return this.#own;
  }
}

/** Credentials of a role in the form that signs. */
export const keysOf = ({ accessKeyId, secretAccessKey, sessionToken }: RoleCredentials): AgentCredentials => ({
  accessKeyId: accessKeyId ?? "",
  secretAccessKey: secretAccessKey ?? "",
  sessionToken: sessionToken ?? null,
});
