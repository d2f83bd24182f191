/** Short files. Each needs a reason, because a file of a few lines usually belongs in the file that uses it. */
import { testSupport } from "./architecture.ts";
import { isTest, type Sources } from "./sources.ts";

/** A file with fewer lines needs a reason. */
export const linesMin = 30;

/** Folders in which a file is one thing, however short: a message, a kind of document, a filter of placement. */
const oneThingEach: readonly string[] = [
  "src/agent-protocol/from-agent/",
  "src/agent-protocol/to-agent/",
  "src/ecs/documents/",
  "src/ecs/placement/filters/",
  "src/wire/definitions/",
];

/** One error class or type that many files name. In the file of one of them, the others would have to import that one. */
const shared = "many files use it, and none of them owns it";
/** Its users can't import each other, by the table of imports. */
const border = "its users are in several folders; it is in the lowest one that they all may import";
/** One file uses it, which is long already and has another subject. */
const subject = "a separate subject from that of the file that uses it";
/** An agent's report or another input of a machine: like operations, each has a file. */
const input = "the handler of one input; like operations, each has a file";
/** A pure rule with its own test file. */
const tested = "a separate rule with its own test file";
/** One of several rules with the same signature. */
const variant = "one of several with the same signature, each in a file";

/** The other small files, and why each is one. */
export const smallFiles: Readonly<Record<string, string>> = {
  "src/agent-sessions/payload/log-config.ts": tested,
  "src/agent-sessions/payload/payload-volumes.ts": subject,
  "src/agent/acknowledgement.ts": border,
  "src/agent/docker/engine/json-lines.ts": border,
  "src/agent/docker/groundwork/task-groundwork.ts": border,
  "src/agent/docker/host-port-use.ts": tested,
  "src/agent/engine/managed-engine.ts": border,
  "src/agent/logs/logging-problem.ts": border,
  "src/agent/registered-resources.ts": tested,
  "src/agent/remote/call-times.ts": subject,
  "src/agent/remote/trusted-certificates.ts": border,
  "src/agent/slots.ts": shared,
  "src/agent/task-endpoints/endpoint-memory.ts": subject,
  "src/auth/auth-error.ts": shared,
  "src/auth/key-administration.ts": border,
  "src/auth/roles.ts": shared,
  "src/auth/sealed-text.ts": border,
  "src/cli/tour-services.ts": subject,
  "src/cluster-runner/status-counts.ts": subject,
  "src/commands/agent/news-writer.ts": tested,
  "src/commands/call-failed-error.ts": shared,
  "src/commands/pause.ts": shared,
  "src/commands/text-table.ts": shared,
  "src/ec2/present-members.ts": shared,
  "src/ecs/agents/agent-standing.ts": input,
  "src/ecs/agents/report-agent-disconnected.ts": input,
  "src/ecs/agents/report-update-answered.ts": input,
  "src/ecs/capacity-providers/managed-instances.ts": shared,
  "src/ecs/capacity-providers/provider-of-instance.ts": tested,
  "src/ecs/cluster-query/checked-query.ts": tested,
  "src/ecs/cluster-query/comparable-version.ts": tested,
  "src/ecs/cluster-query/query-error.ts": shared,
  "src/ecs/cluster-query/query-limits.ts": shared,
  "src/ecs/clusters/cluster-settings.ts": shared,
  "src/ecs/container-instances/instance-timers.ts": border,
  "src/ecs/container-instances/note-drain.ts": border,
  "src/ecs/container-instances/registration-request.ts": "two operations share it, and neither may import the other",
  "src/ecs/events/event.ts": border,
  "src/ecs/fargate/platform-version.ts": border,
  "src/ecs/indexes/provider-uses.ts": tested,
  "src/ecs/is-same-document.ts": border,
  "src/ecs/launch/zone-of-subnet.ts": border,
  "src/ecs/machine/cluster-reactions.ts": "the machine and tests of single operations make steps with it",
  "src/ecs/placement/ask-expressions.ts": border,
  "src/ecs/placement/fleet.ts": border,
  "src/ecs/placement/slots.ts": shared,
  "src/ecs/placement/spread-key.ts": shared,
  "src/ecs/placement/stays-filled.ts": border,
  "src/ecs/references/find-service.ts": variant,
  "src/ecs/references/resolve-cluster.ts": variant,
  "src/ecs/references/resolve-task-definition.ts": variant,
  "src/ecs/rollout/forget-service.ts": border,
  "src/ecs/rollout/start-backoff.ts": border,
  "src/ecs/rollout/triggered-alarms.ts": border,
  "src/ecs/service-view/lost-agents.ts": tested,
  "src/ecs/service-view/rolling.ts": variant,
  "src/ecs/service-view/sight.ts": shared,
  "src/ecs/service-view/strategies.ts": "the table of strategies; planner and operations read it",
  "src/ecs/state/service-documents.ts": border,
  "src/ecs/task-definitions/task-definition-reply.ts": shared,
  "src/ecs/task-life/deliver-credentials.ts": input,
  "src/ecs/task-life/report-stop-candidates.ts": input,
  "src/lib/assert.ts": shared,
  "src/lib/berth-version.ts": shared,
  "src/lib/clock.ts": "one of the five seams",
  "src/lib/start-thread.ts": border,
  "src/lib/system-clock.ts": "the real side of a seam",
  "src/logs/filter-pattern/filter-pattern-error.ts": shared,
  "src/logs/filter-pattern/message-matcher.ts": shared,
  "src/logs/filter-pattern/quoted-text.ts": shared,
  "src/logs/log-limits.ts": border,
  "src/logs/logs-state.ts": shared,
  "src/server/health/append-metrics.ts": border,
  "src/server/hosts/in-process-api.ts": shared,
  "src/server/http/agent-base-url.ts": subject,
  "src/server/http/checked-place.ts": tested,
  "src/server/http/client-address.ts": tested,
  "src/server/http/host-address.ts": tested,
  "src/server/log/last-words.ts": border,
  "src/server/start-error.ts": shared,
  "src/service-machine/service-step.ts": shared,
  "src/service-machine/written-reply.ts": border,
  "src/simulator/faults/restless-containers.ts": border,
  "src/store/sqlite/partition-row.ts": subject,
  "src/store/sqlite/sqlite-error.ts": shared,
  "src/sts/principal.ts": shared,
  "src/wire/blank-members.ts": tested,
  "src/wire/protocols/aws-json.ts": variant,
  "src/wire/undocumented-members.ts": shared,
};

/** Small files without a reason, and reasons without a small file. `operations` are the names of all operations, because each has a file. */
export function smallFileViolations(sources: Sources, operations: readonly string[]): string[] {
  const handlers = new Set(operations.map(fileNameOf));
  const small = [...sources]
    .filter(([file]) => file.startsWith("src/") && !isTest(file) && !testSupport.includes(file))
    .filter(([, text]) => text.split("\n").length - 1 < linesMin)
    .map(([file]) => file);
  const known = (file: string): boolean =>
    isOfService(file) ||
    oneThingEach.some((folder) => file.startsWith(folder)) ||
    handlers.has(file.slice(file.lastIndexOf("/") + 1));
  const unknown = small.filter((file) => !known(file) && smallFiles[file] === undefined);
  const stale = Object.keys(smallFiles).filter((file) => !small.includes(file));
  return [
    ...unknown.map((file) => `${file}: has fewer than ${linesMin} lines; move it into what uses it, or give a reason`),
    ...stale.map((file) => `${file}: is not a small file any more; remove it from the list`),
  ];
}

/** The rulebook of a service around ECS (`src/sts/sts.ts`), and its errors (`src/sts/sts-refusal.ts`): each service has both files. */
const isOfService = (file: string): boolean => /^src\/([a-z0-9-]+)\/(?:\1|[a-z0-9]+-refusal)\.ts$/.test(file);

/** `RunTask` -> `run-task.ts`. */
const fileNameOf = (operation: string): string =>
  `${operation.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase()}.ts`;
