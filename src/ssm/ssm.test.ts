import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { noPorts } from "../service-machine/small-service.ts";
import { SmallServiceWorld, sealingPorts } from "../service-machine/small-service-world.ts";
import { ssm } from "./ssm.ts";

const arnOf = (path: string): string => `arn:aws:ssm:eu-west-1:123456789012:parameter${path}`;

let world: SmallServiceWorld;
beforeEach(() => {
  world = new SmallServiceWorld(ssm);
});

const put = (Name: string, Value: string, more: object = {}) =>
  world.call("PutParameter", { Name, Value, Type: "String", ...more });
const change = (Name: string, Value: string, more: object = {}) =>
  world.call("PutParameter", { Name, Value, Overwrite: true, ...more });
const get = (Name: string, more: object = {}) => {
  const reply = world.call("GetParameter", { Name, ...more });
  return typeof reply === "string" ? reply : reply.Parameter;
};
const namesOf = (reply: { Parameters: { Name: string }[] }): string[] => reply.Parameters.map(({ Name }) => Name);

describe("a parameter", () => {
  test("is read by name, version, label and ARN, also after a restart", () => {
    assert.deepEqual(put("/app/url", "one"), { Version: 1, Tier: "Standard" });
    assert.deepEqual(change("/app/url", "two"), { Version: 2, Tier: "Standard" });
    world.call("LabelParameterVersion", { Name: "/app/url", Labels: ["old"], ParameterVersion: 1 });
    world.restart();
    assert.deepEqual(get("/app/url"), {
      Name: "/app/url",
      Type: "String",
      Value: "two",
      Version: 2,
      LastModifiedDate: world.now,
      ARN: arnOf("/app/url"),
      DataType: "text",
    });
    assert.deepEqual([get("/app/url:1").Value, get("/app/url:1").Selector], ["one", ":1"]);
    assert.equal(get("/app/url:old").Value, "one");
    assert.equal(get(arnOf("/app/url")).Value, "two");
    assert.equal(get(`${arnOf("/app/url")}:1`).Value, "one");
    put("plain", "x");
    assert.deepEqual([get(arnOf("/plain")).Name, get("plain").ARN], ["plain", arnOf("/plain")]);
    assert.equal(get("/nothing"), "ParameterNotFound: Parameter /nothing not found.");
    assert.match(get(arnOf("/app/url").replace("west-1", "west-2")), /^ParameterNotFound/);
    assert.match(
      get("/app/url:3"),
      /^ParameterVersionNotFound: Systems Manager could not find version 3 of \/app\/url\./,
    );
    assert.match(get("/app/url:new"), /^ParameterVersionNotFound: .* the label new /);
  });

  test("is stored sealed whatever its type, and a SecureString is shown so without decryption", () => {
    put("plain", "planted-value");
    put("secret", "planted-value", { Type: "SecureString" });
    assert.doesNotMatch(world.storedText, /planted-value/);
    assert.equal(get("plain").Value, "planted-value");
    assert.doesNotMatch(get("secret").Value, /planted-value/);
    assert.equal(get("secret", { WithDecryption: true }).Value, "planted-value");
    world.ports = { ...sealingPorts, values: { seal: () => "", unseal: () => null } };
    world.restart();
    assert.match(get("plain"), /^InvalidKeyId: .*seal\.key/);
    world.ports = noPorts;
    world.restart();
    assert.match(put("other", "x"), /^InvalidKeyId: /);
    assert.match(get("other"), /^ParameterNotFound/);
  });

  test("is created once, with a type", () => {
    put("a", "1");
    assert.equal(
      put("a", "2"),
      "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
    assert.equal(
      put("b", "1", { Type: undefined }),
      "ValidationException: A parameter type is required when you create a parameter.",
    );
    assert.match(change("a", "2", { Type: "SecureString" }), /^HierarchyTypeMismatchException/);
    assert.match(put("b", "1", { Type: "Number" }), /^ValidationException: .*\[String, StringList, SecureString\]$/);
    assert.match(put("b", ""), /^ValidationException: 1 validation error detected: Value at 'value' failed/);
    assert.match(put("b", "{{ssm:a}}"), /^ValidationException: Parameter value can't nest/);
    assert.match(put("b", "1", { DataType: "aws:ec2:image" }), /^ValidationException: The following data type/);
    assert.match(put("b", "1", { Policies: '[{"Type":"Expiration"}]' }), /^InvalidPolicyTypeException/);
    assert.match(change("a", "2", { Tags: [{ Key: "k", Value: "v" }] }), /^ValidationException: Invalid request: tags/);
  });

  test("keeps what a new version doesn't say", () => {
    put("a", "1", { Type: "SecureString", Description: "words", AllowedPattern: "\\d+", KeyId: "alias/mine" });
    assert.match(change("a", "x"), /^ParameterPatternMismatchException: .* allowedPattern: \\d\+$/);
    change("a", "2", { Description: "others" });
    const [{ LastModifiedDate, ...facts }] = world.call("DescribeParameters", {}).Parameters;
    assert.equal(LastModifiedDate, world.now);
    assert.deepEqual(facts, {
      ARN: arnOf("/a"),
      Name: "a",
      Type: "SecureString",
      KeyId: "alias/mine",
      LastModifiedUser: "arn:aws:iam::123456789012:user/ci",
      Description: "others",
      AllowedPattern: "\\d+",
      Version: 2,
      Tier: "Standard",
      Policies: [],
      DataType: "text",
    });
  });

  test("has a name that AWS allows", () => {
    for (const [name, refusal] of [
      ["a/b", /^ValidationException: Parameter name must be a fully qualified name\.$/],
      ["/a/", /^ValidationException: Parameter name must not end with slash\.$/],
      ["aws-thing", /^ValidationException: Parameter name: can't be prefixed with "aws" or "ssm"/],
      ["/SSM/x", /^ValidationException: Parameter name: can't be prefixed with "ssm"/],
      ["/aws/x", /^AccessDeniedException: No access to reserved parameter name: \/aws\/x\.$/],
      ["a b", /^ValidationException: .*\.-_$/],
      ["/a//b", /^ValidationException/],
      ["a:1", /^ValidationException/],
      [`/${"x/".repeat(15)}x`, /^HierarchyLevelLimitExceededException: A hierarchy can have a maximum of 15/],
    ] as const) {
      assert.match(put(name, "1"), refusal, name);
    }
    assert.equal(put(`/${"x/".repeat(14)}x`, "1").Version, 1);
  });

  test("has 4 KiB in the standard tier and 8 KiB in the advanced one, which it never leaves", () => {
    assert.match(put("a", "x".repeat(4_097)), /^ValidationException: Standard tier .* 4096 characters\. To create/);
    assert.match(put("a", "x".repeat(8_193), { Tier: "Advanced" }), /^ValidationException: Advanced tier .* 8192 char/);
    assert.equal(put("a", "x".repeat(4_096)).Tier, "Standard");
    assert.equal(change("a", "ü".repeat(2_049), { Tier: "Intelligent-Tiering" }).Tier, "Advanced");
    assert.equal(change("a", "x").Tier, "Advanced");
    assert.match(change("a", "x", { Tier: "Standard" }), /^ValidationException: This parameter uses the advanced/);
  });

  test("is checked by its pattern in linear time", () => {
    assert.match(put("a", "1", { AllowedPattern: "(" }), /^InvalidAllowedPatternException/);
    assert.match(
      put("a", "1", { AllowedPattern: "((a{30}){30}){30}" }),
      /^InvalidAllowedPatternException: .* too much/,
    );
    const started = performance.now();
    assert.match(put("a", `${"a".repeat(4_000)}!`, { AllowedPattern: "(a+)+" }), /^ParameterPatternMismatch/);
    assert.ok(performance.now() - started < 1_000);
    assert.equal(put("a", "abc", { AllowedPattern: "^[a-c]{3}$" }).Version, 1);
  });
});

describe("several parameters", () => {
  beforeEach(() => {
    for (const name of ["/app/db/user", "/app/db/pass", "/app/url", "/other", "plain"]) {
      put(name, `of ${name}`, { Type: name.endsWith("pass") ? "SecureString" : "String" });
    }
  });

  test("are read together, and deleted together", () => {
    const reply = world.call("GetParameters", { Names: ["plain", "/app/url:1", "/x", "/app/url:9", "plain"] });
    assert.deepEqual(
      [namesOf(reply), reply.InvalidParameters],
      [
        ["plain", "/app/url"],
        ["/x", "/app/url:9"],
      ],
    );
    assert.match(
      world.call("GetParameters", { Names: Array.from({ length: 11 }, String) }),
      /less than or equal to 10$/,
    );
    assert.deepEqual(world.call("DeleteParameters", { Names: ["plain", "/x"] }), {
      DeletedParameters: ["plain"],
      InvalidParameters: ["/x"],
    });
    world.call("DeleteParameter", { Name: "/app/url" });
    assert.match(world.call("DeleteParameter", { Name: "/app/url" }), /^ParameterNotFound/);
    assert.equal(put("/app/url", "again").Version, 1);
  });

  test("are read by path, one level or all, in pages", () => {
    const under = (Path: string, more: object = {}) => world.call("GetParametersByPath", { Path, ...more });
    assert.deepEqual(namesOf(under("/app")), ["/app/url"]);
    assert.deepEqual(namesOf(under("/app/", { Recursive: true })), ["/app/db/pass", "/app/db/user", "/app/url"]);
    assert.deepEqual(namesOf(under("/")), ["/other", "plain"]);
    assert.deepEqual(namesOf(under("/ap", { Recursive: true })), []);
    const secure = {
      Recursive: true,
      WithDecryption: true,
      ParameterFilters: [{ Key: "Type", Values: ["SecureString"] }],
    };
    assert.equal(under("/app", secure).Parameters[0].Value, "of /app/db/pass");
    const first = under("/", { Recursive: true, MaxResults: 3 });
    const rest = under("/", { Recursive: true, MaxResults: 3, NextToken: first.NextToken });
    assert.deepEqual([first.Parameters.length, rest.Parameters.length, rest.NextToken], [3, 2, undefined]);
    assert.match(under("/", { NextToken: "x" }), /^InvalidNextToken/);
    assert.match(under("app"), /^ValidationException: The parameter doesn't meet the parameter name requirements/);
    assert.match(under("/", { MaxResults: 11 }), /^ValidationException/);
    assert.match(
      under("/", { ParameterFilters: [{ Key: "Name", Values: ["x"] }] }),
      /^InvalidFilterKey: .* not valid: Name\./,
    );
    const started = performance.now();
    assert.match(under(`/${"a".repeat(2_000)}!`), /^ValidationException/);
    assert.ok(performance.now() - started < 1_000);
  });

  test("are described by filters", () => {
    const described = (...ParameterFilters: object[]) => {
      const reply = world.call("DescribeParameters", { ParameterFilters });
      return typeof reply === "string" ? reply : namesOf(reply);
    };
    world.call("AddTagsToResource", {
      ResourceType: "Parameter",
      ResourceId: "plain",
      Tags: [{ Key: "team", Value: "blue" }],
    });
    assert.deepEqual(described({ Key: "Name", Values: ["/app/url"] }), ["/app/url"]);
    assert.deepEqual(described({ Key: "Name", Option: "Contains", Values: ["db"] }), ["/app/db/pass", "/app/db/user"]);
    assert.deepEqual(described({ Key: "Path", Option: "Recursive", Values: ["/app/db"] }), [
      "/app/db/pass",
      "/app/db/user",
    ]);
    assert.deepEqual(described({ Key: "Type", Values: ["SecureString"] }), ["/app/db/pass"]);
    assert.deepEqual(described({ Key: "tag:team", Values: ["blue"] }), ["plain"]);
    assert.deepEqual(described({ Key: "tag:team" }), ["plain"]);
    assert.deepEqual(described({ Key: "tag:team", Values: ["red"] }), []);
    assert.match(described({ Key: "Name", Option: "Like", Values: ["x"] }) as string, /^InvalidFilterOption/);
    assert.match(described({ Key: "Name" }) as string, /^InvalidFilterValue/);
    assert.deepEqual(namesOf(world.call("DescribeParameters", { Filters: [{ Key: "Name", Values: ["/app/d"] }] })), [
      "/app/db/pass",
      "/app/db/user",
    ]);
    const { Parameters, NextToken } = world.call("DescribeParameters", { MaxResults: 4 });
    assert.equal(Parameters.length, 4);
    assert.deepEqual(namesOf(world.call("DescribeParameters", { NextToken })), ["plain"]);
  });

  test("have tags, up to fifty", () => {
    const on = { ResourceType: "Parameter", ResourceId: "/other" };
    world.call("AddTagsToResource", {
      ...on,
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "b", Value: "2" },
      ],
    });
    world.call("RemoveTagsFromResource", { ...on, TagKeys: ["a", "c"] });
    assert.deepEqual(world.call("ListTagsForResource", on), { TagList: [{ Key: "b", Value: "2" }] });
    const many = Array.from({ length: 50 }, (_, i) => ({ Key: `k${i}`, Value: "" }));
    assert.match(world.call("AddTagsToResource", { ...on, Tags: many }), /^TooManyTagsError/);
    assert.match(world.call("ListTagsForResource", { ...on, ResourceId: "/x" }), /^InvalidResourceId: The resource ID/);
    assert.match(world.call("ListTagsForResource", { ...on, ResourceType: "Document" }), /^InvalidResourceType/);
  });
});

describe("versions", () => {
  test("are a hundred; the oldest goes unless it has a label", () => {
    put("a", "value 1");
    for (let i = 2; i <= 100; i++) change("a", `value ${i}`);
    assert.equal(change("a", "value 101").Version, 101);
    assert.match(get("a:1"), /^ParameterVersionNotFound/);
    const first = world.call("GetParameterHistory", { Name: "a" });
    const rest = world.call("GetParameterHistory", { Name: "a", NextToken: first.NextToken });
    const numbers = [...first.Parameters, ...rest.Parameters].map(({ Version }: { Version: number }) => Version);
    assert.deepEqual(
      numbers,
      Array.from({ length: 100 }, (_, i) => i + 2),
    );
    assert.equal(first.Parameters[0].Value, "value 2");
    world.call("LabelParameterVersion", { Name: "a", Labels: ["keep"], ParameterVersion: 2 });
    assert.match(change("a", "x"), /^ParameterMaxVersionLimitExceeded: You attempted .* Version 2, the oldest version/);
  });

  test("have labels, which move", () => {
    put("a", "1");
    change("a", "2");
    const label = (Labels: string[], ParameterVersion?: number) =>
      world.call("LabelParameterVersion", { Name: "a", Labels, ...(ParameterVersion && { ParameterVersion }) });
    assert.deepEqual(label(["prod", "1st", "aws-x", "ssm.y", "a b"]), {
      InvalidLabels: ["1st", "aws-x", "ssm.y", "a b"],
      ParameterVersion: 2,
    });
    label(["prod", "test"], 1);
    assert.equal(get("a:prod").Value, "1");
    const labels = () =>
      world.call("GetParameterHistory", { Name: "a" }).Parameters.map(({ Labels }: { Labels: string[] }) => Labels);
    assert.deepEqual(labels(), [["prod", "test"], []]);
    assert.match(
      label(
        Array.from({ length: 9 }, (_, i) => `l${i}`),
        1,
      ),
      /^ParameterVersionLabelLimitExceeded/,
    );
    assert.match(label(["x"], 3), /^ParameterVersionNotFound/);
    const unlabel = { Name: "a", Labels: ["prod", "none"], ParameterVersion: 1 };
    assert.deepEqual(world.call("UnlabelParameterVersion", unlabel), {
      RemovedLabels: ["prod"],
      InvalidLabels: ["none"],
    });
    assert.deepEqual(labels(), [["test"], []]);
  });
});
