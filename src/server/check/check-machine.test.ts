import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMachine } from "./check-machine.ts";

const place = { account: "123456789012", region: "eu-west-1" };
const check = (service: string, kind = "note") =>
  checkMachine({ type: "service", place: { ...place, service } }, 0, [{ kind, key: "a", body: "{}" }], new Map());

test("a service's partition is loaded as at a start, and one of an unknown service is for a newer Berth", () => {
  assert.deepEqual(checkMachine({ type: "service", place: { ...place, service: "sts" } }, 0, [], new Map()), []);
  const [problem] = check("sts");
  assert.deepEqual([problem?.document, problem?.isNewer], ["note a", true]);
  assert.deepEqual(check("quantum"), [{ document: null, text: "the service quantum is not known", isNewer: true }]);
});
