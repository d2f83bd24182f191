import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../ecs/refusals.ts";
import { accessDenied, renderError, requestTooLarge, throttled, WireError } from "./errors.ts";

test("a refusal is rendered with its code, its text and its members", () => {
  assert.deepEqual(renderError(new Refusal("ClusterNotFoundException", "Cluster not found.")), {
    status: 400,
    code: "ClusterNotFoundException",
    body: '{"__type":"ClusterNotFoundException","message":"Cluster not found."}',
  });
  const conflict = renderError(
    new Refusal("ConflictException", "taken", { resourceIds: ["a"], message: "no", __type: "no" }),
  );
  assert.deepEqual(JSON.parse(conflict.body), { __type: "ConflictException", message: "taken", resourceIds: ["a"] });
});

test("the status follows the API model", () => {
  assert.equal(renderError(new Refusal("ServerException", "halted")).status, 500);
  assert.equal(renderError(new Refusal("AccessDeniedException", "no")).status, 403);
  assert.equal(renderError(accessDenied("arn:aws:iam::1:user/u", "ecs:RunTask", "*")).status, 403);
  assert.equal(renderError(throttled()).body, '{"__type":"ThrottlingException","message":"Rate exceeded"}');
  assert.equal(renderError(requestTooLarge(10)).status, 413);
  assert.equal(renderError(new WireError("SerializationException", "x")).status, 400);
});

test("an unforeseen error says nothing about itself", () => {
  for (const error of [new Error("password=hunter2"), new TypeError("secret"), "secret", undefined, null]) {
    const { status, code, body } = renderError(error);
    assert.equal(status, 500);
    assert.equal(code, "ServerException");
    assert.doesNotMatch(body, /hunter2|secret/);
  }
});
