import { hash, timingSafeEqual } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256 } from "../lib/sha256.ts";
import { AuthError } from "./auth-error.ts";
import { type Authorization, incomplete, parseAuthorization } from "./authorization-header.ts";

/** A call as received over HTTP. */
export type SignedCall = {
  /** The service that the signature must be for, such as `ecs`. */
  readonly signingName: string;
  readonly method: string;
  /** As in the request line, without the query. */
  readonly path: string;
  /** As in the request line after the question mark. "" without one. */
  readonly query: string;
  /** By lower-case names, as node:http provides them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string | Uint8Array;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Whether the body may be one that no signature covers, as clients of S3 send it. */
  readonly mayBeUnsigned?: boolean;
};

/**
 * A body that isn't there yet when its signature is checked. Whoever passes this compares the SHA-256 of what arrives with the signed one
 * ({@link signedBodyHash}).
 */
export const bodyCheckedLater = Symbol("a body that is checked as it arrives");

/** What is known of a call once its headers have arrived. */
export type SignedHead = Omit<SignedCall, "body">;

/** The owner of an access key. */
export type KeyOwner = {
  readonly secret: string;
  readonly account: string;
  readonly userName: string | null;
  readonly principalArn: string;
  /** The task that these temporary credentials belong to. Absent for permanent keys. */
  readonly task?: { readonly arn: string; readonly region: string };
};

/** Returns the owner of a key id, or null. May throw AuthError to say why a key is refused. */
export type FindKey = (accessKeyId: string, sessionToken: string | null, nowMs: number) => KeyOwner | null;

/** The caller with a correct signature. */
export type VerifiedCaller = {
  readonly accessKeyId: string;
  readonly region: string;
  readonly account: string;
  readonly userName: string | null;
  readonly principalArn: string;
  readonly task: { readonly arn: string; readonly region: string } | null;
};

// LIMIT: AWS accepts a signature for five minutes before and after its date.
const skewMsMax = 5 * 60_000;

const bodyHashHeader = "x-amz-content-sha256";

/** Headers that determine what the call means: if present, they must be signed. */
const headersToSign = ["x-amz-date", "x-amz-target", "x-amz-security-token"];

/** Checks the rest of a signature once the body is there. Rejects with AuthError(InvalidSignatureException). */
export type VerifyBody = (body: string | Uint8Array | typeof bodyCheckedLater) => Promise<VerifiedCaller>;

/**
 * Checks the Signature Version 4 of a call by signing it again with AWS's own signer over exactly the headers that the caller
 * signed. `findKey` returns the owner of an access key id and its session token. Throws AuthError:
 * MissingAuthenticationTokenException, IncompleteSignatureException (says what is missing), UnrecognizedClientException (unknown
 * key or token), ExpiredTokenException, InvalidSignatureException (another service, a date more than five minutes away, an
 * unsigned host, a signature or body hash that does not match).
 */
export async function verifySignature({ body, ...head }: SignedCall, findKey: FindKey): Promise<VerifiedCaller> {
  const verifyBody = await verifyHead(head, findKey);
  return verifyBody(body);
}

/**
 * The first half of {@link verifySignature}: everything that can be checked before the body arrives. That includes the signature
 * if the body's hash is among the signed headers. Returns the second half. Throws AuthError like the whole.
 */
export async function verifyHead(head: SignedHead, findKey: FindKey): Promise<VerifyBody> {
  const authorization = parseAuthorization(single(head.headers.authorization));
  const signedAt = parseAmzDate(single(head.headers["x-amz-date"]));
  const sessionToken = single(head.headers["x-amz-security-token"]) ?? null;
  const owner = findKey(authorization.accessKeyId, sessionToken, head.nowMs);
  if (owner === null) {
    throw new AuthError("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  assertScope(authorization, head.signingName, signedAt);
  assertCurrent(signedAt, head.nowMs);
  assertSigned(head, authorization.signedHeaders);
  const claimed = claimedBodyHash(head);
  const checkSignature = async (body: string | Uint8Array): Promise<void> => {
    const expected = await signAgain({ ...head, body }, authorization, signedAt, owner.secret);
    if (!equalInConstantTime(expected, authorization.signature)) throw mismatch();
  };
  // The signer takes the hash from this header and does not look at the body.
  const isHashSigned = claimed !== null && authorization.signedHeaders.includes(bodyHashHeader);
  if (isHashSigned) await checkSignature("");
  return async (body) => {
    if (body === bodyCheckedLater) {
      if (!isHashSigned) throw anotherBody();
    } else {
      const isWrong = claimed !== null && !isUnsigned(claimed) && !equalInConstantTime(hash("sha256", body), claimed);
      if (isWrong) throw anotherBody();
      if (!isHashSigned) await checkSignature(body);
    }
    return {
      accessKeyId: authorization.accessKeyId,
      region: authorization.region,
      account: owner.account,
      userName: owner.userName,
      principalArn: owner.principalArn,
      task: owner.task ?? null,
    };
  };
}

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}

/** The header in its own form (20261121T093000Z), and as epoch milliseconds. */
type AmzDate = { readonly text: string; readonly ms: number };

function parseAmzDate(header: string | undefined): AmzDate {
  if (header === undefined || header === "") {
    throw incomplete("Authorization header requires existence of a 'X-Amz-Date' header.");
  }
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(header);
  const ms = match === null ? Number.NaN : Date.parse(header.replace(/^(....)(..)(.....)(..)/, "$1-$2-$3:$4:"));
  // A day or hour that does not exist may be read as another one.
  if (Number.isNaN(ms) || amzDate(ms) !== header)
    throw incomplete("'X-Amz-Date' must be in the form YYYYMMDD'T'HHMMSS'Z'.");
  return { text: header, ms };
}

function amzDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** AWS: texts of the signature errors of the JSON services. */
function assertScope(authorization: Authorization, service: string, signedAt: AmzDate): void {
  if (authorization.service !== service) {
    throw invalid(`Credential should be scoped to correct service: '${service}'.`);
  }
  const day = signedAt.text.slice(0, 8);
  if (authorization.date !== day) {
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${authorization.date}' != '${day}'.`,
    );
  }
}

function assertCurrent(signedAt: AmzDate, nowMs: number): void {
  const now = amzDate(nowMs);
  if (signedAt.ms < nowMs - skewMsMax) {
    const limit = amzDate(nowMs - skewMsMax);
    throw invalid(`Signature expired: ${signedAt.text} is now earlier than ${limit} (${now} - 5 min.)`);
  }
  if (signedAt.ms > nowMs + skewMsMax) {
    const limit = amzDate(nowMs + skewMsMax);
    throw invalid(`Signature not yet current: ${signedAt.text} is still later than ${limit} (${now} + 5 min.)`);
  }
}

function assertSigned(call: SignedHead, signedHeaders: readonly string[]): void {
  if (!signedHeaders.includes("host")) {
    throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const name of headersToSign) {
    if (call.headers[name] !== undefined && !signedHeaders.includes(name)) {
      throw invalid(`'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
    }
  }
}

/** The body hash that the caller claims. Most clients send none. */
function claimedBodyHash({ headers, mayBeUnsigned = false }: SignedHead): string | null {
  const claimed = headers[bodyHashHeader];
  if (claimed === undefined) return null;
  if (typeof claimed !== "string") throw anotherBody();
  if (!/^[0-9a-f]{64}$/.test(claimed) && !(mayBeUnsigned && isUnsigned(claimed))) throw anotherBody();
  return claimed;
}

/** AWS: what S3's clients write where the signature doesn't cover the body, or covers it piece by piece. */
const isUnsigned = (claimed: string): boolean => /^(?:UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]{1,64})$/.test(claimed);

/** What a signed head says about its body: a SHA-256 in hex, `none` for nothing, `unsigned` for a body that no signature covers. */
export function signedBodyHash({ headers }: Pick<SignedHead, "headers">): string {
  const claimed = headers[bodyHashHeader];
  if (typeof claimed !== "string") return "none";
  return isUnsigned(claimed) ? "unsigned" : claimed;
}

const anotherBody = (): AuthError =>
  invalid("The value of 'X-Amz-Content-Sha256' does not match the body of the request.");

async function signAgain(
  call: SignedCall,
  authorization: Authorization,
  signedAt: AmzDate,
  secretAccessKey: string,
): Promise<string> {
  const headers: Record<string, string> = {};
  for (const name of authorization.signedHeaders) {
    const value = Object.hasOwn(call.headers, name) ? call.headers[name] : undefined;
    if (typeof value !== "string") throw mismatch();
    headers[name] = value;
  }
  const signer = new SignatureV4({
    service: call.signingName,
    region: authorization.region,
    credentials: { accessKeyId: authorization.accessKeyId, secretAccessKey },
    sha256: Sha256,
    applyChecksum: false,
    uriEscapePath: !signsRawPath(call.signingName),
  });
  const request = {
    method: call.method,
    protocol: "http:",
    hostname: headers.host ?? "",
    path: call.path,
    query: queryOf(call.query),
    headers,
    body: call.body,
  };
  const signed = await signer.sign(request, {
    signingDate: new Date(signedAt.ms),
    signableHeaders: new Set(authorization.signedHeaders),
  });
  const header = signed.headers.authorization ?? "";
  return header.slice(header.lastIndexOf("=") + 1);
}

/** AWS: the path of a call of S3 is signed as it is, every other one encoded once more. */
export const signsRawPath = (service: string): boolean => /^s3(?:express|-object-lambda|-outposts)?$/.test(service);

/** The decoded query: the signer encodes it again in the one form that both ends agree on. */
export function queryOf(query: string): Record<string, string | string[]> {
  if (query === "") return {};
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return Object.fromEntries(values);
}

function equalInConstantTime(expected: string, given: string): boolean {
  const a = Buffer.from(expected, "latin1");
  const b = Buffer.from(given, "latin1");
  return a.length === b.length && timingSafeEqual(a, b);
}

const invalid = (message: string): AuthError => new AuthError("InvalidSignatureException", message);

/** AWS: the text for every signature that does not match, whatever the cause. */
function mismatch(): AuthError {
  return invalid(
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  );
}
