import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../refusals.ts";
import { newTags, taggedResource, withoutTags, withTags } from "./tag.ts";

const place = { account: "111122223333", region: "eu-central-1" };
const prefix = "arn:aws:ecs:eu-central-1:111122223333:";

function refusal(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code && message.test(error.message);
}

const many = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: "" }));

test("tags are merged by key: known keys keep their place, new ones come last", () => {
  const existing = [
    { key: "a", value: "1" },
    { key: "b", value: "2" },
  ];
  assert.deepEqual(withTags(existing, [{ key: "c" }, { key: "a", value: "3" }]), [
    { key: "a", value: "3" },
    { key: "b", value: "2" },
    { key: "c", value: "" },
  ]);
  assert.deepEqual(withoutTags(existing, ["a", "x"]), [{ key: "b", value: "2" }]);
  assert.deepEqual(newTags(undefined), []);
});

test("an empty list of tags is refused", () => {
  for (const given of [[], undefined]) {
    assert.throws(() => withTags([], given), refusal("ClientException", /^Tags can not be empty\.$/));
  }
  assert.deepEqual(newTags([]), [], "clients send an empty list when they create something");
  assert.throws(() => withoutTags([], []), refusal("InvalidParameterException", /^Tag keys can not be empty\.$/));
});

test("invalid keys and values are refused", () => {
  for (const tag of [
    {},
    { key: "" },
    { key: "k".repeat(129) },
    { key: "aws:mine" },
    { key: "AWS:mine" },
    { key: "a?" },
    { key: "a", value: "v".repeat(257) },
    { key: "a", value: "<" },
  ]) {
    assert.throws(() => newTags([tag]), refusal("InvalidParameterException", /./), JSON.stringify(tag));
  }
  assert.throws(() => newTags([{ key: "a" }, { key: "a" }]), refusal("InvalidParameterException", /Duplicate/));
  assert.throws(() => withoutTags([], ["aws:ecs:clusterName"]), refusal("InvalidParameterException", /reserved/));
  const widest = { key: "k".repeat(128), value: "Ünï 1_.:/=+-@".padEnd(256, "x") };
  assert.deepEqual(newTags([widest]), [widest]);
});

test("fifty tags are accepted, one more is not, and ECS's own don't count", () => {
  assert.equal(newTags(many(50)).length, 50);
  assert.throws(() => newTags(many(51)), refusal("InvalidParameterException", /at most 50/));
  assert.throws(() => withTags(many(50), [{ key: "new" }]), refusal("InvalidParameterException", /at most 50/));
  const managed = { key: "aws:ecs:clusterName", value: "lab" };
  assert.equal(withTags([managed], many(50)).length, 51);
});

test("an ARN is resolved to the resource that can be tagged", () => {
  assert.deepEqual(taggedResource(place, `${prefix}cluster/lab`), { type: "cluster", cluster: "lab" });
  assert.deepEqual(taggedResource(place, `${prefix}task-definition/web:12`), {
    type: "task-definition",
    family: "web",
    revision: 12,
  });
  assert.deepEqual(taggedResource(place, `${prefix}task/lab/0af`), { type: "task", cluster: "lab", id: "0af" });
  assert.deepEqual(taggedResource(place, `${prefix}container-instance/lab/0af`), {
    type: "container-instance",
    cluster: "lab",
    id: "0af",
  });
});

test("short ARNs and ARNs of other resources are refused", () => {
  for (const kind of ["task", "container-instance", "service"]) {
    assert.throws(
      () => taggedResource(place, `${prefix}${kind}/abc`),
      refusal("InvalidParameterException", /^Long arn format must be used for tagging operations$/),
    );
  }
  for (const arn of [
    undefined,
    "lab",
    `${prefix}cluster/lab/x`,
    `${prefix}task-definition/web`,
    `${prefix}task-definition/web:0`,
    `${prefix}task/lab/a/b`,
    `${prefix}sandwich/lab`,
    "arn:aws:ecs:eu-central-1:999999999999:cluster/lab",
    "arn:aws:ecs:us-east-1:111122223333:cluster/lab",
    "arn:aws:s3:eu-central-1:111122223333:cluster/lab",
  ]) {
    assert.throws(() => taggedResource(place, arn), refusal("InvalidParameterException", /ARN provided is invalid/));
  }
});
