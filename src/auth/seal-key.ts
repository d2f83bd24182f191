import { hkdfSync, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sealText, unsealText } from "./sealed-text.ts";

/** The seal key is missing, damaged, or not the one that sealed the secrets. */
export class SealError extends Error {
  override readonly name = "SealError";
}

/** The file with the key that seals the secrets in a data directory. */
export const sealKeyPath = (dataDir: string): string => join(dataDir, "seal.key");

const keyBytes = 32;

/** Keeps secrets unreadable at rest: AES-256-GCM under a key in its own file. */
export class SealKey {
  readonly #key: Uint8Array;
  readonly #path: string;

  private constructor(key: Uint8Array, path: string) {
    this.#key = key;
    this.#path = path;
  }

  /**
   * The key in the file `path`. A missing file is created with a random key, readable by its owner only, unless `mayCreate` is
   * false: then secrets exist that no new key could open. Throws {@link SealError} if there is no usable key.
   */
  static open(path: string, mayCreate: boolean): SealKey {
    let key: Uint8Array;
    try {
      key = readFileSync(path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") {
        throw new SealError(`The seal key ${path} cannot be read.`, { cause });
      }
      if (!mayCreate) {
        throw new SealError(
          `The seal key ${path} is missing, and the access keys in the store can only be read with it.`,
        );
      }
      key = createKeyFile(path);
    }
    if (key.length !== keyBytes) throw new SealError(`The seal key ${path} must have ${keyBytes} bytes.`);
    return new SealKey(key, path);
  }

  /** 32 bytes derived from the key and `purpose`, which do not reveal the key. */
  derive(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.#key, new Uint8Array(), purpose, keyBytes));
  }

  /** Seals `text`, and returns base64. It can only be unsealed with the same `context`, which is not secret. */
  seal(text: string, context: string): string {
    return sealText(this.#key, text, context);
  }

  /** The sealed text. Throws {@link SealError} for another key, another context or changed bytes. */
  unseal(sealed: string, context: string): string {
    try {
      return unsealText(this.#key, sealed, context);
    } catch (cause) {
      throw new SealError(`The seal key ${this.#path} is not the one that sealed the access keys.`, {
        cause,
      });
    }
  }
}

/** Written next to its place and linked into it when complete, so that a crash leaves a whole key or none. */
function createKeyFile(path: string): Uint8Array {
  const key = randomBytes(keyBytes);
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    writeFileSync(draft, key, { mode: 0o600, flag: "wx", flush: true });
    // Fails if another process has created the file meanwhile.
    linkSync(draft, path);
    flushFolder(dirname(path));
  } catch (cause) {
    throw new SealError(`The seal key ${path} cannot be created.`, { cause });
  } finally {
    rmSync(draft, { force: true });
  }
  return key;
}

/** Losing a key to a power failure would leave secrets that nobody can open. */
function flushFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
