import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallRoute, type RequestHead, routeBesideCompanion, routeOf, signingNameOf } from "./call-route.ts";
import { WireError } from "./errors.ts";

const signedFor = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=AKID/20261128/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
const head = (more: Partial<RequestHead> = {}): RequestHead => ({
  ...{ method: "POST", path: "/", query: "", headers: {} },
  ...more,
});
const form = "application/x-www-form-urlencoded";

function shown(request: RequestHead, givenAway = "", findRoute = routeOf): string {
  try {
    const route: CallRoute = findRoute(request, ({ signingName }) => signingName !== givenAway);
    switch (route.type) {
      case "target":
        return `${route.service.name}:${route.operation.name}`;
      case "form":
        return `${route.service.name} ${route.isSigned ? "signed" : "unsigned"}`;
      case "elsewhere":
        return `elsewhere ${route.service}`;
    }
  } catch (error) {
    assert.ok(error instanceof WireError);
    return error.code;
  }
}

test("a request goes to the service that its target or its signature names", () => {
  const ecs = "AmazonEC2ContainerServiceV20141113";
  const cases: [RequestHead, string][] = [
    [head({ headers: { "x-amz-target": `${ecs}.ListTasks`, authorization: signedFor("ecs") } }), "ecs:ListTasks"],
    [head({ headers: { "x-amz-target": `${ecs}.ListTasks` } }), "ecs:ListTasks"],
    [head({ headers: { "x-amz-target": `${ecs}.ListTask` } }), "UnknownOperationException"],
    [head({ headers: { authorization: signedFor("ecs") } }), "UnknownOperationException"],
    [head({ headers: { authorization: signedFor("sts"), "content-type": form } }), "sts signed"],
    [head({ method: "GET", query: "Action=X", headers: { authorization: signedFor("sts") } }), "sts signed"],
    [head({ headers: { "content-type": `${form}; charset=utf-8` } }), "sts unsigned"],
    [head({ method: "GET", query: "Action=X" }), "sts unsigned"],
    [head({ headers: { "content-type": "application/json" } }), "elsewhere null"],
    [head({ method: "GET" }), "elsewhere null"],
    [head({ method: "GET", path: "/b/k", query: "Action=X" }), "elsewhere null"],
    [head({ headers: { "x-amz-target": "DynamoDB_20120810.ListTables" } }), "elsewhere DynamoDB"],
    [
      head({ headers: { "x-amz-target": "DynamoDB_20120810.ListTables", authorization: signedFor("dynamodb") } }),
      "elsewhere dynamodb",
    ],
    [head({ headers: { authorization: signedFor("s3") } }), "elsewhere s3"],
  ];
  for (const [request, expected] of cases) assert.equal(shown(request), expected, JSON.stringify(request));
});

test("a built-in service that is given away is none", () => {
  assert.equal(
    shown(head({ headers: { authorization: signedFor("sts"), "content-type": form } }), "sts"),
    "elsewhere sts",
  );
  assert.equal(shown(head({ headers: { "content-type": form } }), "sts"), "elsewhere null");
});

test("beside a companion, operations that a service around ECS lacks are for elsewhere, and those of ECS aren't", () => {
  const target = (name: string, service: string) =>
    head({ headers: { "x-amz-target": name, authorization: signedFor(service) } });
  const get = (query: string, service: string) =>
    head({ method: "GET", query, headers: { authorization: signedFor(service) } });
  const cases: [RequestHead, string][] = [
    [target("AmazonSSM.GetDocument", "ssm"), "elsewhere ssm"],
    [target("AmazonSSM.AddedNextYear", "ssm"), "elsewhere ssm"],
    [target("AmazonSSM.GetParameter", "ssm"), "ssm:GetParameter"],
    [head({ headers: { "x-amz-target": "secretsmanager.ReplicateSecretToRegions" } }), "elsewhere secretsmanager"],
    [target("AmazonEC2ContainerServiceV20141113.CreateTaskSet", "ecs"), "ecs:CreateTaskSet"],
    [target("AmazonEC2ContainerServiceV20141113.NoSuchOperation", "ecs"), "UnknownOperationException"],
    [target("BerthV1.NoSuchOperation", "ecs"), "UnknownOperationException"],
    [get("Action=RunInstances&Version=2016-11-15", "ec2"), "elsewhere ec2"],
    [get("Action=DescribeVpcs&Version=2016-11-15", "ec2"), "ec2 signed"],
    [get("Action=DescribeVpcs&Version=2000-01-01", "ec2"), "elsewhere ec2"],
    [head({ method: "GET", query: "Action=ListUsers&Version=2010-05-08" }), "elsewhere null"],
    // Its body says which operation.
    [head({ headers: { authorization: signedFor("ec2"), "content-type": form } }), "ec2 signed"],
  ];
  for (const [request, expected] of cases) {
    assert.equal(shown(request, "", routeBesideCompanion), expected, JSON.stringify(request));
  }
});

test("a signature is in the header or in the query, of version 4, 4a or, for S3, 2", () => {
  const credential = encodeURIComponent("AKID/20261128/us-east-1/s3/aws4_request");
  const cases: [Partial<RequestHead>, string | null][] = [
    [{ headers: { authorization: signedFor("logs") } }, "logs"],
    [{ headers: { authorization: "AWS4-ECDSA-P256-SHA256 Credential=AKID/20261128/s3/aws4_request, X=1" } }, "s3"],
    [{ headers: { authorization: "AWS AKID:c2ln" } }, "s3"],
    [{ query: `x=1&X-Amz-Credential=${credential}` }, "s3"],
    [{ query: "AWSAccessKeyId=AKID&Signature=x" }, "s3"],
    [{ headers: { authorization: "Bearer x" } }, null],
    [{ headers: { authorization: "AWS4-HMAC-SHA256 Credential=AKID" } }, null],
    [{ query: "X-Amz-Credential=none" }, null],
    [{}, null],
  ];
  for (const [request, expected] of cases)
    assert.equal(signingNameOf(head(request)), expected, JSON.stringify(request));
});
