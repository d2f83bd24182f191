import { randomBytes } from "node:crypto";
import { AccessKeys } from "../../auth/access-keys.ts";
import { SealError, sealKeyPath } from "../../auth/seal-key.ts";
import { SessionCredentialsIssuer } from "../../auth/session-credentials.ts";
import { TaskCredentialsIssuer } from "../../auth/task-credentials.ts";
import { systemClock } from "../../lib/system-clock.ts";
import type { Store } from "../../store/store.ts";
import type { ServerLog } from "../log/log.ts";
import { StartError } from "../start-error.ts";
import {
  type Authenticate,
  type Authenticated,
  looseAuthentication,
  signedAuthentication,
  trustedPrincipal,
} from "./authenticate.ts";

export type AuthenticationOptions = {
  readonly auth: { readonly type: "loose"; readonly account: string } | { readonly type: "sigv4" };
  readonly dataDir: string | null;
  readonly log: ServerLog;
};

/** How callers are known. `keys` is null when signatures are not checked. */
export type OpenedAuthentication = {
  readonly authenticate: Authenticate;
  readonly keys: AccessKeys | null;
  readonly taskCredentials: TaskCredentialsIssuer;
  /** Makes the credentials that STS gives; null where it gives none. */
  readonly sessionCredentials: SessionCredentialsIssuer | null;
  /** What secret values are sealed with; null where no key lasts as long as the data directory. */
  readonly valueKey: Uint8Array | null;
  /** Who calls without a signature, where the operation needs none; null where every call needs one. */
  readonly anonymous: Authenticated | null;
};

/** What follows from the seal key for the credentials of tasks; a purpose that is never given to anything else. */
export const taskCredentialsPurpose = "berth task credentials";

/** What follows from the seal key for the values of secrets and parameters. */
const valuesPurpose = "berth secret values";

/** Throws StartError or SealError when signatures cannot be checked. */
export async function openAuthentication(
  { auth, dataDir, log }: AuthenticationOptions,
  store: Store,
): Promise<OpenedAuthentication> {
  if (auth.type === "loose") {
    const { key, valueKey } = await looseKeys(dataDir, store, log);
    const taskCredentials = new TaskCredentialsIssuer(key);
    const sessionCredentials = new SessionCredentialsIssuer(key);
    const own = { tasks: taskCredentials, sessions: sessionCredentials };
    const authenticate = looseAuthentication(auth.account, own);
    const anonymous = anonymousCaller(auth.account);
    return { authenticate, keys: null, taskCredentials, sessionCredentials, valueKey, anonymous };
  }
  if (dataDir === null) throw new StartError("Signatures need a data directory, which the access keys are in.");
  const keys = await AccessKeys.open(systemClock, store, sealKeyPath(dataDir));
  const taskCredentials = new TaskCredentialsIssuer(keys.deriveKey(taskCredentialsPurpose));
  keys.watch((error) => log.write("key-uses-unwritten", { err: error }));
  const authenticate = signedAuthentication(keys, taskCredentials);
  const valueKey = keys.deriveKey(valuesPurpose);
  return { authenticate, keys, taskCredentials, sessionCredentials: null, valueKey, anonymous: null };
}

/** Whoever calls without a signature. AWS: such calls go to the global endpoint. */
function anonymousCaller(account: string): Authenticated {
  const caller = { principalArn: "anonymous", isAgent: false };
  return { account, region: "us-east-1", caller, principal: trustedPrincipal("anonymous") };
}

type LooseKeys = { readonly key: Uint8Array; readonly valueKey: Uint8Array | null };

/** With a data directory containers find their credentials under the same id after a restart, and secrets can be read. */
async function looseKeys(dataDir: string | null, store: Store, log: ServerLog): Promise<LooseKeys> {
  if (dataDir === null) return { key: randomBytes(32), valueKey: randomBytes(32) };
  try {
    const keys = await AccessKeys.open(systemClock, store, sealKeyPath(dataDir));
    return { key: keys.deriveKey(taskCredentialsPurpose), valueKey: keys.deriveKey(valuesPurpose) };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    log.write("task-credentials-temporary", { err: error });
    return { key: randomBytes(32), valueKey: null };
  }
}
