import type { StoredDocument } from "../store/store.ts";
import { type Role, roles } from "./roles.ts";
import { SealError, type SealKey } from "./seal-key.ts";

/** The parts of a key that may be shown. */
export type AccessKey = {
  readonly accessKeyId: string;
  readonly account: string;
  readonly userName: string | null;
  readonly role: Role;
  /** The clusters that the key is bound to. Null if it is bound to none. */
  readonly clusters: readonly string[] | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Epoch milliseconds. Null for a key that does not expire. */
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

/** The document does not contain a key. The text says so, as the end of a sentence. */
class KeyDocumentError extends Error {
  override readonly name = "KeyDocumentError";
}

/** The document of a key. Its secret is sealed. */
export function keyDocument({ accessKeyId, ...shown }: AccessKey, secret: string, sealKey: SealKey): string {
  const sealedSecret = sealKey.seal(secret, contextOf({ accessKeyId, ...shown }));
  return JSON.stringify({ ...shown, sealedSecret } satisfies StoredKey);
}

/**
 * The key in a document, and its secret. Before roles existed every key could do everything, so a document without one is an
 * admin key. Throws SealError for a document that was changed or belongs to another key, KeyDocumentError if it does not contain
 * a key.
 */
export function readKeyDocument(
  accessKeyId: string,
  body: string,
  sealKey: SealKey,
): { readonly key: AccessKey; readonly secret: string } {
  const { sealedSecret, ...stored } = parsedKey(body);
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

/** The keys in `documents`, and by id why a document cannot be used. */
export type ReadKeys = {
  readonly good: readonly { readonly key: AccessKey; readonly secret: string }[];
  readonly damaged: ReadonlyMap<string, string>;
};

/** Reads the documents of keys. Throws SealError if none of them can be unsealed: then the seal key is the wrong one. */
export function readKeyDocuments(documents: readonly StoredDocument[], sealKey: SealKey): ReadKeys {
  const good: { readonly key: AccessKey; readonly secret: string }[] = [];
  const damaged = new Map<string, string>();
  let sealed: SealError | null = null;
  for (const { key, body } of documents) {
    try {
      good.push(readKeyDocument(key, body, sealKey));
    } catch (error) {
      if (error instanceof SealError) sealed = error;
      else if (!(error instanceof KeyDocumentError)) throw error;
      damaged.set(key, error instanceof SealError ? "its secret cannot be unsealed" : error.message);
    }
  }
  if (sealed !== null && good.length === 0) throw sealed;
  return { good, damaged };
}

function parsedKey(body: string): StoredKey | OldKey {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    document = null;
  }
  if (isKey(document)) return document;
  throw new KeyDocumentError("it is not the document of an access key");
}

function isKey(document: unknown): document is StoredKey | OldKey {
  if (typeof document !== "object" || document === null) return false;
  const { account, userName, createdAt, sealedSecret, ...rights } = document as Partial<StoredKey>;
  const isOwned = typeof account === "string" && (userName === null || typeof userName === "string");
  if (!isOwned || typeof createdAt !== "number" || typeof sealedSecret !== "string") return false;
  if (!("role" in rights)) return true;
  const { role, clusters, expiresAt, origin } = rights;
  if (role === undefined || !roles.includes(role) || typeof origin !== "string") return false;
  const isBound = clusters === null || (Array.isArray(clusters) && clusters.every((name) => typeof name === "string"));
  return isBound && (expiresAt === null || typeof expiresAt === "number");
}

/** What a sealed secret is bound to: editing a document cannot give the key another user, more rights or more time. */
function contextOf({ accessKeyId, account, userName, role, clusters, expiresAt, origin }: AccessKey): string {
  return JSON.stringify([accessKeyId, account, userName, role, clusters, expiresAt, origin]);
}
