import type { Clock } from "../../lib/clock.ts";
import { ApiError, xmlElement } from "../remote/api-error.ts";
import type { AwsClient } from "../remote/aws-client.ts";
import type { AgentCredentials } from "../remote/request-signer.ts";
import type { RoleCredentials, TaskRole } from "../task-credentials.ts";

export type AssumedRolesOptions = {
  readonly client: AwsClient;
  /** The keys that may assume the roles. Read each time, because their owner may renew them. Rejects with ApiError. */
  readonly ownKeys: () => Promise<AgentCredentials>;
  readonly clock: Clock;
};

type Assumed = { readonly roleArn: string; readonly expiresAt: number; readonly credentials: Promise<RoleCredentials> };

/** LIMIT: AWS: how long credentials last if nobody asks for more. */
const lastMs = 3_600_000;
/** LIMIT: AWS: SDKs renew credentials five minutes before their end, so they must get others by then. */
const renewMs = 600_000;
/** LIMIT: two roles of as many tasks as a host runs. */
const keptMax = 4_096;

/** Credentials of roles of AWS, from its STS. */
export class AssumedRoles {
  readonly #options: AssumedRolesOptions;
  /** By task and use, the oldest first. */
  readonly #kept = new Map<string, Assumed>();

  constructor(options: AssumedRolesOptions) {
    this.#options = options;
  }

  ownKeys(): Promise<AgentCredentials> {
    return this.#options.ownKeys();
  }

  /** Credentials of the role in the name of its task, with the id of the minted ones. Rejects with ApiError. */
  async of({ taskArn, roleType, credentials: minted }: TaskRole): Promise<RoleCredentials> {
    const { clock } = this.#options;
    const key = `${taskArn} ${roleType}`;
    const roleArn = minted.roleArn ?? "";
    const known = this.#kept.get(key);
    if (known?.roleArn === roleArn && known.expiresAt - renewMs > clock.now()) {
      return { ...(await known.credentials), credentialsId: minted.credentialsId };
    }
    const credentials = this.#assume(taskArn, roleArn);
    this.#kept.delete(key);
    this.#kept.set(key, { roleArn, expiresAt: clock.now() + lastMs, credentials });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptMax) break;
      this.#kept.delete(oldest);
    }
    try {
      return { ...(await credentials), credentialsId: minted.credentialsId };
    } catch (error) {
      // The next caller tries again.
      if (this.#kept.get(key)?.credentials === credentials) this.#kept.delete(key);
      throw error;
    }
  }

  async #assume(taskArn: string, RoleArn: string): Promise<RoleCredentials> {
    const { client, ownKeys } = this.#options;
    const [, , , region = "", , resource = ""] = taskArn.split(":");
    // AWS: the session of a task's role has the id of the task.
    const RoleSessionName = resource.split("/").at(-1) ?? "";
    const parameters = { Action: "AssumeRole", RoleArn, RoleSessionName, DurationSeconds: String(lastMs / 1_000) };
    const answer = await client.sts(parameters, { region, credentials: await ownKeys() });
    const accessKeyId = xmlElement(answer, "AccessKeyId");
    const secretAccessKey = xmlElement(answer, "SecretAccessKey");
    const sessionToken = xmlElement(answer, "SessionToken");
    const expiration = xmlElement(answer, "Expiration");
    if (accessKeyId === null || secretAccessKey === null || sessionToken === null) {
      throw new ApiError("NotAws", "The answer of sts had no credentials.", 200);
    }
    return { credentialsId: "", roleArn: RoleArn, accessKeyId, secretAccessKey, sessionToken, expiration };
  }
}
