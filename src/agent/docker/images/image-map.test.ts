import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ImageMap, ImageRuleError, parseImageRule, parseImageRules } from "./image-map.ts";

const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const mapped = (rules: string, image: string): string | null => new ImageMap(parseImageRules(rules)).imageFor(image);

describe("the image map", () => {
  it("puts an image in place of those whose reference matches, the first rule first", () => {
    const rules = `# builds\n${ecr}/web:*=web:dev\n\n${ecr}/*=local/*\n*=other:1\n`;
    assert.equal(mapped(rules, `${ecr}/web:3f2a`), "web:dev");
    assert.equal(mapped(rules, `${ecr}/team/api:7`), "local/team/api:7");
    assert.equal(mapped(rules, "redis"), "other:1");
  });

  it("matches a reference without its tag and digest too", () => {
    const digest = `sha256:${"0".repeat(64)}`;
    for (const image of ["app", "app:1", `app@${digest}`, `app:1@${digest}`])
      assert.equal(mapped("app=mine:dev", image), "mine:dev");
    assert.equal(mapped("host:5000/app=mine", "host:5000/app:2"), "mine");
    assert.equal(mapped("app=mine", "app2"), null);
    assert.equal(mapped("app=mine", "team/app"), null);
  });

  it("fills in what the last star matched, without the tag if the image has one", () => {
    assert.equal(mapped(`*/team/*=local/*`, `${ecr}/team/api:7`), "local/api:7");
    assert.equal(mapped(`*/team/*=local/*:dev`, `${ecr}/team/api:7`), "local/api:dev");
  });

  it("takes the letters of a pattern as they are", () => {
    assert.equal(mapped("a.c=x", "abc"), null);
    assert.equal(mapped("a+(b)=x", "a+(b)"), "x");
    assert.equal(mapped("app=x$1$&", "app"), "x$1$&");
  });

  it("refuses what is not PATTERN=IMAGE", () => {
    for (const text of ["app", "=x", "app=", "a b=c", "app=*", "*=a*b*", `${"a".repeat(2_000)}=b`]) {
      assert.throws(() => parseImageRule(text), ImageRuleError, text);
    }
    assert.throws(() => new ImageMap(Array(1_001).fill({ pattern: "a", image: "b" })), ImageRuleError);
  });
});
