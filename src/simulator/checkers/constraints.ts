import type { ContainerInstance } from "../../ecs/documents/container-instance.ts";
import type { ServiceRevision } from "../../ecs/documents/deployment.ts";
import { type Service, serviceNameOf } from "../../ecs/documents/service.ts";
import type { Task } from "../../ecs/documents/task.ts";
import type { TaskDefinition } from "../../ecs/documents/task-definition.ts";
import type { DurablePartition, DurableState, Kept } from "../durable-state.ts";
import { lastingExpressions } from "../workload/placement-members.ts";
import type { Call, Checker, Outcome, Violate } from "./checker.ts";

const rule = "tasks are where their constraints let them be";

type Constraint = { readonly type?: string; readonly expression?: string };

/**
 * The constraints of placed tasks, judged with this checker's own knowledge of the workload's expressions, as far as they look at
 * permanent properties of an instance. Tasks of services and tasks that waited are judged from the documents, those of RunTask
 * from the call and its answer.
 */
export class ConstraintsChecker implements Checker {
  readonly #violate: Violate;

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  kept({ partition, documents }: Kept): void {
    for (const { kind, key, before, after } of documents) {
      if (kind !== "task" || after === null) continue;
      const task = after as Task;
      const former = before as Task | null;
      if (task.instanceId === null || (former !== null && former.instanceId !== null)) continue;
      if (former !== null && former.waitingFor !== null) {
        this.#member(task, partition.instance(task.instanceId), former.waitingFor.constraints);
      }
      const name = serviceNameOf(task);
      if (name === null) continue;
      const serviceBefore = documents.find((each) => each.kind === "service" && each.key === name)?.before;
      const service = partition.get("service", name) as Service | null;
      // For a service that is updated in the same append, we don't know which constraints applied.
      if (service === null || former !== null || changedConstraints(serviceBefore as Service | null, service)) continue;
      const constraints = [...constraintsOf(partition, service, task), ...service.placementConstraints];
      this.#member(task, partition.instance(task.instanceId), constraints);
      if (service.schedulingStrategy === "REPLICA") this.#distinct(partition, key, task, service);
    }
  }

  callEnded({ operation, request }: Call, outcome: Outcome, state: DurableState): void {
    if (operation !== "RunTask" || outcome.type !== "reply") return;
    const constraints = (request.placementConstraints ?? []) as readonly Constraint[];
    const shown = outcome.reply.tasks as readonly { readonly taskArn: string }[];
    const places = new Set<string>();
    for (const { taskArn } of shown) {
      const task = state.task(taskArn);
      if (task === null || task.instanceId === null || task.launchType === "FARGATE") continue;
      this.#member(task, state.instance(instanceArn(task)), constraints);
      if (!constraints.some(({ type }) => type === "distinctInstance")) continue;
      // A repeated call shows tasks that waited for capacity: one may have got the place that another had before.
      if (task.lastStatus === "STOPPED") continue;
      if (places.has(task.instanceId)) this.#violate(rule, `RunTask put two tasks on ${task.instanceId}`);
      places.add(task.instanceId);
    }
  }

  #member(task: Task, instance: ContainerInstance | null, constraints: readonly Constraint[]): void {
    if (instance === null) return;
    const attributes = [...instance.platformAttributes, ...instance.customAttributes];
    const value = (name: string) => attributes.find((attribute) => attribute.name === name)?.value ?? null;
    for (const { type, expression = "" } of constraints) {
      const holds = type === "memberOf" ? lastingExpressions.get(expression) : undefined;
      if (holds !== undefined && !holds(value)) {
        this.#violate(rule, `${task.arn} is on ${instance.arn}, which does not match ${expression}`);
      }
    }
  }

  #distinct(partition: DurablePartition, id: string, task: Task, service: Service): void {
    if (!service.placementConstraints.some(({ type }) => type === "distinctInstance")) return;
    for (const other of partition.tasksIn(task.group)) {
      const isBeside = other.id !== id && other.instanceId === task.instanceId;
      if (isBeside && other.desiredStatus === "RUNNING") {
        this.#violate(rule, `${task.arn} and ${other.arn} are on ${task.instanceId}, but must be on distinct ones`);
      }
    }
  }
}

/** The constraints of the definition that a service's task was made from. */
function constraintsOf(partition: DurablePartition, service: Service, task: Task): readonly Constraint[] {
  const deployment = partition.rollout(service.name)?.deployments.find(({ id }) => id === task.startedBy);
  const revision = partition.get("service-revision", deployment?.revisionId ?? "") as ServiceRevision | null;
  const definition = partition.get("task-definition", revision?.taskDefinitionArn ?? "") as TaskDefinition | null;
  return (definition?.placementConstraints ?? []) as readonly Constraint[];
}

const changedConstraints = (before: Service | null | undefined, after: Service): boolean =>
  before != null && JSON.stringify(before.placementConstraints) !== JSON.stringify(after.placementConstraints);

const instanceArn = ({ arn, instanceId }: Task): string =>
  arn.replace(/:task\/([^/]+)\/.*$/, `:container-instance/$1/${instanceId}`);
