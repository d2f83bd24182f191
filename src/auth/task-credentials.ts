/**
 * Temporary credentials for the roles of tasks. Nothing is stored: the session token says who they are for and until when, and
 * everything else is derived from it with a key that only the server has.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { AuthError } from "./auth-error.ts";
import type { KeyOwner } from "./sigv4.ts";

/** LIMIT: AWS's task credentials last six hours. */
export const taskCredentialsMs = 6 * 3_600_000;

/** A role of a task: the one its containers use, or the one with which its agent prepares it. */
export type TaskRole = {
  readonly taskArn: string;
  readonly roleArn: string;
  readonly use: "TaskApplication" | "TaskExecution";
};

export type TemporaryCredentials = {
  /** Always the same for a task and a role, because containers get it only once. */
  readonly credentialsId: string;
  readonly roleArn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
};

/** The owner of temporary credentials: the caller is the task, and may act only on itself. */
export type TaskKeyOwner = KeyOwner & { readonly task: { readonly arn: string; readonly region: string } };

/** How a session token begins, so that a later form can be recognised. */
const tokenForm = "berth1";

// LIMIT: a token has about 600 characters; a much longer one is not ours and not worth a hash.
const tokenLengthMax = 4_096;

/** AWS: ids of temporary keys begin with ASIA. */
const temporaryKeyPattern = /^ASIA[A-Z2-7]{16}$/;

export class TaskCredentialsIssuer {
  readonly #idKey: Uint8Array;
  readonly #tokenKey: Uint8Array;
  readonly #accessKey: Uint8Array;
  readonly #secretKey: Uint8Array;

  /** `key` is 32 secret bytes. The same key gives the same ids, and accepts these credentials. */
  constructor(key: Uint8Array) {
    const derived = (purpose: string) =>
      new Uint8Array(hkdfSync("sha256", key, new Uint8Array(), `berth task credentials: ${purpose}`, 32));
    this.#idKey = derived("credentials id");
    this.#tokenKey = derived("session token");
    this.#accessKey = derived("access key id");
    this.#secretKey = derived("secret access key");
  }

  /** Credentials for `role` from now on, for {@link taskCredentialsMs}. */
  mint(role: TaskRole, nowMs: number): TemporaryCredentials {
    // A whole second, because that is what an agent receives.
    const expiresAt = Math.floor((nowMs + taskCredentialsMs) / 1000) * 1000;
    const claims = Buffer.from(JSON.stringify([role.taskArn, role.roleArn, role.use, expiresAt])).toString("base64url");
    const sessionToken = `${tokenForm}.${claims}.${this.#macOf(claims)}`;
    return {
      credentialsId: this.credentialsId(role),
      roleArn: role.roleArn,
      accessKeyId: this.#accessKeyId(sessionToken),
      secretAccessKey: this.#secret(sessionToken),
      sessionToken,
      expiresAt,
    };
  }

  /** An id for a task and a role, which reveals them only to holders of the key. AWS: in the form of a UUID. */
  credentialsId({ taskArn, use }: Pick<TaskRole, "taskArn" | "use">): string {
    const hex = hmac(this.#idKey, JSON.stringify([taskArn, use])).toString("hex");
    const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
    return [...parts, hex.slice(20, 32)].join("-");
  }

  /**
   * The owner of these temporary credentials. Throws AuthError: UnrecognizedClientException for a token that is not ours or does
   * not belong to the key id, ExpiredTokenException if it has expired.
   */
  owner(accessKeyId: string, sessionToken: string, nowMs: number): TaskKeyOwner {
    const [form, claims = "", mac = "", ...more] = sessionToken.length > tokenLengthMax ? [] : sessionToken.split(".");
    if (form !== tokenForm || more.length > 0 || !equal(this.#macOf(claims), mac)) throw unrecognized();
    if (!equal(this.#accessKeyId(sessionToken), accessKeyId)) throw unrecognized();
    const [taskArn, roleArn, , expiresAt] = JSON.parse(Buffer.from(claims, "base64url").toString()) as [
      string,
      string,
      TaskRole["use"],
      number,
    ];
    // AWS: code and text for an expired token.
    if (nowMs >= expiresAt) {
      throw new AuthError("ExpiredTokenException", "The security token included in the request is expired");
    }
    return { secret: this.#secret(sessionToken), userName: null, ...callerOf(taskArn, roleArn) };
  }

  #macOf(claims: string): string {
    return hmac(this.#tokenKey, claims).toString("base64url");
  }

  #accessKeyId(sessionToken: string): string {
    let id = "ASIA";
    for (const byte of hmac(this.#accessKey, sessionToken).subarray(0, 16)) id += base32.charAt(byte & 31);
    return id;
  }

  /** AWS: a secret is 40 characters of base64. */
  #secret(sessionToken: string): string {
    return hmac(this.#secretKey, sessionToken).subarray(0, 30).toString("base64");
  }
}

/** True for a key id that is worthless without its session token. */
export const isTemporaryKey = (accessKeyId: string): boolean => temporaryKeyPattern.test(accessKeyId);

/** AWS: the caller under a role is named after the role, without its path, and the session. A task's session is its id. */
function callerOf(taskArn: string, roleArn: string): Pick<TaskKeyOwner, "account" | "principalArn" | "task"> {
  const [, partition = "", , region = "", account = "", resource = ""] = taskArn.split(":");
  const roleName = roleArn.slice(roleArn.lastIndexOf("/") + 1);
  const taskId = resource.slice(resource.lastIndexOf("/") + 1);
  return {
    account,
    principalArn: `arn:${partition}:sts::${account}:assumed-role/${roleName}/${taskId}`,
    task: { arn: taskArn, region },
  };
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const hmac = (key: Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();

function equal(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** AWS: text for unknown keys and tokens. */
const unrecognized = (): AuthError =>
  new AuthError("UnrecognizedClientException", "The security token included in the request is invalid.");
