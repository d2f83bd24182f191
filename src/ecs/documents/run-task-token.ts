import { sha256Hex } from "../../lib/sha256.ts";
import type { DocumentKind } from "./document-kind.ts";

/**
 * RunTask's client token (kind `run-task-token`): a digest of what was asked, and which tasks came of it. A call may weigh 256 KiB
 * and a token is kept for a day, so the call itself is not kept.
 */
export type RunTaskToken = {
  readonly token: string;
  readonly digest: string;
  readonly taskIds: readonly string[];
  readonly failures: readonly object[];
  readonly expiresAt: number;
};

/**
 * A digest that is equal for calls with equal parameters, whatever the order of their members. The token itself is left out,
 * and the cluster: a token belongs to one, which may be named in several ways.
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
  /** Tokens from before the digest have the text that it is made of, as `fingerprint`. */
  upgrade(document) {
    const { fingerprint, ...token } = document as RunTaskToken & { readonly fingerprint?: string };
    return typeof fingerprint !== "string" ? token : { ...token, digest: sha256Hex(fingerprint) };
  },
  /** It is forgotten. */
  dueAt: ({ expiresAt }) => expiresAt,
};
