import { createPublicKey, type KeyObject, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { StartError } from "../start-error.ts";

/**
 * Checks instance identity documents against the trusted certificates in the PEM file `path`: true if the base64 `signature` is a SHA-256
 * signature of the document by one of them. AWS: EC2 publishes one certificate for each region. Throws StartError for a file that can't be
 * read or contains no certificate.
 */
export function identityCheck(path: string): (document: string, signature: string) => boolean {
  const keys = trustedKeys(path);
  return (document, signature) => {
    const bytes = Buffer.from(signature, "base64");
    return bytes.length > 0 && keys.some((key) => verify("sha256", Buffer.from(document, "utf8"), key, bytes));
  };
}

function trustedKeys(path: string): KeyObject[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new StartError(`The identity certificate ${path} cannot be read.`, { cause });
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw new StartError(`${path} contains no PEM certificate.`);
  try {
    return certificates.map((pem) =>
      createPublicKey(new X509Certificate(pem).publicKey.export({ type: "spki", format: "pem" })),
    );
  } catch (cause) {
    throw new StartError(`A certificate in ${path} is invalid.`, { cause });
  }
}
