import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthError } from "./auth-error.ts";
import { looseCredentials, parseAuthorization } from "./authorization-header.ts";

const header = (keyId: string, separator = ", "): string =>
  [
    `AWS4-HMAC-SHA256 Credential=${keyId}/20261121/eu-west-3/ecs/aws4_request`,
    "SignedHeaders=host;x-amz-date",
    "Signature=abc",
  ].join(separator);

test("the parts are found with and without spaces between them", () => {
  for (const separator of [", ", ",", " , "]) {
    assert.deepEqual(parseAuthorization(header("AKID", separator)), {
      accessKeyId: "AKID",
      date: "20261121",
      region: "eu-west-3",
      service: "ecs",
      signedHeaders: ["host", "x-amz-date"],
      signature: "abc",
    });
  }
});

test("loose credentials: an access key id of 12 digits is the account, any other one has the default", () => {
  const caller = { account: "210987654321", region: "eu-west-3" };
  assert.deepEqual(looseCredentials(header("210987654321"), "123456789012"), {
    ...caller,
    accessKeyId: "210987654321",
  });
  for (const accessKeyId of ["test", "AKIAIOSFODNN7EXAMPLE", "2109876543210"]) {
    const expected = { accessKeyId, account: "123456789012", region: "eu-west-3" };
    assert.deepEqual(looseCredentials(header(accessKeyId), "123456789012"), expected);
  }
});

test("loose credentials: a missing and a malformed header are refused", () => {
  const code = (text: string | undefined): string => {
    try {
      looseCredentials(text, "123456789012");
    } catch (error) {
      return error instanceof AuthError ? error.code : String(error);
    }
    return "accepted";
  };
  assert.equal(code(undefined), "MissingAuthenticationTokenException");
  assert.equal(code(""), "MissingAuthenticationTokenException");
  assert.equal(code("Basic dXNlcjpwYXNz"), "IncompleteSignatureException");
  assert.equal(code("AWS4-HMAC-SHA256"), "IncompleteSignatureException");
  assert.equal(code(header("AKID").replace("eu-west-3", "")), "IncompleteSignatureException");
  assert.equal(code(header("AKID").replace("eu-west-3", "../../etc")), "IncompleteSignatureException");
});
