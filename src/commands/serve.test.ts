import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags, UsageError } from "./flags/flags.ts";
import { metricsListenFlag } from "./serve.ts";

const flags = { "metrics-listen": { value: "PORT", help: "" } };
const typed = (...argv: string[]) => parseFlags({ usage: "", about: "", flags, examples: [] }, argv);

test("--metrics-listen is a port, on loopback unless an address is given", () => {
  const given = (value: string) => metricsListenFlag(typed("--metrics-listen", value));
  assert.equal(metricsListenFlag(typed()), null);
  assert.deepEqual(given("9280"), { host: "127.0.0.1", port: 9_280 });
  assert.deepEqual(given("10.0.0.5:0"), { host: "10.0.0.5", port: 0 });
  assert.deepEqual(given("[::1]:9280"), { host: "::1", port: 9_280 });
  for (const wrong of ["a", "1:b", "99999", "::1:9280", "http://a:1", ":1"]) {
    assert.throws(() => given(wrong), UsageError, wrong);
  }
});
