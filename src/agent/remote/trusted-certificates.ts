import { readFileSync } from "node:fs";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";

/**
 * The certificates that the system trusts plus those in a PEM file, in the form that all connections of a process share. Throws
 * an Error with a plain message if the file cannot be read or has none.
 */
export function trustedCertificates(file: string): SecureContext {
  let extra: string;
  try {
    extra = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`The certificates in ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (!extra.includes("-----BEGIN CERTIFICATE-----")) throw new Error(`There is no PEM certificate in ${file}.`);
  try {
    return createSecureContext({ ca: [...getCACertificates("default"), extra] });
  } catch (cause) {
    throw new Error(`The certificates in ${file} cannot be used: ${(cause as Error).message}`, { cause });
  }
}
