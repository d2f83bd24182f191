/** Mutated requests of all operations: each is answered, none with a 5xx, and what is refused leaves nothing behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzRequests } from "./request-fuzz.ts";

const seed = process.env.BERTH_FUZZ_SEED ?? "1";

for (const { auth, requests } of [
  { auth: "loose", requests: 20_000 },
  { auth: "signed", requests: 5_000 },
] as const) {
  test(`${requests} mutated requests (${auth}) are answered without a 5xx, and refused ones change nothing`, async () => {
    const statuses = await fuzzRequests({ seed, requests, auth });
    // The mutations are useful only if they reach both sides of the checks.
    assert.ok((statuses.get(200) ?? 0) > requests / 20, JSON.stringify([...statuses]));
    assert.ok((statuses.get(400) ?? 0) > requests / 4, JSON.stringify([...statuses]));
  });
}
