import { randomBytes } from "node:crypto";
import { must } from "../lib/assert.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { DocumentWrite, Store } from "../store/store.ts";
import { AuthError } from "./auth-error.ts";
import type { Principal } from "./authorize.ts";
import { type AccessKey, keyDocument, keyKind, keyUseKind, readKeyDocuments } from "./key-document.ts";
import { AccessKeyError, checkedKeyRequest, type KeyRequest } from "./key-request.ts";
import { KeyUses } from "./key-uses.ts";
import { type Role, roles } from "./roles.ts";
import { SealKey } from "./seal-key.ts";
import type { KeyOwner } from "./sigv4.ts";

const partition = "access-keys";

/** LIMIT: all keys are in memory; this many take about 10 MB, or 60 MB if each is bound to 20 clusters with very long names. */
const keysMax = 10_000;
/** LIMIT: enough for one key for each of 5,000 agents and a thousand for people and programs. */
const keysPerAccountMax = 6_000;
/** LIMIT: a key's last use is written at most once a minute, so calls cost no writes; a crash can lose the last minute. */
const lookIntervalMs = 60_000;

/** A new key, with its secret: the only time it is shown. */
export type CreatedKey = AccessKey & { readonly secret: string };

/** A key with when it was last used (epoch milliseconds, null for never) and whether it has expired. */
export type ListedKey = AccessKey & { readonly lastUsedAt: number | null; readonly expired: boolean };

/** How the replacement key differs. */
export type Rotation = Partial<Pick<KeyRequest, "role" | "clusters" | "expiresAt">> & {
  /** How long the old key stays valid. */
  readonly overlapMs: number;
};

type KeptKey = { readonly key: AccessKey; readonly owner: KeyOwner; expired: boolean; endTold: boolean };

/** The access keys of a control plane, kept in the store with their secrets sealed. */
export class AccessKeys {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #epoch: number;
  readonly #sealKey: SealKey;
  readonly #keys = new Map<string, KeptKey>();
  /** By id, why a key cannot be read. */
  readonly #damaged = new Map<string, string>();
  readonly #uses = new KeyUses();
  /** Settles when the current change is over. Changes run one at a time, so each sees the result of the one before. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #endListeners: ((accessKeyId: string) => void)[] = [];
  #timer: Timer | null = null;
  #onProblem: ((error: unknown) => void) | null = null;

  private constructor(clock: Clock, store: Store, epoch: number, sealKey: SealKey) {
    this.#clock = clock;
    this.#store = store;
    this.#epoch = epoch;
    this.#sealKey = sealKey;
  }

  /**
   * Takes the partition of the access keys and reads them. Damaged keys are left out, see `damaged`. The file at `sealKeyPath` is
   * created if there are no keys yet. Throws SealError if it is missing, damaged or not the one that sealed the keys.
   */
  static async open(clock: Clock, store: Store, sealKeyPath: string): Promise<AccessKeys> {
    const { epoch, documents } = await store.open(partition);
    const own = documents.filter(({ kind }) => kind === keyKind);
    const keys = new AccessKeys(clock, store, epoch, SealKey.open(sealKeyPath, own.length === 0));
    const { good, damaged } = readKeyDocuments(own, keys.#sealKey);
    for (const { key, secret } of good) keys.#keep(key, secret);
    for (const [id, why] of damaged) keys.#damaged.set(id, damageText(store, id, why));
    for (const { kind, key, body } of documents) {
      if (kind === keyUseKind && keys.#keys.has(key)) keys.#uses.load(key, body);
    }
    return keys;
  }

  /** The unreadable keys, a sentence for each. They are refused as if deleted, but stay in the store. */
  get damaged(): readonly string[] {
    return [...this.#damaged.values()];
  }

  /** Creates a key; resolves with its secret once the key is durable. Rejects with AccessKeyError for an invalid request or a full store. */
  createKey(request: KeyRequest): Promise<CreatedKey> {
    return this.#inTurn(async () => {
      const createdAt = this.#clock.wall();
      const checked = checkedKeyRequest(request, createdAt);
      this.#checkRoom(checked.account);
      const accessKeyId = randomKeyId();
      const key: AccessKey = { ...checked, accessKeyId, createdAt, origin: accessKeyId };
      return await this.#putNew(key, []);
    });
  }

  /**
   * Replaces a key: the new one has the same account, user and container instances, and the same rights unless `rotation` changes them.
   * The old key expires after the overlap. If the old key had a lifetime, the new one gets the same lifetime from now. Resolves with
   * null if no key has this id; rejects with AccessKeyError as `createKey` does.
   */
  rotateKey(accessKeyId: string, rotation: Rotation): Promise<CreatedKey | null> {
    return this.#inTurn(async () => {
      const old = this.#keys.get(accessKeyId);
      if (old === undefined) return null;
      const now = this.#clock.wall();
      const { overlapMs, role = old.key.role, clusters = old.key.clusters } = rotation;
      const lifetime = old.key.expiresAt === null ? null : old.key.expiresAt - old.key.createdAt;
      const { expiresAt = lifetime === null ? null : now + lifetime } = rotation;
      const { account, userName, origin } = old.key;
      const checked = checkedKeyRequest({ account, userName, role, clusters, expiresAt }, now);
      this.#checkRoom(account);
      const endsAt = Math.min(now + overlapMs, old.key.expiresAt ?? Number.POSITIVE_INFINITY);
      const ending: AccessKey = { ...old.key, expiresAt: endsAt };
      const { secret } = old.owner;
      const endingDocument = { kind: keyKind, key: accessKeyId, body: keyDocument(ending, secret, this.#sealKey) };
      const key: AccessKey = { ...checked, accessKeyId: randomKeyId(), createdAt: now, origin };
      const created = await this.#putNew(key, [endingDocument]);
      this.#keep(ending, secret);
      this.#look();
      return created;
    });
  }

  /** All keys without their secrets, by id. */
  listKeys(): ListedKey[] {
    const now = this.#clock.wall();
    return [...this.#keys.keys()].sort().map((id) => {
      const kept = must(this.#keys.get(id), id);
      return { ...kept.key, lastUsedAt: this.#uses.at(id), expired: this.#hasExpired(kept, now) };
    });
  }

  /** How many keys of each role have not expired. */
  counts(): Readonly<Record<Role, number>> {
    const good = this.listKeys().filter(({ expired }) => !expired);
    const counts = roles.map((role) => [role, good.filter((key) => key.role === role).length] as const);
    return Object.fromEntries(counts) as Record<Role, number>;
  }

  /** Deletes a key; it is refused once this is durable. Resolves with false if no key has this id. */
  deleteKey(accessKeyId: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!this.#keys.has(accessKeyId) && !this.#damaged.has(accessKeyId)) return false;
      const gone = [keyKind, keyUseKind].map((kind) => ({ kind, key: accessKeyId, body: null }));
      await this.#append(gone);
      this.#damaged.delete(accessKeyId);
      this.#keys.delete(accessKeyId);
      this.#uses.forget(accessKeyId);
      this.#tellEnd(accessKeyId);
      return true;
    });
  }

  /**
   * The owner and the secret of a key, or null. Throws AuthError(ExpiredTokenException) if it has expired. Can be passed directly
   * as `findKey` of `verifySignature`.
   */
  readonly find = (accessKeyId: string, sessionToken: string | null = null): KeyOwner | null => {
    const kept = this.#keys.get(accessKeyId);
    // AWS: a permanent key with a session token is unknown.
    if (kept === undefined || sessionToken !== null) return null;
    if (this.#hasExpired(kept, this.#clock.wall())) {
      // AWS: code and text for expired credentials. Permanent keys on AWS never expire.
      throw new AuthError("ExpiredTokenException", "The security token included in the request is expired");
    }
    return kept.owner;
  };

  /** Records that a call was signed with this key and returns its caller. Null if the key has ended since it was found. */
  use(accessKeyId: string): { readonly principal: Principal; readonly origin: string } | null {
    const kept = this.#keys.get(accessKeyId);
    const now = this.#clock.wall();
    if (kept === undefined || this.#hasExpired(kept, now)) return null;
    this.#uses.use(accessKeyId, now);
    const { role, clusters, origin } = kept.key;
    return { principal: { type: "key", arn: kept.owner.principalArn, role, clusters, accessKeyId }, origin };
  }

  /** Whether a key exists and has not expired. */
  isGood(accessKeyId: string): boolean {
    const kept = this.#keys.get(accessKeyId);
    return kept !== undefined && !this.#hasExpired(kept, this.#clock.wall());
  }

  /** Calls `listener` for each key that is deleted and, after `watch`, for each that expires. */
  onEnd(listener: (accessKeyId: string) => void): void {
    this.#endListeners.push(listener);
  }

  /** Starts to report expiry on time and to write last uses. `onProblem` gets the error of a failed write. */
  watch(onProblem: (error: unknown) => void): void {
    this.#onProblem = onProblem;
    this.#look();
  }

  /** Writes the remaining last uses and cancels the timer. The store stays open. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#writeUses();
    this.#onProblem = null;
  }

  /** Derives 32 bytes for another purpose. They stay the same as long as the seal key does, and don't reveal it. */
  deriveKey(purpose: string): Uint8Array {
    return this.#sealKey.derive(purpose);
  }

  #checkRoom(account: string): void {
    if (this.#keys.size >= keysMax) throw new AccessKeyError(`There are ${keysMax} access keys already.`);
    let ofAccount = 0;
    for (const { key } of this.#keys.values()) if (key.account === account) ofAccount += 1;
    if (ofAccount >= keysPerAccountMax) {
      throw new AccessKeyError(`The account ${account} has ${keysPerAccountMax} access keys already.`);
    }
  }

  async #putNew(key: AccessKey, others: readonly DocumentWrite[]): Promise<CreatedKey> {
    // AWS: a secret is 40 characters of base64.
    const secret = randomBytes(30).toString("base64");
    const body = keyDocument(key, secret, this.#sealKey);
    await this.#append([{ kind: keyKind, key: key.accessKeyId, body }, ...others]);
    this.#keep(key, secret);
    this.#look();
    return { ...key, secret };
  }

  #keep(key: AccessKey, secret: string): void {
    const { accessKeyId, account, userName } = key;
    const owner = { secret, account, userName, principalArn: principalArn(key) };
    this.#keys.set(accessKeyId, { key, owner, expired: false, endTold: false });
  }

  /** A key that has expired stays expired, even if the clock is set back. */
  #hasExpired(kept: KeptKey, now: number): boolean {
    kept.expired ||= kept.key.expiresAt !== null && kept.key.expiresAt <= now;
    return kept.expired;
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(change);
    this.#turn = result.catch(() => {});
    return result;
  }

  #append(documents: readonly DocumentWrite[]): Promise<void> {
    return this.#store.append(partition, this.#epoch, { documents, events: [] });
  }

  #tellEnd(accessKeyId: string): void {
    for (const listener of this.#endListeners) listener(accessKeyId);
  }

  /** Reports keys that have expired, then runs again in a minute or when the next key expires. */
  #look(): void {
    if (this.#onProblem === null) return;
    this.#timer?.cancel();
    const now = this.#clock.wall();
    let nextMs = lookIntervalMs;
    for (const [id, kept] of this.#keys) {
      const { expiresAt } = kept.key;
      if (expiresAt === null) continue;
      if (!this.#hasExpired(kept, now)) nextMs = Math.min(nextMs, expiresAt - now);
      else if (!kept.endTold) {
        kept.endTold = true;
        this.#tellEnd(id);
      }
    }
    this.#timer = this.#clock.setTimer(nextMs, () => {
      this.#look();
      void this.#writeUses();
    });
  }

  async #writeUses(): Promise<void> {
    const documents = this.#uses.take();
    if (documents.length === 0) return;
    try {
      await this.#append(documents);
    } catch (error) {
      this.#uses.giveBack(documents);
      this.#onProblem?.(error);
    }
  }
}

const damageText = ({ medium }: Store, key: string, why: string): string =>
  `${medium}, partition "${partition}", document ${keyKind} "${key}": ${why}. The key is refused; delete it with "berth keys delete" and make another one.`;

/** AWS: the ARN of a user or of the account's root. */
function principalArn({ account, userName }: AccessKey): string {
  return `arn:aws:iam::${account}:${userName === null ? "root" : `user/${userName}`}`;
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** AWS: ids of permanent keys begin with AKIA and have 16 more characters. */
function randomKeyId(): string {
  let id = "AKIA";
  for (const byte of randomBytes(16)) id += base32.charAt(byte & 31);
  return id;
}
