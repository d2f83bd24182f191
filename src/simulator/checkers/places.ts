import type { Task } from "../../ecs/documents/task.ts";
import type { DurableState, Kept } from "../durable-state.ts";
import type { Checker, ContainerStart, Violate } from "./checker.ts";

const oneInstance = "a task is on one container instance only, and each of its containers is started once";
const hostPorts = "a host port is bound by one task at a time";

const overForGood = "nothing of a STOPPED task starts any more";

/** Where tasks are: in the documents, and as the hosts see it. */
export class PlacesChecker implements Checker {
  readonly #violate: Violate;
  readonly #instanceOf = new Map<string, string>();
  readonly #hostOf = new Map<string, string>();
  /** Per container of a task, the runtime's id of the one that started. */
  readonly #started = new Map<string, string>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  kept({ partition, documents }: Kept): void {
    const changed = new Set<string>();
    for (const { kind, after } of documents) {
      if (kind !== "task" || after === null) continue;
      const task = after as Task;
      if (task.instanceId === null) continue;
      const known = this.#instanceOf.get(task.arn);
      if (known === undefined) this.#instanceOf.set(task.arn, task.instanceId);
      else if (known !== task.instanceId)
        this.#violate(oneInstance, `${task.arn} went from ${known} to ${task.instanceId}`);
      changed.add(task.instanceId);
    }
    for (const id of changed) this.#bindings(id, partition.tasksOn(id));
  }

  containerStarted({ host, taskArn, name, runtimeId }: ContainerStart, state: DurableState): void {
    const known = this.#hostOf.get(taskArn);
    if (known === undefined) this.#hostOf.set(taskArn, host);
    else if (known !== host) this.#violate(oneInstance, `${taskArn} runs on ${known} and on ${host}`);
    const key = `${taskArn} ${name}`;
    // After a crash of the agent, the same container may be ordered to start again, because the agent may not have seen the
    // start.
    const started = this.#started.get(key);
    if (started === undefined) this.#started.set(key, runtimeId);
    else if (started !== runtimeId)
      this.#violate(oneInstance, `${name} of ${taskArn} started a second time on ${host}`);
    const task = state.task(taskArn);
    if (task === null) {
      this.#violate(oneInstance, `${taskArn} started on ${host}, but no such task is durable`);
    } else if (task.lastStatus === "STOPPED" && !isLeftAlone(task, state)) {
      this.#violate(overForGood, `${name} of ${taskArn} started on ${host}`);
    }
  }

  #bindings(instanceId: string, tasks: readonly Task[]): void {
    const holders = new Map<string, string>();
    for (const task of tasks) {
      // A task with its own network interface has its own ports.
      if (task.attachments.length > 0) continue;
      for (const { hostPort, protocol } of task.containers.flatMap((container) =>
        container.lastStatus === "STOPPED" ? [] : container.networkBindings,
      )) {
        if (hostPort === null) continue;
        const key = `${hostPort}/${protocol}`;
        const holder = holders.get(key);
        if (holder !== undefined && holder !== task.arn) {
          this.#violate(hostPorts, `${key} of ${instanceId} is bound by ${holder} and by ${task.arn}`);
        }
        holders.set(key, task.arn);
      }
    }
  }
}

/** AWS: after a forced deregistration, containers keep running that are recorded as STOPPED. */
function isLeftAlone({ arn, instanceId, launchType }: Task, state: DurableState): boolean {
  if (launchType === "FARGATE") return false;
  const instance = state.instance(arn.replace(/:task\/([^/]+)\/.*$/, `:container-instance/$1/${instanceId}`));
  return instance === null || instance.status === "INACTIVE" || instance.status === "DEREGISTERING";
}
