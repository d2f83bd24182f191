import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { mustBePrivate, NotPrivateError } from "../../lib/private-files.ts";
import { StartError } from "../start-error.ts";

/** PEM files: a certificate with those that it is signed by behind it, and its key. */
export type TlsFiles = { readonly cert: string; readonly key: string };

/**
 * The texts of the files. Throws StartError when one cannot be read, is no PEM file of its kind, the two do not belong together, or
 * other users can access the key.
 */
export function readTlsFiles(files: TlsFiles): { readonly cert: string; readonly key: string } {
  const cert = read(files.cert, "certificate");
  const key = read(files.key, "key");
  const certificate = attempt(() => new X509Certificate(cert), `${files.cert} holds no certificate in PEM form.`);
  const noKey = `${files.key} holds no private key in PEM form, or one with a passphrase.`;
  const privateKey = attempt(() => createPrivateKey(key), noKey);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new StartError(`The key in ${files.key} is not that of the certificate in ${files.cert}.`);
  }
  try {
    mustBePrivate(files.key, "key");
  } catch (cause) {
    throw cause instanceof NotPrivateError ? new StartError(cause.message, { cause }) : cause;
  }
  return { cert, key };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "this user may not read it" : String(code);
    throw new StartError(`The ${what} ${path} cannot be read: ${why}.`, { cause });
  }
}

function attempt<T>(use: () => T, otherwise: string): T {
  try {
    return use();
  } catch (cause) {
    throw new StartError(otherwise, { cause });
  }
}
