/**
 * Temporary credentials that STS gives. Nothing is stored: the session token says whose they are and until when, and the secret is derived from it with
 * a key that only the server has.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Session, SessionCredentials } from "../service-machine/service-ports.ts";
import { AuthError } from "./auth-error.ts";
import type { KeyOwner } from "./sigv4.ts";

/** How a session token begins; those of tasks begin with `berth1`. */
const tokenForm = "berth2";

/** LIMIT: a token has about 400 characters; a much longer one is not ours and not worth a hash. */
const tokenLengthMax = 4_096;

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export class SessionCredentialsIssuer {
  readonly #tokenKey: Uint8Array;
  readonly #secretKey: Uint8Array;

  /** `key` is 32 secret bytes. The same key accepts these credentials. */
  constructor(key: Uint8Array) {
    const derived = (purpose: string) =>
      new Uint8Array(hkdfSync("sha256", key, new Uint8Array(), `berth session credentials: ${purpose}`, 32));
    this.#tokenKey = derived("session token");
    this.#secretKey = derived("secret access key");
  }

  /** The credentials of a session; always the same for the same one. */
  mint({ account, principalArn, expiresAt, nonce }: Session): SessionCredentials {
    const claims = Buffer.from(JSON.stringify([account, principalArn, expiresAt, nonce])).toString("base64url");
    const sessionToken = `${tokenForm}.${claims}.${this.#macOf(claims)}`;
    return {
      accessKeyId: this.#accessKeyId(account, sessionToken),
      secretAccessKey: this.#secret(sessionToken),
      sessionToken,
    };
  }

  /** Whether a token says that it is of this kind. */
  isToken(sessionToken: string): boolean {
    return sessionToken.startsWith(`${tokenForm}.`);
  }

  /**
   * The owner of these credentials. Throws AuthError: UnrecognizedClientException for a token that is not ours or does not belong to the key id,
   * ExpiredTokenException if it has expired.
   */
  owner(accessKeyId: string, sessionToken: string, nowMs: number): KeyOwner {
    const [form, claims = "", mac = "", ...more] = sessionToken.length > tokenLengthMax ? [] : sessionToken.split(".");
    if (form !== tokenForm || more.length > 0 || !equal(this.#macOf(claims), mac)) throw unrecognized();
    const [account, principalArn, expiresAt] = JSON.parse(Buffer.from(claims, "base64url").toString()) as [
      string,
      string,
      number,
    ];
    if (!equal(this.#accessKeyId(account, sessionToken), accessKeyId)) throw unrecognized();
    // AWS: code and text for an expired token.
    if (nowMs >= expiresAt) {
      throw new AuthError("ExpiredTokenException", "The security token included in the request is expired");
    }
    return { secret: this.#secret(sessionToken), account, userName: null, principalArn };
  }

  #macOf(claims: string): string {
    return hmac(this.#tokenKey, claims).toString("base64url");
  }

  /** AWS: the id of a key has the account in its first characters, which tools read there. */
  #accessKeyId(account: string, sessionToken: string): string {
    const bits = (BigInt(account) << 7n) | (1n << 47n);
    let id = "ASIA";
    for (let shift = 43n; shift >= 3n; shift -= 5n) id += base32.charAt(Number((bits >> shift) & 31n));
    for (const byte of hmac(this.#tokenKey, `id ${sessionToken}`).subarray(0, 7)) id += base32.charAt(byte & 31);
    return id;
  }

  /** AWS: a secret is 40 characters of base64. */
  #secret(sessionToken: string): string {
    return hmac(this.#secretKey, sessionToken).subarray(0, 30).toString("base64");
  }
}

/** A unique id that is always the same for the same ARN. AWS: four letters for its kind and 17 characters of base32. */
export function principalId(prefix: "AIDA" | "AROA", arn: string): string {
  let id: string = prefix;
  for (const byte of hmac(principalIdKey, `${prefix} ${arn}`).subarray(0, 17)) id += base32.charAt(byte & 31);
  return id;
}

/** No secret: an id hides nothing, and every Berth gives the same one. */
const principalIdKey = new TextEncoder().encode("berth principal ids");

const hmac = (key: Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();

function equal(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** AWS: text for unknown keys and tokens. */
const unrecognized = (): AuthError =>
  new AuthError("UnrecognizedClientException", "The security token included in the request is invalid.");
