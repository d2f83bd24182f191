import assert from "node:assert/strict";
import { test } from "node:test";
import { explanationText, type PlacementExplanation } from "./explain-text.ts";

const arn = (id: string): string => `arn:aws:ecs:us-east-1:000000000000:container-instance/default/${id}`;
const instance = (ec2InstanceId: string) => ({ containerInstanceArn: arn(`0${ec2InstanceId}`), ec2InstanceId });

const nothing: PlacementExplanation = {
  taskDefinition: "arn:aws:ecs:us-east-1:000000000000:task-definition/web:3",
  need: { cpu: 256, memoryMiB: 512, gpus: 0, tcpPorts: [80, 443], udpPorts: [] },
  placements: [],
  placedCount: 0,
  unplacedCount: 0,
  refusals: [],
  summary: [],
};
const lines = (explanation: Partial<PlacementExplanation>): string[] =>
  explanationText({ ...nothing, ...explanation }).split("\n");

test("where tasks go: most first, then by name", () => {
  const placements = [
    { ...instance("i-b"), availabilityZone: "us-east-1b", count: 1 },
    { containerInstanceArn: arn("0123"), count: 1 },
    { ...instance("i-c"), availabilityZone: "us-east-1a", count: 12 },
  ];
  assert.deepEqual(lines({ placements, placedCount: 14 }), [
    "web:3 needs 256 CPU units, 512 MiB, TCP 80, 443.",
    "",
    "14 tasks would go here:",
    "  12  i-c   us-east-1a",
    "   1  0123",
    "   1  i-b   us-east-1b",
    "",
  ]);
});

test("what is missing: by how much, fewest reasons first, equal ones together", () => {
  const memory = { reason: "RESOURCE:MEMORY", detail: "Needs 512 MiB of memory, 128 are left.", missing: 384 };
  const member = { reason: "MemberOf placement constraint unsatisfied.", detail: "stack is missing." };
  const refusals = [
    { ...instance("i-d"), status: "ACTIVE", reasons: [memory, member] },
    { ...instance("i-c"), status: "ACTIVE", reasons: [memory] },
    { ...instance("i-a"), status: "ACTIVE", reasons: [memory] },
    {
      ...instance("i-b"),
      status: "ACTIVE",
      reasons: [{ reason: "RESOURCE:CPU", detail: "Needs 256 CPU units, 250 are left.", missing: 6 }],
    },
  ];
  const summary = [
    { reason: "RESOURCE:MEMORY", count: 3 },
    { reason: "MemberOf placement constraint unsatisfied.", count: 1 },
    { reason: "RESOURCE:CPU", count: 1 },
  ];
  const closest = {
    containerInstanceArn: arn("0i-b"),
    reason: "RESOURCE:CPU",
    detail: "Needs 256 CPU units, 250 are left.",
  };
  assert.deepEqual(lines({ refusals, summary, closest, unplacedCount: 2 }), [
    "web:3 needs 256 CPU units, 512 MiB, TCP 80, 443.",
    "",
    "2 tasks have no place.",
    "  RESOURCE:MEMORY  on 3 container instances",
    "  MemberOf         on 1 container instance",
    "  RESOURCE:CPU     on 1 container instance",
    "",
    "  i-b             ACTIVE  RESOURCE:CPU     6 CPU units short  Needs 256 CPU units, 250 are left.",
    "  i-a and 1 more  ACTIVE  RESOURCE:MEMORY  384 MiB short      Needs 512 MiB of memory, 128 are left.",
    "  i-d             ACTIVE  RESOURCE:MEMORY  384 MiB short      Needs 512 MiB of memory, 128 are left.",
    "                          MemberOf                            stack is missing.",
    "",
    "Closest: i-b. Needs 256 CPU units, 250 are left.",
    "",
  ]);
});

test("columns that are empty, and amounts that cannot be measured, are left out", () => {
  const refusals = [{ ...instance("i-a"), status: "DRAINING", reasons: [{ reason: "DRAINING", missing: 0 }] }];
  const summary = [{ reason: "DRAINING", count: 1 }];
  assert.deepEqual(lines({ refusals, summary, unplacedCount: 1 }).slice(2), [
    "1 task has no place.",
    "  DRAINING  on 1 container instance",
    "",
    "  i-a  DRAINING  DRAINING",
    "",
  ]);
});

test("a cluster without container instances says so, and a large one stays short", () => {
  assert.deepEqual(lines({ unplacedCount: 1 }).slice(2, -1), [
    "1 task has no place.",
    "There is no container instance in this cluster that could take it.",
  ]);
  const many = Array.from({ length: 5_000 }, (_, i) => ({
    ...instance(`i-${String(i).padStart(5, "0")}`),
    status: "ACTIVE",
    reasons: [{ reason: "RESOURCE:MEMORY", detail: `${i} are left.`, missing: 5_000 - i }],
  }));
  const summary = [{ reason: "RESOURCE:MEMORY", count: 5_000 }];
  const text = lines({ refusals: many, summary, unplacedCount: 1 });
  assert.ok(text.length < 30, `${text.length} lines`);
  assert.ok(text.some((line) => line.includes("i-04999") && line.includes("1 MiB short")));
  assert.ok(text.includes("  and 4,980 other container instances (--json lists them)"));
  const placements = many.map(({ reasons: _, ...each }) => ({ ...each, count: 2 }));
  const placed = lines({ placements, placedCount: 10_000 });
  assert.ok(placed.includes("  and 9,960 tasks on 4,980 other container instances (--json lists them)"));
});

test("without any instance to look at, only the reason is shown", () => {
  const noCandidates = "The cluster lab has no container instances.";
  assert.deepEqual(lines({ unplacedCount: 1, noCandidates }).slice(2), ["1 task has no place.", noCandidates, ""]);
});

test("failed tasks of a service: stop code, reason, and their containers' reasons", () => {
  const failedTasks = [
    {
      taskArn: "arn:aws:ecs:us-east-1:000000000000:task/default/abc",
      stopCode: "EssentialContainerExited",
      stoppedReason: "Essential container in task exited",
      containers: [
        { name: "app", exitCode: 3 },
        { name: "proxy", exitCode: 137, reason: "OutOfMemoryError: Container killed", healthStatus: "UNHEALTHY" },
      ],
    },
  ];
  assert.deepEqual(lines({ failedTasks }).slice(1), [
    "",
    "Tasks of the service that failed last:",
    "  abc  EssentialContainerExited: Essential container in task exited",
    "    app: exit code 3",
    "    proxy: exit code 137, OutOfMemoryError: Container killed, UNHEALTHY",
    "",
  ]);
});
