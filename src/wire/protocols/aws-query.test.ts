import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Refusal } from "../../ecs/refusals.ts";
import { sts } from "../definitions/sts.ts";
import { callErrorOf, WireError } from "../errors.ts";
import { type ApiOperation, isAnswered } from "../service-definition.ts";
import { apiOperations, surroundingServices } from "../services.ts";
import { SdkShapes, type ShapesAsWritten } from "../shapes.ts";
import { awsJson10 } from "./aws-json.ts";
import { awsQuery, ec2Query } from "./aws-query.ts";
import { xmlText } from "./xml.ts";

const written: ShapesAsWritten = {
  operations: { DescribeThings: { input: "In", output: "Out" }, Nothing: { input: "In", output: "None" } },
  errors: {},
  structures: {
    None: {},
    In: {
      Filters: "Filter[Filter] xml=filter query=Filter",
      ThingIds: "string[item] xml=ThingId",
      DryRun: "boolean xml=dryRun",
    },
    Filter: { Name: "string", Values: "string[item] xml=Value" },
    Out: {
      Things: "Thing[item] xml=thingSet",
      Words: "string[]",
      Flat: "string[] flat",
      Map: "map<string>",
      NextToken: "string xml=nextToken",
    },
    Thing: { ThingId: "string xml=thingId", At: "timestamp xml=at", Size: "number", Is: "boolean" },
  },
  unions: {},
};
const shapes = new SdkShapes(() => written);
const operation = (name: string) =>
  ({ name, shapes: shapes.of(name), service: { xmlNamespace: "http://x/&y" } }) as unknown as ApiOperation;
const describeThings = operation("DescribeThings");
const reply = {
  Things: [
    { ThingId: "a<b", At: 1_500, Size: 0, Is: false, Other: 1 },
    { ThingId: null, At: 2_000 },
  ],
  Words: [],
  Flat: ["x", "y"],
  Map: { "k&": "v" },
};

describe("a reply of the query protocol", () => {
  test("has its members by the names on the wire", () => {
    assert.equal(
      awsQuery.render(describeThings, reply, "id-1"),
      '<DescribeThingsResponse xmlns="http://x/&amp;y"><DescribeThingsResult><thingSet><item><thingId>a&lt;b</thingId><at>1970-01-01T00:00:01.500Z</at>' +
        "<Size>0</Size><Is>false</Is></item><item><at>1970-01-01T00:00:02Z</at></item></thingSet><Words></Words><Flat>x</Flat><Flat>y</Flat>" +
        "<Map><entry><key>k&amp;</key><value>v</value></entry></Map></DescribeThingsResult>" +
        "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DescribeThingsResponse>",
    );
    assert.equal(
      awsQuery.render(operation("Nothing"), {}, "i"),
      '<NothingResponse xmlns="http://x/&amp;y"><ResponseMetadata><RequestId>i</RequestId></ResponseMetadata></NothingResponse>',
    );
  });

  test("of EC2 has them beside the request id", () => {
    assert.equal(
      ec2Query.render(describeThings, { Words: ["w"], NextToken: "t" }, "id-1"),
      '<?xml version="1.0" encoding="UTF-8"?>\n<DescribeThingsResponse xmlns="http://x/&amp;y"><requestId>id-1</requestId><Words><member>w</member></Words>' +
        "<nextToken>t</nextToken></DescribeThingsResponse>",
    );
  });

  test("and a request of EC2 has names of its own", () => {
    const body = "Action=DescribeThings&Filter.1.Name=n&Filter.1.Value.1=v&ThingId.1=a&ThingId.2=b&DryRun=true";
    assert.deepEqual(ec2Query.parse(describeThings, body), {
      Filters: [{ Name: "n", Values: ["v"] }],
      ThingIds: ["a", "b"],
      DryRun: true,
    });
  });
});

test("any text is inside its element, and no byte of it is one that XML can't have", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = xmlText(text);
      assert.doesNotMatch(escaped, /[<>"\r]|&(?!(?:amp|lt|gt|quot|#13);)/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert.doesNotMatch(escaped, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
      assert.ok(escaped.isWellFormed());
    }),
  );
  assert.equal(xmlText("a\u0000\ud800<&>\"'\r\n\t"), "a\ufffd\ufffd&lt;&amp;&gt;&quot;'&#13;\n\t");
});

describe("an error", () => {
  const refusal = callErrorOf(new Refusal("InvalidIdentityTokenException", "no <token>"));
  test("of the rules has the code and the status of the SDK", () => {
    assert.deepEqual(awsQuery.renderError(sts, refusal, "id"), {
      status: 400,
      code: "InvalidIdentityToken",
      contentType: "text/xml",
      body:
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code>' +
        "<Message>no &lt;token&gt;</Message></Error><RequestId>id</RequestId></ErrorResponse>",
    });
    assert.equal(awsQuery.renderError(sts, callErrorOf(new Refusal("AccessDenied", "no")), "id").status, 403);
  });

  test("before them has the code of the protocol", () => {
    const error = callErrorOf(new WireError("InvalidSignatureException", "x"));
    assert.deepEqual(
      [awsQuery.renderError(sts, error, "").code, ec2Query.renderError(sts, error, "").code],
      ["SignatureDoesNotMatch", "AuthFailure"],
    );
  });

  test("that nobody foresaw says nothing of itself", () => {
    const { status, code, body } = awsQuery.renderError(sts, callErrorOf(new Error("hunter2")), "id");
    assert.deepEqual([status, code], [500, "InternalFailure"]);
    assert.doesNotMatch(body, /hunter2/);
  });

  test("of a service that spoke the query protocol before names its old code", () => {
    const facts = { ...sts, isQueryCompatible: true };
    const { headers, code } = awsJson10.renderError(facts, refusal, "id");
    assert.equal(code, "InvalidIdentityTokenException");
    assert.deepEqual(headers, { "x-amzn-query-error": "InvalidIdentityToken;Sender" });
    assert.equal(awsJson10.renderError(sts, refusal, "id").headers, undefined);
  });
});

test("the rows of the services around ECS name only errors and operations that the SDK knows", () => {
  for (const service of surroundingServices) {
    const rows = Object.entries(service.rulebook.operations);
    assert.deepEqual(rows.map(([name]) => name).sort(), service.shapes.operations, service.name);
    for (const [name, { errors, missing }] of rows) {
      for (const error of errors) assert.ok(service.shapes.errors.includes(error), `${name} ${error}`);
      if (missing !== undefined) assert.match(missing, /^[A-Z`].*\.$/, name);
    }
    for (const each of apiOperations(service).values()) {
      assert.equal(isAnswered(each), service.shapes.operations.includes(each.name), each.name);
    }
  }
});
