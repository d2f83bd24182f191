import { type Role, roles } from "./roles.ts";

/** LIMIT: ten years; a longer lifetime is a typing mistake. A key can also have no expiry. */
const lifetimeMsMax = 3_650 * 86_400_000;
/** LIMIT: a key that needs more clusters than this is better bound to none; the names are kept in memory. */
const clustersMax = 20;

/** Who the key is for, and its purpose. */
export type KeyRequest = {
  readonly account: string;
  /** A user of the account. Null for its root (admin keys), or for a user named like the role. */
  readonly userName: string | null;
  /** Default: `admin`. */
  readonly role?: Role;
  /** Names of the clusters that the key is bound to, in every region. Null or absent binds it to none. */
  readonly clusters?: readonly string[] | null;
  /** Epoch milliseconds from which the key is refused. Null or absent for never. */
  readonly expiresAt?: number | null;
};

/** A checked request, with every member. */
export type CheckedKeyRequest = Required<KeyRequest>;

/** A key cannot be created as requested. The text says why. */
export class AccessKeyError extends Error {
  override readonly name = "AccessKeyError";
}

/** The request with its defaults. Throws AccessKeyError for an invalid account, user, role, cluster or time of expiry. */
export function checkedKeyRequest(request: KeyRequest, nowMs: number): CheckedKeyRequest {
  const { account, role = "admin", clusters = null, expiresAt = null } = request;
  if (!/^\d{12}$/.test(account)) throw new AccessKeyError("The account must have 12 digits.");
  if (!roles.includes(role)) throw new AccessKeyError(`The role must be one of ${roles.join(", ")}.`);
  // AWS: a root user may do everything, so a key with fewer rights belongs to another user.
  const userName = request.userName ?? (role === "admin" && clusters === null ? null : role);
  // AWS: the letters and the length of an IAM user name.
  if (userName !== null && !/^[\w+=,.@-]{1,64}$/.test(userName)) {
    throw new AccessKeyError("The user name must have 1 to 64 letters, digits or characters of +=,.@_-");
  }
  if (expiresAt !== null && !(expiresAt > nowMs && expiresAt <= nowMs + lifetimeMsMax)) {
    throw new AccessKeyError("The time of expiry must be in the future and within ten years.");
  }
  return { account, userName, role, clusters: clusters === null ? null : checkedClusters(clusters), expiresAt };
}

function checkedClusters(clusters: readonly string[]): readonly string[] {
  const named = [...new Set(clusters)].sort();
  if (named.length === 0 || named.length > clustersMax) {
    throw new AccessKeyError(`A key can be bound to 1 to ${clustersMax} clusters.`);
  }
  // AWS: the names of clusters.
  const wrong = named.find((name) => !/^[A-Za-z0-9_-]{1,255}$/.test(name));
  if (wrong === undefined) return named;
  throw new AccessKeyError(
    `"${wrong.slice(0, 64)}" is not the name of a cluster (letters, digits, - and _, at most 255).`,
  );
}
