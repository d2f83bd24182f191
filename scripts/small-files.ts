/** Files of a few lines, each of which needs a reason to be one: otherwise it belongs to the file that uses it. */
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
];

/** One error class or one type that many files name: in the file of one of them, the others would import that. */
const shared = "many files use it, and no one of them owns it";
/** The folder above may not import the one that uses it, or it is used on both sides of a border of the table of imports. */
const border = "its users are in several folders, and it is in the lowest that all of them may import";
/** Used by one file that is long already, and a subject of its own. */
const subject = "one subject with its own words; the file that uses it has another one";
/** A report of an agent, or another input of a machine: handled in one file each, like operations. */
const input = "the handler of one input, as operations have a file each";
/** Pure, with a test of its own. */
const tested = "a rule by itself with its own test file";
const rewritten = "its folder is being rewritten";

/** The other small files, and why each is one. */
export const smallFiles: Readonly<Record<string, string>> = {
  "src/agent-sessions/payload/log-config.ts": tested,
  "src/agent-sessions/payload/payload-volumes.ts": subject,
  "src/agent-sessions/telemetry/message-meter.ts": subject,
  "src/agent/acknowledgement.ts": border,
  "src/agent/agent-log.ts": shared,
  "src/agent/backoff.ts": shared,
  "src/agent/docker/engine/json-lines.ts": border,
  "src/agent/docker/groundwork/task-groundwork.ts": border,
  "src/agent/docker/host-port-use.ts": tested,
  "src/agent/docker/slots.ts": shared,
  "src/agent/engine/managed-engine.ts": border,
  "src/agent/registered-resources.ts": tested,
  "src/agent/remote/call-times.ts": subject,
  "src/agent/remote/trusted-certificates.ts": border,
  "src/agent/task-endpoints/credentials-endpoint.ts": "one endpoint of containers, as the others have a file each",
  "src/agent/task-endpoints/endpoint-memory.ts": subject,
  "src/auth/auth-error.ts": shared,
  "src/auth/key-administration.ts": border,
  "src/auth/roles.ts": shared,
  "src/cli/tour-services.ts": subject,
  "src/cluster-runner/log.ts": shared,
  "src/cluster-runner/status-counts.ts": subject,
  "src/commands/agent/news-writer.ts": tested,
  "src/commands/call-failed-error.ts": shared,
  "src/commands/text-table.ts": shared,
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
  "src/ecs/machine/cluster-reactions.ts":
    "what a step of a cluster is made with, for the machine and for tests of single operations",
  "src/ecs/placement/ask-expressions.ts": border,
  "src/ecs/placement/fleet.ts": border,
  "src/ecs/placement/slots.ts": shared,
  "src/ecs/placement/spread-key.ts": shared,
  "src/ecs/placement/stays-filled.ts": border,
  "src/ecs/references/find-service.ts": "a reference that is resolved, as the others have a file each",
  "src/ecs/references/resolve-cluster.ts": "a reference that is resolved, as the others have a file each",
  "src/ecs/references/resolve-task-definition.ts": "a reference that is resolved, as the others have a file each",
  "src/ecs/task-definitions/task-definition-reply.ts": shared,
  "src/ecs/task-life/deliver-credentials.ts": input,
  "src/ecs/task-life/report-stop-candidates.ts": input,
  "src/lib/assert.ts": shared,
  "src/lib/berth-version.ts": shared,
  "src/lib/clock.ts": "one of the five seams",
  "src/lib/system-clock.ts": "the real side of a seam",
  "src/server/health/append-metrics.ts": border,
  "src/server/hosts/in-process-api.ts": shared,
  "src/server/http/agent-base-url.ts": subject,
  "src/server/http/checked-place.ts": tested,
  "src/server/http/client-address.ts": tested,
  "src/server/log/last-words.ts": border,
  "src/server/start-error.ts": shared,
  "src/simulator/faults/restless-containers.ts": border,
  "src/store/sqlite/sqlite-error.ts": shared,
  "src/wire/blank-members.ts": tested,
  "src/wire/target.ts": tested,
  "src/wire/undocumented-members.ts": shared,
};

/** Folders whose small files wait for a rewrite that is under way. */
const waiting: Readonly<Record<string, string>> = {
  "src/ecs/rollout/": rewritten,
  "src/ecs/service-look/": rewritten,
  "src/ecs/services/": rewritten,
};

/** Small files without a reason, and reasons without a small file. `operations` are the names of all operations, of which each has a file. */
export function smallFileViolations(sources: Sources, operations: readonly string[]): string[] {
  const handlers = new Set(operations.map(fileNameOf));
  const small = [...sources]
    .filter(([file]) => file.startsWith("src/") && !isTest(file) && !testSupport.includes(file))
    .filter(([, text]) => text.split("\n").length - 1 < linesMin)
    .map(([file]) => file);
  const folders = [...oneThingEach, ...Object.keys(waiting)];
  const known = (file: string): boolean =>
    folders.some((folder) => file.startsWith(folder)) || handlers.has(file.slice(file.lastIndexOf("/") + 1));
  const unknown = small.filter((file) => !known(file) && smallFiles[file] === undefined);
  const stale = Object.keys(smallFiles).filter((file) => !small.includes(file));
  return [
    ...unknown.map(
      (file) => `${file}: has fewer than ${linesMin} lines; it belongs to what uses it, or needs a reason`,
    ),
    ...stale.map((file) => `${file}: is not a small file any more; take it off the list`),
  ];
}

/** `RunTask` -> `run-task.ts`. */
const fileNameOf = (operation: string): string =>
  `${operation.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase()}.ts`;
