import { AccessKeys } from "../auth/access-keys.ts";
import type { KeyAdministration } from "../auth/key-administration.ts";
import { sealKeyPath } from "../auth/seal-key.ts";
import { systemClock } from "../lib/clock.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { StoreError, StoreInUseError } from "../store/store.ts";
import { KeyClient, NoKeySocketError } from "./key-client.ts";

/**
 * Gives `use` the access keys of a data directory: through the server that runs on it, else from its store. Throws StoreInUseError
 * when a process holds the directory that serves no keys, StoreError and SealError when they cannot be read.
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
