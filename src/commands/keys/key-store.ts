import { AccessKeys } from "../../auth/access-keys.ts";
import type { KeyAdministration } from "../../auth/key-administration.ts";
import { sealKeyPath } from "../../auth/seal-key.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { SqliteStore } from "../../store/sqlite/sqlite-store.ts";
import { StoreError, StoreInUseError } from "../../store/store.ts";
import { KeyClient, NoKeySocketError } from "./key-client.ts";

/**
 * Calls `use` with the access keys of a data directory, through the server that runs on it or else from the store. Rejects with
 * StoreError if another process without a key socket holds the directory or the store cannot be read, SealError if the keys cannot be.
 */
export async function withAccessKeys<T>(dataDir: string, use: (keys: KeyAdministration) => Promise<T>): Promise<T> {
  let store: SqliteStore;
  try {
    store = new SqliteStore({ dataDir });
  } catch (error) {
    if (!(error instanceof StoreInUseError)) throw error;
    return await overSocket(dataDir, use, error);
  }
  try {
    return await use(await AccessKeys.open(systemClock, store, sealKeyPath(dataDir)));
  } finally {
    await store.close();
  }
}

async function overSocket<T>(
  dataDir: string,
  use: (keys: KeyAdministration) => Promise<T>,
  inUse: StoreInUseError,
): Promise<T> {
  try {
    return await use(new KeyClient(dataDir));
  } catch (error) {
    if (!(error instanceof NoKeySocketError)) throw error;
    const why = "It does not answer on its key socket: only `berth serve` does, once it listens.";
    throw new StoreError(`${inUse.message} ${why}`, { cause: error });
  }
}
