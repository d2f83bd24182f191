import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodePageToken, encodePageToken, page } from "./page.ts";
import { Refusal } from "./refusals.ts";

const self = (key: string): string => key;
const base = { operation: "ListClusters", defaultSize: 100, maxSize: 100 };

function refusal(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code && message.test(error.message);
}

test("without maxResults a page has the default size, and the last one has no token", () => {
  const items = Array.from({ length: 150 }, (_, i) => String(i).padStart(3, "0"));
  const first = page(items, self, base);
  assert.equal(first.items.length, 100);
  const second = page(items, self, { ...base, nextToken: first.nextToken });
  assert.deepEqual([...first.items, ...second.items], items);
  assert.equal(second.nextToken, null);
  assert.deepEqual(page([], self, base), { items: [], nextToken: null });
});

test("a page that holds exactly the rest has no token", () => {
  assert.equal(page(["a", "b"], self, { ...base, maxResults: 2 }).nextToken, null);
});

test("maxResults outside its range is refused", () => {
  for (const maxResults of [0, -1, 101, 1.5, Number.NaN]) {
    assert.throws(
      () => page(["a"], self, { ...base, maxResults }),
      refusal("InvalidParameterException", /between 1 and 100/),
    );
  }
});

test("garbage and the token of another operation are refused", () => {
  const foreign = encodePageToken("ListTasks", "a");
  const almost = btoa(encodeURIComponent(JSON.stringify(["ListClusters", 7])));
  for (const nextToken of ["", "%%%", "AAAA", foreign, almost, "x".repeat(10_000)]) {
    assert.throws(
      () => page(["a"], self, { ...base, nextToken }),
      refusal("InvalidParameterException", /^Invalid token\.$/),
    );
  }
});

test("a token preserves any key, and works only for its operation", () => {
  const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units));
  fc.assert(
    fc.property(anyText, fc.string(), fc.string(), (key, operation, other) => {
      const token = encodePageToken(operation, key);
      assert.equal(decodePageToken(operation, token), key);
      if (other !== operation) assert.equal(decodePageToken(other, token), null);
    }),
  );
});

test("pages cover all items once in order, even if the last item given out goes away in between", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ maxLength: 4 })),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      (keys, maxResults, descending) => {
        const items = keys.toSorted((a, b) => (a < b ? -1 : 1));
        if (descending) items.reverse();
        const seen: string[] = [];
        let rest = items;
        let nextToken: string | null = null;
        do {
          const result: { items: string[]; nextToken: string | null } = page(rest, self, {
            ...base,
            maxResults,
            nextToken,
            descending,
          });
          seen.push(...result.items);
          rest = rest.filter((key) => key !== result.items.at(-1));
          nextToken = result.nextToken;
        } while (nextToken !== null);
        assert.deepEqual(seen, items);
      },
    ),
  );
});
