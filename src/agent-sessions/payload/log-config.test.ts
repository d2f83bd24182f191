import assert from "node:assert/strict";
import { test } from "node:test";
import { logConfig } from "./log-config.ts";

const task = { containerName: "app", taskId: "0123456789abcdef0123456789abcdef" };

test("the stream prefix of ECS becomes a log stream that Docker accepts", () => {
  const options = { "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web/blue" };
  assert.deepEqual(logConfig({ logDriver: "awslogs", options }, task), {
    Type: "awslogs",
    Config: {
      "awslogs-group": "/ecs/web",
      "awslogs-region": "eu-west-1",
      "awslogs-stream": `web/blue/app/${task.taskId}`,
    },
  });
});

test("an empty prefix counts as none: Docker names the stream after the container", () => {
  const options = { "awslogs-group": "g", "awslogs-stream-prefix": "" };
  assert.deepEqual(logConfig({ logDriver: "awslogs", options }, task).Config, { "awslogs-group": "g" });
});

test("options that Docker and the agent understand are passed on as registered", () => {
  const generic = { mode: "non-blocking", "max-buffer-size": "4m", tag: "{{.ID}}" };
  const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["json-file", { ...generic, "max-size": "10m" }],
    ["awsfirelens", { Name: "cloudwatch", log_stream_prefix: "x", "log-driver-buffer-limit": "100" }],
    // Only awslogs has a stream. With another driver the option is for Docker to judge.
    ["fluentd", { "awslogs-stream-prefix": "x" }],
    [
      "awslogs",
      {
        ...generic,
        "awslogs-group": "g",
        "awslogs-region": "r",
        "awslogs-create-group": "true",
        "awslogs-datetime-format": "%Y-%m-%d",
        "awslogs-multiline-pattern": "^INFO",
      },
    ],
  ];
  for (const [logDriver, options] of cases) {
    assert.deepEqual(logConfig({ logDriver, options }, task), { Type: logDriver, Config: options });
  }
  assert.deepEqual(logConfig({ logDriver: "json-file" }, task), { Type: "json-file", Config: {} });
});
