import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { SharedValues } from "./shared-values.ts";

it("equal parts of documents become the same object, and nothing else changes", () => {
  const shared = new SharedValues();
  const text = JSON.stringify({ id: "1", reservation: { cpu: 1, ports: [] }, containers: [{ name: "web", gpus: [] }] });
  const [one, other] = [JSON.parse(text), JSON.parse(text.replace('"1"', '"2"'))];
  shared.share(one);
  shared.share(other);
  assert.equal(one.reservation, other.reservation);
  assert.equal(one.containers, other.containers);
  assert.deepEqual([one, other], [JSON.parse(text), JSON.parse(text.replace('"1"', '"2"'))]);
});

it("documents stay equal to what they were, whatever they hold", () => {
  const shared = new SharedValues();
  const property = fc.property(fc.array(fc.object({ maxDepth: 3 }), { maxLength: 5 }), (documents) => {
    const texts = documents.map((document) => JSON.stringify(document));
    for (const text of texts) {
      const document = JSON.parse(text) as object;
      shared.share(document);
      assert.equal(JSON.stringify(document), text);
    }
  });
  fc.assert(property);
});
