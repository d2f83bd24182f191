import { refuse } from "./sts-refusal.ts";

/** What a token says about its owner. */
export type WebIdentity = { readonly issuer: string; readonly subject: string; readonly audience: string };

/**
 * The claims of a JSON Web Token. Refuses with InvalidIdentityToken anything else, or a token without issuer, subject and audience, and with
 * ExpiredTokenException one whose time is over. `now` is in epoch milliseconds.
 */
export function claimsOf(token: string, now: number): WebIdentity {
  const [, payload = "", ...more] = token.split(".");
  const claims = more.length === 1 ? jsonOf(payload) : null;
  if (claims === null)
    refuse(
      "InvalidIdentityTokenException",
      "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    );
  const { iss, sub, aud, exp } = claims;
  const audience = Array.isArray(aud) ? aud[0] : aud;
  if (typeof iss !== "string" || typeof sub !== "string" || typeof audience !== "string" || typeof exp !== "number") {
    refuse("InvalidIdentityTokenException", "Missing a required claim: iss, sub, aud or exp");
  }
  const nowSeconds = Math.floor(now / 1_000);
  // AWS: the text.
  if (exp <= nowSeconds)
    refuse(
      "ExpiredTokenException",
      `Token expired: current date/time ${nowSeconds} must be before the expiration date/time ${exp}`,
    );
  return { issuer: iss, subject: sub, audience };
}

function jsonOf(payload: string): Readonly<Record<string, unknown>> | null {
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (char) =>
      char.charCodeAt(0),
    );
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
