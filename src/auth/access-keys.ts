import { randomBytes } from "node:crypto";
import { must } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { DocumentWrite, Store, StoredDocument } from "../store/store.ts";
import { SealError, SealKey } from "./seal-key.ts";
import type { KeyOwner } from "./sigv4.ts";

const partition = "access-keys";
const kind = "access-key";

// LIMIT: all keys are in memory; a control plane has tens of them, and this many take some 10 MB.
const keysMax = 10_000;

/** Whose key is made: a user of the account, or its root when `userName` is null. */
export type KeyRequest = { readonly account: string; readonly userName: string | null };

/** What may be shown of a key. */
export type AccessKey = {
  readonly accessKeyId: string;
  readonly account: string;
  readonly userName: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
};

/** A key just made: the only moment at which its secret is shown. */
export type CreatedKey = AccessKey & { readonly secret: string };

/** The document of a key; the secret in it is sealed. */
type KeyDocument = Omit<AccessKey, "accessKeyId"> & { readonly sealedSecret: string };

/** A key cannot be made as asked; the text says why. */
export class AccessKeyError extends Error {
  override readonly name = "AccessKeyError";
}

/** The access keys of a control plane, kept in the store with their secrets sealed. */
export class AccessKeys {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #epoch: number;
  readonly #sealKey: SealKey;
  readonly #keys = new Map<string, AccessKey & KeyOwner>();
  /** By id, why a key cannot be read. */
  readonly #damaged = new Map<string, string>();

  private constructor(clock: Clock, store: Store, epoch: number, sealKey: SealKey) {
    this.#clock = clock;
    this.#store = store;
    this.#epoch = epoch;
    this.#sealKey = sealKey;
  }

  /**
   * Takes the partition of the access keys and reads them; those that are damaged are left out, see `damaged`. The file at
   * `sealKeyPath` is created when there are no keys yet.
   * Throws SealError when it is missing, damaged or another one than the keys were sealed with.
   */
  static async open(clock: Clock, store: Store, sealKeyPath: string): Promise<AccessKeys> {
    const { epoch, documents } = await store.open(partition);
    const own = documents.filter((document) => document.kind === kind);
    const keys = new AccessKeys(clock, store, epoch, SealKey.open(sealKeyPath, own.length === 0));
    for (const [id, why] of findDamagedKeys(own, keys.#sealKey)) keys.#damaged.set(id, damageText(store, id, why));
    for (const { key, body } of own) {
      if (keys.#damaged.has(key)) continue;
      const { sealedSecret, ...document } = JSON.parse(body) as KeyDocument;
      const shown = { ...document, accessKeyId: key };
      keys.#keep(shown, keys.#sealKey.unseal(sealedSecret, contextOf(shown)));
    }
    return keys;
  }

  /** The keys that cannot be read, each a sentence that says which. They are as good as deleted, and stay in the store. */
  get damaged(): readonly string[] {
    return [...this.#damaged.values()];
  }

  /** Makes a key and gives it with its secret once it is durable. Throws AccessKeyError for an unfit account or user name. */
  async createKey({ account, userName }: KeyRequest): Promise<CreatedKey> {
    if (!/^\d{12}$/.test(account)) throw new AccessKeyError("The account must have 12 digits.");
    // AWS: the letters and the length of an IAM user name.
    if (userName !== null && !/^[\w+=,.@-]{1,64}$/.test(userName)) {
      throw new AccessKeyError("The user name must have 1 to 64 letters, digits or characters of +=,.@_-");
    }
    if (this.#keys.size >= keysMax) throw new AccessKeyError(`There are ${keysMax} access keys already.`);
    const key: AccessKey = { accessKeyId: randomKeyId(), account, userName, createdAt: this.#clock.wall() };
    // AWS: a secret is 40 characters of base64.
    const secret = randomBytes(30).toString("base64");
    const document: KeyDocument = {
      account,
      userName,
      createdAt: key.createdAt,
      sealedSecret: this.#sealKey.seal(secret, contextOf(key)),
    };
    await this.#append({ kind, key: key.accessKeyId, body: JSON.stringify(document) });
    this.#keep(key, secret);
    return { ...key, secret };
  }

  /** All keys without their secrets, by id. */
  listKeys(): AccessKey[] {
    const ids = [...this.#keys.keys()].sort();
    return ids.map((id) => {
      const { accessKeyId, account, userName, createdAt } = must(this.#keys.get(id), id);
      return { accessKeyId, account, userName, createdAt };
    });
  }

  /** Deletes a key for good. False when there is none with this id. */
  async deleteKey(accessKeyId: string): Promise<boolean> {
    if (!this.#keys.has(accessKeyId) && !this.#damaged.has(accessKeyId)) return false;
    await this.#append({ kind, key: accessKeyId, body: null });
    this.#damaged.delete(accessKeyId);
    this.#keys.delete(accessKeyId);
    return true;
  }

  /** The owner and the secret of a key, or null. Usable as it stands as the `findKey` of `verifySignature`. */
  readonly find = (accessKeyId: string, sessionToken: string | null = null): KeyOwner | null =>
    // AWS: a lasting key is not known together with a session token.
    sessionToken === null ? (this.#keys.get(accessKeyId) ?? null) : null;

  /** 32 bytes for another purpose, which stay the same as long as the seal key does and do not tell it. */
  deriveKey(purpose: string): Uint8Array {
    return this.#sealKey.derive(purpose);
  }

  #append(document: DocumentWrite): Promise<void> {
    return this.#store.append(partition, this.#epoch, { documents: [document], events: [] });
  }

  #keep(key: AccessKey, secret: string): void {
    this.#keys.set(key.accessKeyId, { ...key, secret, principalArn: principalArn(key) });
  }
}

/**
 * Which of `documents` cannot be used, by id, and why. Throws SealError when none of them can be unsealed: then the key is
 * another one.
 */
export function findDamagedKeys(documents: readonly StoredDocument[], sealKey: SealKey): Map<string, string> {
  const damaged = new Map<string, string>();
  let unsealed: SealError | null = null;
  let good = 0;
  for (const { key, body } of documents) {
    const document = keyDocumentOf(body);
    if (document === null) {
      damaged.set(key, "it is not the document of an access key");
      continue;
    }
    try {
      sealKey.unseal(document.sealedSecret, contextOf({ ...document, accessKeyId: key }));
      good += 1;
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      unsealed = error;
      damaged.set(key, "its secret cannot be unsealed");
    }
  }
  if (unsealed !== null && good === 0) throw unsealed;
  return damaged;
}

/** The document in `body`, or null when it is none. */
function keyDocumentOf(body: string): KeyDocument | null {
  try {
    const document = JSON.parse(body) as Partial<KeyDocument> | null;
    const { account, userName, createdAt, sealedSecret } = document ?? {};
    const isWhole =
      typeof account === "string" &&
      (userName === null || typeof userName === "string") &&
      typeof createdAt === "number" &&
      typeof sealedSecret === "string";
    return isWhole ? (document as KeyDocument) : null;
  } catch {
    return null;
  }
}

const damageText = ({ medium }: Store, key: string, why: string): string =>
  `${medium}, partition "${partition}", document ${kind} "${key}": ${why}. The key is refused; delete it with "berth keys delete" and make another one.`;

/** AWS: the ARN of a user or of the account's root. */
function principalArn({ account, userName }: AccessKey): string {
  return `arn:aws:iam::${account}:${userName === null ? "root" : `user/${userName}`}`;
}

/** What a sealed secret is bound to, so that a document that was moved or changed cannot give its secret to another user. */
function contextOf({ accessKeyId, account, userName }: AccessKey): string {
  return JSON.stringify([accessKeyId, account, userName]);
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** AWS: ids of lasting keys begin with AKIA and have 16 more characters. */
function randomKeyId(): string {
  let id = "AKIA";
  for (const byte of randomBytes(16)) id += base32.charAt(byte & 31);
  return id;
}
