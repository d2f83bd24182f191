import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../refusals.ts";
import { checkedQuery } from "./checked-query.ts";

test("an invalid expression is refused with the reason and position", () => {
  const refused = (message: string, ...given: [string, string?]) =>
    assert.throws(
      () => checkedQuery(...given),
      (error) => error instanceof Refusal && error.code === "InvalidParameterException" && error.message === message,
    );
  refused("Invalid expression: Expected a value, found the end (character 15)", "attribute:a ==");
  refused("Invalid filter expression: No closing ' follows (character 16)", "attribute:a == 'b", "filter expression");
  assert.equal(checkedQuery("attribute:a == b").expression, "attribute:a == b");
});
