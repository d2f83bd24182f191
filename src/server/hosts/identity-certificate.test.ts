import assert from "node:assert/strict";
import { createSign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { StartError } from "../start-error.ts";
import { identityCheck } from "./identity-certificate.ts";

const dir = mkdtempSync(join(tmpdir(), "berth-identity-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** Made only for these tests; the keys open nothing. */
function testCertificate(name: "trusted" | "other"): { readonly path: string; readonly key: string } {
  const fixtures = join(import.meta.dirname, "../../../tests/fixtures/identity");
  return { path: join(fixtures, `${name}.pem`), key: readFileSync(join(fixtures, `${name}.key`), "utf8") };
}

const document = JSON.stringify({ instanceId: "i-0a1b2c3d4e5f60718", instanceType: "m5.large" });
const sign = (text: string, key: string): string => createSign("sha256").update(text).sign(key, "base64");

test("a document verifies only under a trusted certificate", () => {
  const trusted = testCertificate("trusted");
  const other = testCertificate("other");
  const check = identityCheck(trusted.path);
  assert.equal(check(document, sign(document, trusted.key)), true);
  assert.equal(check(`${document} `, sign(document, trusted.key)), false);
  assert.equal(check(document, sign(document, other.key)), false);
  assert.equal(check(document, ""), false);
  assert.equal(check(document, "not base64!"), false);

  const both = join(dir, "both.pem");
  writeFileSync(both, readFileSync(other.path, "utf8") + readFileSync(trusted.path, "utf8"));
  assert.equal(identityCheck(both)(document, sign(document, trusted.key)), true);
});

test("a file that isn't a certificate is reported at start", () => {
  assert.throws(() => identityCheck(join(dir, "absent.pem")), StartError);
  const empty = join(dir, "empty.pem");
  writeFileSync(empty, "nothing");
  assert.throws(() => identityCheck(empty), /contains no PEM certificate/);
});
