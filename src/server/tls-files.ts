import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { StartError } from "./start-error.ts";

/** PEM files: a certificate with those that it is signed by behind it, and its key. */
export type TlsFiles = { readonly cert: string; readonly key: string };

/** The texts of the files. Throws StartError when one cannot be read, is no PEM file of its kind, or the two do not belong together. */
export function readTlsFiles(files: TlsFiles): { readonly cert: string; readonly key: string } {
  const cert = read(files.cert, "certificate");
  const key = read(files.key, "key");
  attempt(() => createSecureContext({ cert }), `${files.cert} holds no certificate in PEM form.`);
  attempt(() => createSecureContext({ key }), `${files.key} holds no private key in PEM form without a passphrase.`);
  attempt(
    () => createSecureContext({ cert, key }),
    `The key in ${files.key} is not that of the certificate in ${files.cert}.`,
  );
  return { cert, key };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "this user may not" : String(code);
    throw new StartError(`The ${what} ${path} cannot be read: ${why}.`, { cause });
  }
}

function attempt(use: () => unknown, otherwise: string): void {
  try {
    use();
  } catch (cause) {
    throw new StartError(otherwise, { cause });
  }
}
