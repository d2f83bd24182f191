import { ApiError } from "../remote/api-error.ts";
import type { AwsEndpoints, AwsService } from "../remote/aws-client.ts";
import type { AgentCredentials } from "../remote/request-signer.ts";
import type { CredentialsLookup, RoleCredentials, TaskRole } from "../task-credentials.ts";
import type { AssumedRoles } from "./assumed-roles.ts";

export type ExecutionKeysOptions = {
  /** Roles as the control plane mints their credentials. */
  readonly minted: CredentialsLookup;
  /** Roles of AWS itself. Null: the minted ones are good everywhere. */
  readonly assumed: AssumedRoles | null;
  readonly endpoints: () => AwsEndpoints;
  /** The agent's own credentials. Null for none. */
  readonly own: AgentCredentials | null;
};

/** The credentials with which an agent calls services for a task, and those that the task's containers get. */
export class ExecutionKeys {
  readonly #options: ExecutionKeysOptions;

  constructor(options: ExecutionKeysOptions) {
    this.#options = options;
  }

  /**
   * Those of the task's execution role for a service or, if `usesRole` is false, the agent's. Rejects with ApiError if there are none
   * (yet). AWS: a task without an execution role uses the instance's.
   */
  async of(taskArn: string, usesRole: boolean, service: AwsService): Promise<AgentCredentials> {
    const { minted, assumed, endpoints, own } = this.#options;
    const isAws = assumed !== null && endpoints()[service] === "aws";
    if (!usesRole) {
      const keys = isAws ? await assumed.ownKeys() : own;
      if (keys === null) throw new ApiError("NoCredentials", "The task has no execution role.", 400);
      return keys;
    }
    const credentials = minted.ofTask(taskArn, "TaskExecution");
    // After a restart they come with the first connection.
    if (credentials === null)
      throw new ApiError("NoCredentials", "The credentials of the role have not come yet.", null);
    return keysOf(isAws ? await assumed.of({ taskArn, roleType: "TaskExecution", credentials }) : credentials);
  }

  /** Resolves when the task has the credentials of its execution role, or is over. After a restart they come with the first connection. */
  arrival(taskArn: string): Promise<void> {
    return this.#options.minted.arrival(taskArn, "TaskExecution");
  }

  /** What the containers of a task get for a role. Rejects with ApiError. */
  async ofTask(role: TaskRole): Promise<RoleCredentials> {
    const { assumed } = this.#options;
    return assumed === null ? role.credentials : await assumed.of(role);
  }
}

/** Credentials of a role in the form that signs. */
export const keysOf = ({ accessKeyId, secretAccessKey, sessionToken }: RoleCredentials): AgentCredentials => ({
  accessKeyId: accessKeyId ?? "",
  secretAccessKey: secretAccessKey ?? "",
  sessionToken: sessionToken ?? null,
});
