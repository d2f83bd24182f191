import { namedResource } from "../arn.ts";
import { serviceGroup } from "../documents/service.ts";
import type { Task } from "../documents/task.ts";
import { limits } from "../limits.ts";
import { decodePageToken, encodePageToken } from "../page.ts";
import { findService, theService } from "../references/find-service.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type ListTasksRequest = {
  readonly cluster?: string;
  readonly containerInstance?: string;
  readonly family?: string;
  readonly startedBy?: string;
  readonly serviceName?: string;
  readonly daemonName?: string;
  readonly desiredStatus?: string;
  readonly launchType?: string;
  readonly nextToken?: string;
  readonly maxResults?: number;
};

/**
 * ListTasks: the ARNs of the tasks that pass every filter, 100 a page. AWS: desiredStatus is RUNNING by default, PENDING is accepted and
 * matches nothing, and startedBy can't be combined with another filter.
 */
export function listTasks(
  step: ClusterStep,
  request: ListTasksRequest,
): { taskArns: string[]; nextToken: string | null } {
  const matches = filterOf(step, request);
  const size = request.maxResults ?? limits.pageSize;
  if (!Number.isInteger(size) || size < 1 || size > limits.pageSize) {
    refuse("InvalidParameterException", `maxResults must be between 1 and ${limits.pageSize}.`);
  }
  let after: string | null = null;
  if (request.nextToken !== undefined) {
    after = decodePageToken("ListTasks", request.nextToken);
    if (after === null) refuse("InvalidParameterException", "Invalid token.");
  }
  const found: Task[] = [];
  for (const id of idsToLookAt(step, request, after)) {
    const task = step.state.tasks.get(id);
    if (task === undefined || !matches(task)) continue;
    if (found.length === size) {
      const last = found[size - 1] as Task;
      return { taskArns: found.map(({ arn }) => arn), nextToken: encodePageToken("ListTasks", last.id) };
    }
    found.push(task);
  }
  return { taskArns: found.map(({ arn }) => arn), nextToken: null };
}

/** Sorted. The tasks of one instance or service are few, so it doesn't search all tasks for them. */
function idsToLookAt(step: ClusterStep, request: ListTasksRequest, after: string | null): readonly string[] {
  const known = knownIds(step, request);
  if (known === null) return step.state.taskIds.after(after);
  const ids = [...known].sort();
  return after === null ? ids : ids.filter((id) => id > after);
}

/** The ids among which the request's tasks are; null for all. No book contains STOPPED tasks. */
function knownIds(step: ClusterStep, request: ListTasksRequest): ReadonlySet<string> | null {
  if (request.desiredStatus === "STOPPED") return null;
  const instanceId = instanceOf(step, request);
  if (instanceId !== null) return step.state.book.usageOf(instanceId).taskIds;
  const service = request.serviceName === undefined ? null : findService(step, request.serviceName);
  return service === null ? null : step.state.serviceIndex.book.taskIdsOf(service.name);
}

function instanceOf(step: ClusterStep, request: ListTasksRequest): string | null {
  if (request.containerInstance === undefined) return null;
  return namedResource(step.place, step.clusterName, "container-instance", request.containerInstance);
}

function filterOf(step: ClusterStep, request: ListTasksRequest): (task: Task) => boolean {
  const { containerInstance, family, startedBy, serviceName, daemonName } = request;
  const { desiredStatus = "RUNNING", launchType } = request;
  const other = containerInstance ?? family ?? serviceName ?? daemonName ?? launchType;
  if (startedBy !== undefined && other !== undefined) {
    refuse("InvalidParameterException", "startedBy cannot be combined with other filters.");
  }
  if (desiredStatus !== "RUNNING" && desiredStatus !== "PENDING" && desiredStatus !== "STOPPED") {
    refuse("InvalidParameterException", "desiredStatus should be one of [RUNNING,PENDING,STOPPED]");
  }
  if (launchType !== undefined && !["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"].includes(launchType)) {
    refuse("InvalidParameterException", "launch type should be one of [EC2,FARGATE,EXTERNAL]");
  }
  const group = serviceName === undefined ? null : serviceGroup(theService(step, serviceName, "serviceName").name);
  // AWS: ListTasks declares no error for an unknown daemon.
  if (daemonName !== undefined) refuse("InvalidParameterException", "Daemon not found.");
  const instanceId = instanceOf(step, request);
  if (containerInstance !== undefined && (instanceId === null || !step.state.instances.has(instanceId))) {
    refuse("InvalidParameterException", `Referenced container instance ${instanceId ?? containerInstance} not found.`);
  }
  return (task) =>
    task.desiredStatus === desiredStatus &&
    (instanceId === null || task.instanceId === instanceId) &&
    (group === null || task.group === group) &&
    (family === undefined || task.family === family) &&
    (startedBy === undefined || task.startedBy === startedBy) &&
    (launchType === undefined || task.launchType === launchType);
}
