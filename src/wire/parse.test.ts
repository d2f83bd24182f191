import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Refusal } from "../ecs/refusals.ts";
import { WireError } from "./errors.ts";
import { nestingDepthMax } from "./nesting.ts";
import { parseRequest } from "./parse.ts";
import { apiOperations, ecs, operationNamed } from "./services.ts";
import type { Shape } from "./shapes.ts";

const operations = [...apiOperations(ecs).values()];

function refused(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WireError, String(error));
    assert.equal(error.code, "SerializationException");
    assert.equal(error.status, 400);
    assert.match(error.message, message);
    return true;
  };
}

describe("a request body", () => {
  test("may be empty, and may be bytes", () => {
    assert.deepEqual(parseRequest(operationNamed("ListClusters"), ""), {});
    assert.deepEqual(parseRequest(operationNamed("ListClusters"), new Uint8Array()), {});
    assert.deepEqual(parseRequest(operationNamed("ListClusters"), " {} "), {});
    assert.deepEqual(parseRequest(operationNamed("ListClusters"), Buffer.from('{"nextToken":"ü"}')), {
      nextToken: "ü",
    });
  });

  test("drops null members, null items and unknown members", () => {
    const body = '{"cluster":null,"tasks":["a",null,"b"],"include":[],"unheardOf":{"deep":[1]}}';
    assert.deepEqual(parseRequest(operationNamed("DescribeTasks"), body), { tasks: ["a", "b"], include: [] });
  });

  test("has timestamps in epoch seconds or ISO 8601, which become epoch milliseconds", () => {
    const at = (text: string): unknown =>
      parseRequest(operationNamed("SubmitTaskStateChange"), `{"pullStartedAt":${text}}`).pullStartedAt;
    assert.equal(at("1534810936.284"), 1_534_810_936_284);
    assert.equal(at("0"), 0);
    assert.equal(at('"2018-08-21T00:22:16.284Z"'), 1_534_810_936_284);
    for (const bad of ['"yesterday"', '"2018-13-45T00:00:00Z"', '"2018"', "1e300", "true", '""']) {
      assert.throws(() => at(bad), refused(/ can not be converted to milliseconds since epoch$/), bad);
    }
  });

  test("keeps the members that only the agent knows, and checks them", () => {
    const token = '{"clientToken":"t","zoneId":"z"}';
    assert.deepEqual(parseRequest(operationNamed("RegisterContainerInstance"), token), { clientToken: "t" });
    assert.deepEqual(parseRequest(operationNamed("DiscoverPollEndpoint"), token), { zoneId: "z" });
    assert.deepEqual(parseRequest(operationNamed("SubmitTaskStateChange"), token), {});
    assert.throws(() => parseRequest(operationNamed("DiscoverPollEndpoint"), '{"zoneId":1}'), refused(/^NUMBER_VALUE/));
  });

  test("the SDK still lacks the undocumented members of the rows, or they must leave them", () => {
    const found: string[] = [];
    for (const { name, row, shapes } of apiOperations(ecs).values()) {
      for (const member of Object.keys((row.machine !== null && row.machine !== "service" && row.undocumented) || {})) {
        found.push(`${name}.${member}`);
        assert.equal(shapes.input.members.has(member), false, `${name}.${member}`);
      }
    }
    assert.deepEqual(found, ["DiscoverPollEndpoint.zoneId", "RegisterContainerInstance.clientToken"]);
  });

  test("can't reach a prototype", () => {
    const request = parseRequest(
      operationNamed("RegisterTaskDefinition"),
      '{"__proto__":{"family":"x"},"constructor":{},"toString":1}',
    );
    assert.deepEqual(Object.keys(request), []);
    assert.equal(request.family, undefined);
    assert.equal(Object.getPrototypeOf(request), Object.prototype);
    const labels = parseRequest(
      operationNamed("RegisterTaskDefinition"),
      '{"containerDefinitions":[{"dockerLabels":{"__proto__":"p","a":"b"}}]}',
    );
    const [container] = labels.containerDefinitions as { dockerLabels: object }[];
    assert.deepEqual(Object.entries(container?.dockerLabels ?? {}), [
      ["__proto__", "p"],
      ["a", "b"],
    ]);
  });
});

describe("SerializationException", () => {
  const cases: readonly [string, RegExp][] = [
    ["{", /not valid JSON/],
    ["{}{}", /not valid JSON/],
    ["null", /must be a JSON object/],
    ["[]", /^Start of list found where not expected\.$/],
    ['"text"', /^Expected structure or map or null$/],
    ['{"taskDefinition":1}', /^NUMBER_VALUE can not be converted to a String$/],
    ['{"taskDefinition":true}', /^TRUE_VALUE can not be converted to a String$/],
    ['{"taskDefinition":{}}', /^Start of structure or map found where not expected\.$/],
    ['{"taskDefinition":[]}', /^Start of list found where not expected\.$/],
    ['{"count":"1"}', /^STRING_VALUE can not be converted to an Integer$/],
    ['{"count":1e999}', /^NUMBER_VALUE can not be converted to an Integer$/],
    ['{"enableExecuteCommand":"true"}', /^STRING_VALUE can not be converted to a Boolean$/],
    ['{"enableExecuteCommand":0}', /^NUMBER_VALUE can not be converted to a Boolean$/],
    ['{"tags":{}}', /^Start of structure or map found where not expected\.$/],
    ['{"tags":"x"}', /^Expected list or null$/],
    ['{"tags":[false]}', /^Expected structure or map or null$/],
    ['{"overrides":[]}', /^Start of list found where not expected\.$/],
  ];
  for (const [body, message] of cases) {
    test(`answers RunTask ${body}`, () =>
      assert.throws(() => parseRequest(operationNamed("RunTask"), body), refused(message)));
  }

  test("answers invalid UTF-8", () => {
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    assert.throws(() => parseRequest(operationNamed("RunTask"), body), refused(/not valid UTF-8/));
  });

  test("answers nesting beyond the limit, wherever it is, and hostile depth quickly", () => {
    const nested = (levels: number): string => `{"x":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    assert.deepEqual(parseRequest(operationNamed("RunTask"), nested(nestingDepthMax)), {});
    assert.throws(
      () => parseRequest(operationNamed("RunTask"), nested(nestingDepthMax + 1)),
      refused(/nests deeper than 64/),
    );
    assert.throws(() => parseRequest(operationNamed("RunTask"), "[".repeat(1_000_000)), refused(/nests deeper/));
    assert.throws(() => parseRequest(operationNamed("RunTask"), '{"a":'.repeat(1_000_000)), refused(/nests deeper/));
  });

  test("doesn't count brackets inside strings", () => {
    const text = `${'[{"\\'.repeat(100)}\\"[[`;
    assert.deepEqual(parseRequest(operationNamed("RunTask"), JSON.stringify({ group: text })), { group: text });
    assert.throws(
      () => parseRequest(operationNamed("RunTask"), `{"group":"${"[".repeat(100)}`),
      refused(/not valid JSON/),
    );
  });
});

test("the API's shapes are far less deep than the limit", () => {
  const depth = (shape: Shape): number => {
    if (shape.kind === "list") return 1 + depth(shape.member);
    if (shape.kind === "map") return 1 + depth(shape.value);
    if (shape.kind !== "structure") return 0;
    return 1 + Math.max(0, ...[...shape.members.values()].map(depth));
  };
  const deepest = Math.max(...operations.map(({ shapes }) => depth(shapes.input)));
  assert.equal(deepest, 9);
});

test("any JSON value for any operation is parsed or refused", () => {
  const anyMember = fc.constantFrom(...operations).chain((operation) => {
    const members = [...operation.shapes.input.members.keys(), "unheardOf"];
    return fc.tuple(fc.constant(operation), fc.dictionary(fc.constantFrom(...members), fc.jsonValue({ maxDepth: 3 })));
  });
  fc.assert(
    fc.property(anyMember, ([operation, body]) => {
      try {
        parseRequest(operation, JSON.stringify(body));
      } catch (error) {
        const isRefused = error instanceof Refusal || error instanceof WireError;
        assert.ok(isRefused && error.code !== "ServerException", String(error));
      }
    }),
    { numRuns: 500 },
  );
});
