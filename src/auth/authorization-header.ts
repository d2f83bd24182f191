import { AuthError } from "./auth-error.ts";

/** The parts of an `Authorization` header of Signature Version 4. */
export type Authorization = {
  readonly accessKeyId: string;
  /** The day of the scope, YYYYMMDD. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** Lower-case names in the order of the header. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
};

const algorithm = "AWS4-HMAC-SHA256";

// LIMIT: real headers have about 300 characters, more with many signed headers; longer ones are not worth parsing.
const headerLengthMax = 4_096;

/**
 * Parses an `Authorization` header. Throws AuthError: MissingAuthenticationTokenException without a header,
 * IncompleteSignatureException that names each missing part for anything but a complete AWS4-HMAC-SHA256 header.
 */
export function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined || header === "") {
    throw new AuthError("MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const space = header.indexOf(" ");
  const name = space === -1 ? header : header.slice(0, space);
  if (header.length > headerLengthMax) throw incomplete("Authorization header is too long.");
  if (name !== algorithm) throw incomplete(`Unsupported AWS 'algorithm': only '${algorithm}' is supported.`);
  const parts = partsOf(header.slice(algorithm.length));
  const credential = parts.get("Credential") ?? "";
  const signature = parts.get("Signature") ?? "";
  const signedHeaders = parts.get("SignedHeaders") ?? "";
  const missing = Object.entries({ Credential: credential, Signature: signature, SignedHeaders: signedHeaders })
    .filter(([, value]) => value === "")
    .map(([part]) => `Authorization header requires '${part}' parameter.`);
  if (missing.length > 0) throw incomplete(missing.join(" "));
  return { ...parseCredential(credential), signedHeaders: parseSignedHeaders(signedHeaders), signature };
}

function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    if (equals === -1) continue;
    const name = part.slice(0, equals).trim();
    if (parts.has(name)) throw incomplete(`Authorization header has more than one '${name}' parameter.`);
    parts.set(name, part.slice(equals + 1).trim());
  }
  return parts;
}

const credentialPattern = /^([\w-]{1,128})\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request$/;

function parseCredential(credential: string): Pick<Authorization, "accessKeyId" | "date" | "region" | "service"> {
  const match = credentialPattern.exec(credential);
  if (match === null) {
    throw incomplete(
      "Credential must have exactly 5 slash-delimited elements: keyid/date/region/service/aws4_request.",
    );
  }
  const [, accessKeyId = "", date = "", region = "", service = ""] = match;
  return { accessKeyId, date, region, service };
}

const signedHeadersPattern = /^[a-z0-9!#$%&'*+.^_`|~;-]+$/;

function parseSignedHeaders(text: string): string[] {
  const names = text.split(";");
  if (!signedHeadersPattern.test(text) || names.includes("") || new Set(names).size !== names.length) {
    throw incomplete("SignedHeaders must be lower-case header names, each once, with semicolons between.");
  }
  return names;
}

export const incomplete = (message: string): AuthError => new AuthError("IncompleteSignatureException", message);

/** The caller of a development server, which checks no signatures. */
export type LooseCaller = { readonly accessKeyId: string; readonly account: string; readonly region: string };

/**
 * The caller that any complete `Authorization` header names: a 12-digit access key id is the account, every other one belongs to
 * `defaultAccount`. The region is that of the signature's scope. Throws AuthError like {@link parseAuthorization}.
 */
export function looseCredentials(header: string | undefined, defaultAccount: string): LooseCaller {
  const { accessKeyId, region } = parseAuthorization(header);
  return { accessKeyId, account: /^\d{12}$/.test(accessKeyId) ? accessKeyId : defaultAccount, region };
}
