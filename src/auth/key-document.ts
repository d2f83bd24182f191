import type { Role } from "./roles.ts";
import type { SealKey } from "./seal-key.ts";

/** What may be shown of a key. */
export type AccessKey = {
  readonly accessKeyId: string;
  readonly account: string;
  readonly userName: string | null;
  readonly role: Role;
  /** The clusters that the key is bound to; null when it is bound to none. */
  readonly clusters: readonly string[] | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Epoch milliseconds; null for a key that does not expire. */
  readonly expiresAt: number | null;
  /**
   * The id of the first key in a chain of rotations, or this key's own id: container instances belong to the chain.
   */
  readonly origin: string;
};

export const keyKind = "access-key";
export const keyUseKind = "access-key-use";

type StoredKey = Omit<AccessKey, "accessKeyId"> & { readonly sealedSecret: string };
/** A document from before keys had roles. */
type OldKey = Pick<StoredKey, "account" | "userName" | "createdAt" | "sealedSecret">;

/** The document of a key; the secret in it is sealed. */
export function keyDocument({ accessKeyId, ...shown }: AccessKey, secret: string, sealKey: SealKey): string {
  const sealedSecret = sealKey.seal(secret, contextOf({ accessKeyId, ...shown }));
  return JSON.stringify({ ...shown, sealedSecret } satisfies StoredKey);
}

/**
 * The key in a document, and its secret. Before there were roles, every key could do everything, so a document without one is an
 * admin key. Throws SealError for a document that was changed or belongs to another key.
 */
export function readKeyDocument(
  accessKeyId: string,
  body: string,
  sealKey: SealKey,
): { readonly key: AccessKey; readonly secret: string } {
  const { sealedSecret, ...stored } = JSON.parse(body) as StoredKey | OldKey;
  if ("role" in stored) {
    const key = { accessKeyId, ...stored };
    return { key, secret: sealKey.unseal(sealedSecret, contextOf(key)) };
  }
  const { account, userName } = stored;
  const secret = sealKey.unseal(sealedSecret, JSON.stringify([accessKeyId, account, userName]));
  return {
    key: { accessKeyId, ...stored, role: "admin", clusters: null, expiresAt: null, origin: accessKeyId },
    secret,
  };
}

/** What a sealed secret is bound to: editing a document cannot give the key another user, more rights or more time. */
function contextOf({ accessKeyId, account, userName, role, clusters, expiresAt, origin }: AccessKey): string {
  return JSON.stringify([accessKeyId, account, userName, role, clusters, expiresAt, origin]);
}
