import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AwslogsOptions, awslogsOptions } from "./awslogs-options.ts";

const needed = { "awslogs-group": "g", "awslogs-region": "eu-west-1" };
const optionsOf = (more: Readonly<Record<string, string>>, Type = "awslogs"): AwslogsOptions | null => {
  const hostConfig = JSON.stringify({ LogConfig: { Type, Config: { ...needed, ...more } } });
  return awslogsOptions({ name: "app", image: "i", dockerConfig: { hostConfig } });
};

describe("the options of awslogs", () => {
  it("have Docker's defaults", () => {
    assert.deepEqual(optionsOf({}), {
      group: "g",
      stream: null,
      region: "eu-west-1",
      endpoint: null,
      createsGroup: false,
      createsStream: true,
      eventStart: null,
      format: null,
      buffer: { bytes: 4 * 1_048_576, drops: false },
      flushMs: 5_000,
    });
  });

  it("are read from strings, as Docker reads them", () => {
    const found = optionsOf({
      "awslogs-stream": "web/app/1",
      "awslogs-endpoint": "http://127.0.0.1:4566",
      "awslogs-create-group": "TRUE",
      "awslogs-create-stream": "0",
      "awslogs-multiline-pattern": "^INFO",
      "awslogs-force-flush-interval-seconds": "2",
      mode: "non-blocking",
      "max-buffer-size": "2.5m",
    });
    assert.deepEqual(found, {
      group: "g",
      stream: "web/app/1",
      region: "eu-west-1",
      endpoint: "http://127.0.0.1:4566",
      createsGroup: true,
      createsStream: false,
      eventStart: { pattern: "^INFO" },
      format: null,
      buffer: { bytes: 2_621_440, drops: true },
      flushMs: 2_000,
    });
    assert.deepEqual(optionsOf({ mode: "non-blocking" })?.buffer, { bytes: 10_485_760, drops: true });
  });

  it("belong to awslogs only", () => {
    assert.equal(optionsOf({ "fluentd-address": "x" }, "fluentd"), null);
    assert.equal(awslogsOptions({ name: "app", image: "i" }), null);
    assert.equal(awslogsOptions({ name: "app", image: "i", dockerConfig: { hostConfig: "no JSON" } }), null);
  });

  const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ "awslogs-groups": "g" }, /unknown log opt 'awslogs-groups' for awslogs log driver/],
    [{ "awslogs-group": "" }, /must specify a value for log opt 'awslogs-group'/],
    [{ "awslogs-region": "http://x.example.org" }, /must specify a region/],
    [{ "awslogs-create-group": "yes" }, /ParseBool: parsing "yes": invalid syntax/],
    [{ "awslogs-datetime-format": "%Y", "awslogs-multiline-pattern": "a" }, /at the same time/],
    [{ "awslogs-endpoint": "http://user@host" }, /not a web address/],
    [{ "awslogs-format": "json" }, /unsupported log format 'json'/],
    [{ mode: "sometimes" }, /logging mode 'sometimes' not supported/],
    [{ "max-buffer-size": "1m" }, /only supported with 'mode=non-blocking'/],
    [{ mode: "non-blocking", "max-buffer-size": "much" }, /invalid size: 'much'/],
    [{ "awslogs-stream": "s".repeat(513) }, /longer than 512 characters/],
  ];
  for (const [more, text] of wrong) {
    it(`are refused with Docker's text: ${JSON.stringify(more).slice(0, 60)}`, () => {
      assert.throws(() => optionsOf(more), text);
    });
  }
});
