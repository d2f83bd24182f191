import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { StartError } from "../start-error.ts";
import { readTlsFiles } from "./tls-files.ts";

const identity = new URL("../../../tests/fixtures/identity/", import.meta.url);
const pem = (name: string): string => new URL(name, identity).pathname;

function temporaryFolder(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "berth-tls-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("a certificate and its key are read", (context) => {
  const copy = join(temporaryFolder(context), "copy.key");
  copyFileSync(pem("trusted.key"), copy);
  chmodSync(copy, 0o400);
  const { cert, key } = readTlsFiles({ cert: pem("trusted.pem"), key: copy });
  assert.match(cert, /BEGIN CERTIFICATE/);
  assert.match(key, /BEGIN PRIVATE KEY/);
});

test("a key that others can read is refused, with what to type; a link is as private as what it leads to", (context) => {
  const directory = temporaryFolder(context);
  const [copy, link] = [join(directory, "copy.key"), join(directory, "link.key")];
  copyFileSync(pem("trusted.key"), copy);
  symlinkSync("copy.key", link);
  for (const mode of [0o644, 0o640, 0o604, 0o660, 0o602, 0o444]) {
    chmodSync(copy, mode);
    for (const key of [copy, link]) {
      assert.throws(() => readTlsFiles({ cert: pem("trusted.pem"), key }), {
        name: "StartError",
        message: `The key ${key} can be read by others (mode 0${mode.toString(8)}): chmod 600 ${key}`,
      });
    }
  }
  chmodSync(copy, 0o600);
  readTlsFiles({ cert: pem("trusted.pem"), key: link });
});

test("files that cannot be used are named, with what is wrong with them", (context) => {
  const directory = temporaryFolder(context);
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
