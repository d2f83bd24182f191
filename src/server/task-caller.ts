import type { TaskKeyOwner } from "../auth/task-credentials.ts";
import { clusterName, resourceId } from "../ecs/arn.ts";
import { accessDenied, type WireError } from "../wire/errors.ts";
import { operationOfTarget } from "../wire/target.ts";

/** A task that calls with the credentials of one of its roles. */
export type TaskCaller = TaskKeyOwner["task"] & { readonly principalArn: string };

type Reference = { readonly cluster?: string; readonly tasks?: readonly string[]; readonly resourceArn?: string };

/** What a task may call with its own credentials, and how the call names the tasks that it is about. */
const operations: ReadonlyMap<string, (request: Reference) => readonly string[]> = new Map([
  ["DescribeTasks", ({ tasks = [] }) => tasks],
  ["GetTaskProtection", ({ tasks = [] }) => tasks],
  ["UpdateTaskProtection", ({ tasks = [] }) => tasks],
  ["ListTagsForResource", ({ resourceArn }) => (resourceArn === undefined ? [] : [resourceArn])],
]);

/**
 * Refuses a call that is no business of a task, by its `X-Amz-Target`; that a socket has none keeps tasks from posing as agents.
 * DIFFERS: there are no policies yet, so that the role of a task gives what a task needs of ECS about itself, and nothing else.
 */
export function checkTaskOperation(task: TaskCaller, target: string | undefined): void {
  const operation = target === undefined ? "Poll" : operationOfTarget(target);
  if (!operations.has(operation)) throw denied(task, operation, "*");
}

/** Refuses a request of a task that is not about this task alone. */
export function checkTaskRequest(
  task: TaskCaller,
  operation: string,
  request: object,
  place: { readonly account: string; readonly region: string },
): void {
  const reference = request as Reference;
  const named = operations.get(operation)?.(reference) ?? [];
  const foreign = named.find((name) => !isOwn(task, name, reference.cluster, place));
  if (named.length === 0 || foreign !== undefined) throw denied(task, operation, foreign ?? "*");
}

function isOwn(
  task: TaskCaller,
  name: string,
  cluster: string | undefined,
  place: { readonly account: string; readonly region: string },
): boolean {
  if (name === task.arn) return true;
  const [, ownCluster = "", ownId = ""] = task.arn.split("/");
  // A task named otherwise than by its whole ARN is looked for in the cluster and region of the call.
  if (place.region !== task.region) return false;
  return clusterName(place, cluster) === ownCluster && resourceId(place, ownCluster, "task", name) === ownId;
}

function denied({ principalArn }: TaskCaller, operation: string, resource: string): WireError {
  return accessDenied(
    principalArn,
    operation,
    resource,
    "the role of a task may only describe and protect that task and list its tags",
  );
}
