import { sha256Hex } from "../../lib/sha256.ts";
import type { DocumentKind } from "./document-kind.ts";

/**
 * RunTask's client token (kind `run-task-token`): a digest of the call, and the tasks that it started. The call itself isn't kept, because
 * it may have 256 KiB and a token is kept for a day.
 */
export type RunTaskToken = {
  readonly token: string;
  readonly digest: string;
  readonly taskIds: readonly string[];
  readonly failures: readonly object[];
  readonly expiresAt: number;
};

/**
 * A digest that is equal for calls with equal parameters, in whatever order their members are. It excludes the token itself and the
 * cluster: a token belongs to one cluster, which can be named in several ways.
 */
export function callDigest(request: { readonly clientToken?: string; readonly [parameter: string]: unknown }): string {
  const { clientToken: _token, cluster: _cluster, ...parameters } = request;
  const canonical = JSON.stringify(parameters, (_key, value: unknown) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return sha256Hex(canonical);
}

export const runTaskTokenKind: DocumentKind<RunTaskToken> = {
  name: "run-task-token",
  keyMember: null,
  version: 1,
  shape: { token: "string", digest: "string", taskIds: ["string"], failures: ["object"], expiresAt: "number" },
  /** Tokens stored before the digest hold the digested text as `fingerprint`. */
  upgrade(document) {
    const { fingerprint, ...token } = document as RunTaskToken & { readonly fingerprint?: string };
    return typeof fingerprint !== "string" ? token : { ...token, digest: sha256Hex(fingerprint) };
  },
  /** Then it is forgotten. */
  dueAt: ({ expiresAt }) => expiresAt,
};
