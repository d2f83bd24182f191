/** Messages in the forms that official agents and their control plane exchange, and malformed ones. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import {
  commandMessagesFromAgent,
  parseCommandFromAgent,
  parseTelemetryFromAgent,
  telemetryMessagesFromAgent,
} from "./from-agent.ts";
import { messagesToAgent, parseToAgent } from "./to-agent.ts";

const task = "arn:aws:ecs:us-east-1:123456789012:task/testc/0123456789abcdef0123456789abcdef";
const address = { messageId: "m-1", clusterArn: "cluster", containerInstanceArn: "instance" };
const update = { ...address, updateInfo: { location: "http://x/agent.tar", signature: "00" } };
const eni = {
  attachmentArn: "a",
  ec2Id: "eni-1",
  macAddress: "02:00",
  ipv4Addresses: [{ privateAddress: "10.0.0.2", primary: true }],
};
const credentials = {
  credentialsId: "c",
  roleArn: "r",
  accessKeyId: "k",
  secretAccessKey: "s",
  sessionToken: "t",
  expiration: "e",
};

const toAgent: Record<string, object> = {
  HeartbeatMessage: { messageId: "m-1", healthy: true },
  PayloadMessage: {
    ...address,
    seqNum: 1,
    generatedAt: 1_700_000_000_001,
    tasks: [
      {
        arn: task,
        desiredStatus: "RUNNING",
        family: "fam",
        version: "3",
        volumes: [],
        roleCredentials: credentials,
        containers: [
          {
            name: "main",
            image: "busybox:latest",
            command: ["sleep", "600"],
            entryPoint: null,
            cpu: 128,
            memory: 64,
            essential: true,
            environment: { A: "1" },
            portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
            mountPoints: [],
            volumesFrom: [],
            overrides: "{}",
            dependsOn: [{ containerName: "x", condition: "HEALTHY" }],
            dockerConfig: { version: "1.18", config: "{}", hostConfig: "{}" },
          },
        ],
      },
      { arn: task, desiredStatus: "STOPPED" },
    ],
  },
  IAMRoleCredentialsMessage: {
    messageId: "m",
    taskArn: task,
    roleType: "TaskApplication",
    roleCredentials: credentials,
  },
  TaskManifestMessage: {
    ...address,
    generatedAt: 1,
    timeline: 2,
    tasks: [{ taskArn: task, desiredStatus: "RUNNING" }],
  },
  TaskStopVerificationAck: { messageId: "m", generatedAt: 1, stopTasks: [{ taskArn: task }] },
  AttachTaskNetworkInterfacesMessage: { ...address, taskArn: task, waitTimeoutMs: 1, elasticNetworkInterfaces: [eni] },
  AttachInstanceNetworkInterfacesMessage: { ...address, waitTimeoutMs: 1, elasticNetworkInterfaces: [eni] },
  ConfirmAttachmentMessage: {
    ...address,
    attachment: { attachmentArn: "a", attachmentType: "amazonebs", attachmentProperties: [{ name: "n", value: "v" }] },
  },
  StageUpdateMessage: update,
  PerformUpdateMessage: update,
  ErrorMessage: { message: "text" },
  CloseMessage: {},
  AckPublishMetric: {},
  AckPublishHealth: { message: "ok" },
  AckPublishInstanceStatus: {},
};

const fromAgent: Record<string, object> = {
  HeartbeatAckRequest: { messageId: "m" },
  AckRequest: { cluster: "c", containerInstance: "i", messageId: "m" },
  NackRequest: { cluster: "c", containerInstance: "i", messageId: "m", reason: "Updates are disabled" },
  IAMRoleCredentialsAckRequest: { messageId: "m", expiration: "e", credentialsId: "c" },
  TaskStopVerificationMessage: {
    messageId: "m",
    stopCandidates: [{ desiredStatus: "STOPPED", taskArn: task, taskClusterArn: "c" }],
  },
  PublishMetricsRequest: {
    metadata: { cluster: "c", fin: true, idle: true, messageId: "m" },
    timestamp: 1_795_219_819.985,
  },
  PublishHealthRequest: {
    metadata: { cluster: "c", containerInstance: "i", fin: true, messageId: "m" },
    tasks: [
      {
        taskArn: task,
        taskDefinitionFamily: "fam",
        taskDefinitionVersion: "3",
        containers: [{ containerName: "ok", healthStatus: "HEALTHY", statusSince: 1_795_219_802.85 }],
      },
    ],
    timestamp: 1_795_219_819.985,
  },
  PublishInstanceStatusRequest: {
    metadata: { cluster: "c", containerInstance: "i", requestId: "r" },
    statuses: [
      { type: "ContainerRuntime", status: "INITIALIZING", lastStatusChange: 1, lastUpdated: -6_795_364_578.871 },
    ],
    timestamp: 1_795_219_800.013,
  },
};

describe("agent messages", () => {
  it("to the agent are understood, each type", () => {
    assert.deepEqual(messagesToAgent.map((definition) => definition.type).sort(), Object.keys(toAgent).sort());
    for (const [type, message] of Object.entries(toAgent)) {
      const envelope = JSON.parse(JSON.stringify({ type, message })) as object;
      assert.deepEqual(parseToAgent(envelope), { ok: true, message: envelope }, type);
    }
  });

  it("from the agent are understood, each type only on its own socket", () => {
    const both = [
      [commandMessagesFromAgent, parseCommandFromAgent],
      [telemetryMessagesFromAgent, parseTelemetryFromAgent],
    ] as const;
    for (const [definitions, parse] of both) {
      const types: readonly string[] = definitions.map((definition) => definition.type);
      for (const [type, message] of Object.entries(fromAgent))
        assert.equal(parse({ type, message }).ok, types.includes(type), type);
    }
    assert.equal(commandMessagesFromAgent.length + telemetryMessagesFromAgent.length, Object.keys(fromAgent).length);
  });

  it("have a file each, and every file is known", () => {
    const files = (folder: string) =>
      readdirSync(new URL(folder, import.meta.url)).filter(
        (file) => !/^(payload-container|network-interface)\.ts$/.test(file),
      );
    assert.equal(files("to-agent").length, messagesToAgent.length);
    assert.equal(files("from-agent").length, Object.keys(fromAgent).length);
  });

  it("lose no unknown members", () => {
    const envelope = { type: "HeartbeatAckRequest", message: { messageId: "m", madeUp: [1] } };
    assert.deepEqual(parseCommandFromAgent(envelope), { ok: true, message: envelope });
  });

  it("of the wrong shape are refused, and the refusal names the place", () => {
    const problems: [unknown, string][] = [
      [null, "no envelope with a type"],
      [[], "no envelope with a type"],
      [{ type: 1 }, "no envelope with a type"],
      [{ type: "Unheard" }, "unknown type"],
      [{ type: "HeartbeatMessage" }, "message is not an object"],
      [{ type: "HeartbeatMessage", message: { messageId: "" } }, "message.messageId is empty or not a string"],
      [{ type: "PayloadMessage", message: { ...address, seqNum: "1" } }, "message.seqNum is not an integer"],
      [
        { type: "PayloadMessage", message: { ...address, tasks: [{ arn: task }] } },
        "message.tasks[0].desiredStatus is missing",
      ],
      [
        { type: "PayloadMessage", message: { ...address, tasks: [{ arn: task, desiredStatus: "CREATED" }] } },
        "message.tasks[0].desiredStatus is not one of RUNNING, STOPPED",
      ],
      [
        {
          type: "PayloadMessage",
          message: {
            ...address,
            tasks: [
              { arn: task, desiredStatus: "RUNNING", containers: [{ name: "c", image: "i", environment: { A: 1 } }] },
            ],
          },
        },
        "message.tasks[0].containers[0].environment.A is not a string",
      ],
    ];
    for (const [value, problem] of problems) {
      const parsed = parseToAgent(value);
      assert.equal(parsed.ok ? null : parsed.problem, problem);
    }
  });
});
