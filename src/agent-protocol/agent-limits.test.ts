import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  commandMessagesFromAgent,
  parseCommandFromAgent,
  parseTelemetryFromAgent,
  telemetryMessagesFromAgent,
} from "./from-agent.ts";
import type { Shape, ShapeNode } from "./shape.ts";

type Wrap = (value: unknown) => unknown;
type Leaf = { readonly path: string; readonly node: ShapeNode; readonly wrap: Wrap };

/** A small value that fits: only the required members of an object. */
function least({ node }: Shape<unknown>): unknown {
  switch (node.kind) {
    case "text":
      return "";
    case "number":
      return 1;
    case "flag":
      return true;
    case "word":
      return "OK";
    case "list":
      return [];
    case "object":
      return Object.fromEntries(
        Object.entries(node.members).flatMap(([name, shape]) =>
          shape.optional === true ? [] : [[name, name === "healthStatus" ? "HEALTHY" : least(shape)]],
        ),
      );
    default:
      return {};
  }
}

/** Every text, number, list and free value of a message, with a function that replaces it. */
function leavesOf({ node }: Shape<unknown>, path: string, wrap: Wrap): Leaf[] {
  if (node.kind === "object") {
    return Object.entries(node.members).flatMap(([name, shape]) =>
      leavesOf(shape, `${path}.${name}`, (value) =>
        wrap({ ...(least({ node, misfit: () => null }) as object), [name]: value }),
      ),
    );
  }
  const leaf = { path, node, wrap };
  return node.kind === "list" ? [leaf, ...leavesOf(node.item, `${path}[]`, (value) => wrap([value]))] : [leaf];
}

/** Values at and beyond the bounds of a leaf. Fails for a leaf without bounds. */
function edgesOf({ path, node }: Leaf): { readonly legal: unknown[]; readonly beyond: unknown[] } {
  switch (node.kind) {
    case "text": {
      const max = node.charactersMax;
      assert.ok(max !== null, `${path} has no length`);
      return { legal: ["x".repeat(max)], beyond: ["x".repeat(max + 1), "\ud800", 1, {}] };
    }
    case "number": {
      const { min, max } = node;
      assert.ok(min !== null && max !== null, `${path} has no range`);
      return { legal: [min, max, min + 0.5], beyond: [min - 1, max + 1, 1e300, -1e300, Infinity, "1"] };
    }
    case "list": {
      const { item, itemsMax } = node;
      assert.ok(itemsMax !== null, `${path} may have any number of items`);
      return { legal: [Array(itemsMax).fill(least(item))], beyond: [Array(itemsMax + 1).fill(least(item)), {}, "x"] };
    }
    case "flag":
    case "word":
      return { legal: [], beyond: ["made up", 1, {}] };
    default:
      // Dropped values are bounded by the size of the message, and never stored.
      assert.equal(node.kind, "dropped", `${path} has no bound`);
      assert.match(path, /^PublishMetricsRequest\.(?:taskMetrics\[\]|instanceMetrics)$/);
      return { legal: [{}], beyond: [] };
  }
}

describe("every member of every message from an agent", () => {
  const sockets = [
    [commandMessagesFromAgent, parseCommandFromAgent],
    [telemetryMessagesFromAgent, parseTelemetryFromAgent],
  ] as const;
  for (const [definitions, parse] of sockets) {
    for (const { type, body } of definitions) {
      test(`${type}: has bounds, which are enforced`, () => {
        const leaves = leavesOf(body, type, (value) => value);
        assert.ok(leaves.length > 0);
        for (const leaf of leaves) {
          const { legal, beyond } = edgesOf(leaf);
          for (const value of legal) {
            const parsed = parse({ type, message: leaf.wrap(value) });
            assert.ok(parsed.ok, parsed.ok ? "" : parsed.problem);
          }
          for (const value of beyond) {
            const parsed = parse({ type, message: leaf.wrap(value) });
            assert.ok(!parsed.ok && parsed.problem.length < 200, leaf.path);
          }
        }
      });
    }
  }
});
