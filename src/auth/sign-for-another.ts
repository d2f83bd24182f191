import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256 } from "../lib/sha256.ts";
import { parseAuthorization } from "./authorization-header.ts";
import { queryOf, type SignedHead, signsRawPath } from "./sigv4.ts";

/** A key of another server. */
export type OtherCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
};

/** The headers that a signature takes the place of; none of the caller's own may go on. */
export const signatureHeaders: ReadonlySet<string> = new Set(["authorization", "x-amz-date", "x-amz-security-token"]);

/**
 * Signs a call that another server is to take: for the same service and region and over the same headers as its caller did, with a key of that server.
 * `body` is null when the header `x-amz-content-sha256` says what the signature covers. Returns the headers of {@link signatureHeaders} that the call
 * needs. The caller's signature must have been checked. Throws AuthError for a header that cannot be parsed.
 */
export async function signForAnother(
  { method, path, query, headers, nowMs }: SignedHead,
  body: Uint8Array | null,
  { accessKeyId, secretAccessKey, sessionToken }: OtherCredentials,
): Promise<Readonly<Record<string, string>>> {
  const { authorization } = headers;
  const { service, region, signedHeaders } = parseAuthorization(
    typeof authorization === "string" ? authorization : undefined,
  );
  const covered: Record<string, string> = {};
  for (const name of signedHeaders) {
    const value = headers[name];
    if (typeof value === "string" && !signatureHeaders.has(name)) covered[name] = value;
  }
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== null && { sessionToken }) },
    sha256: Sha256,
    applyChecksum: false,
    uriEscapePath: !signsRawPath(service),
  });
  const request = {
    ...{ method, path, protocol: "http:", hostname: covered.host ?? "", query: queryOf(query), headers: covered },
    body: body ?? "",
  };
  const signed = await signer.sign(request, {
    signingDate: new Date(nowMs),
    signableHeaders: new Set(Object.keys(covered)),
  });
  return Object.fromEntries(
    Object.entries(signed.headers).filter(([name]) => signatureHeaders.has(name.toLowerCase())),
  );
}
