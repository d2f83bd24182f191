import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StartError } from "./start-error.ts";
import { readTlsFiles } from "./tls-files.ts";

const identity = new URL("../../tests/fixtures/identity/", import.meta.url);
const pem = (name: string): string => new URL(name, identity).pathname;

test("a certificate and its key are read", () => {
  const { cert, key } = readTlsFiles({ cert: pem("trusted.pem"), key: pem("trusted.key") });
  assert.match(cert, /BEGIN CERTIFICATE/);
  assert.match(key, /BEGIN PRIVATE KEY/);
});

test("files that cannot be used are named, with what is wrong with them", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "berth-tls-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const empty = join(directory, "empty.pem");
  writeFileSync(empty, "");
  const [cert, key] = [pem("trusted.pem"), pem("trusted.key")];
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["/nowhere.pem", key, /The certificate \/nowhere.pem cannot be read: there is no such file\./],
    [cert, "/nowhere.key", /The key \/nowhere.key cannot be read/],
    [directory, key, /cannot be read: EISDIR/],
    [empty, key, /empty.pem holds no certificate/],
    [cert, empty, /empty.pem holds no private key/],
    [key, key, /trusted.key holds no certificate/],
    [cert, pem("other.key"), /other.key is not that of the certificate in .*trusted.pem/],
  ];
  for (const [first, second, message] of cases) {
    assert.throws(
      () => readTlsFiles({ cert: first, key: second }),
      (error: unknown) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});
