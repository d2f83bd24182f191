import type { Deployment, ServiceDeployment, ServiceDeploymentStatus } from "../../ecs/documents/deployment.ts";
import { type Rollout, rolloutKind } from "../../ecs/documents/rollout.ts";
import { type Service, type ServiceEvent, serviceGroup, serviceNameOf } from "../../ecs/documents/service.ts";
import type { EcsEvent } from "../../ecs/events/event.ts";
import { limits } from "../../ecs/limits.ts";
import type { DurablePartition, Kept, KeptDocument } from "../durable-state.ts";
import type { Checker, Violate } from "./checker.ts";

const oneTarget = "a service is brought to one deployment of its own, and to none when it is INACTIVE";
const forward = "deployments and service deployments move along their tables only";
const numbered = "events of a service are numbered without a gap, and the newest hundred are kept";
const daemons = "a daemon has no two tasks on one container instance";
const over = "an INACTIVE service has no task that is wanted RUNNING";
const agreed = "events of a deployment, the deployment and its service deployment agree";

/**
 * AWS: which states a service deployment can reach from a state, in any number of steps, because one append may contain several.
 */
const next: Readonly<Record<ServiceDeploymentStatus, readonly ServiceDeploymentStatus[]>> = {
  PENDING: [
    "IN_PROGRESS",
    "STOP_REQUESTED",
    "STOPPED",
    "SUCCESSFUL",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
  ],
  IN_PROGRESS: [
    "STOP_REQUESTED",
    "STOPPED",
    "SUCCESSFUL",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
  ],
  STOP_REQUESTED: ["STOPPED"],
  ROLLBACK_REQUESTED: ["ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"],
  ROLLBACK_IN_PROGRESS: ["ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"],
  STOPPED: [],
  SUCCESSFUL: [],
  ROLLBACK_SUCCESSFUL: [],
  ROLLBACK_FAILED: [],
};

const endsOf: Readonly<Record<Deployment["rolloutState"], readonly ServiceDeploymentStatus[]>> = {
  IN_PROGRESS: ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"],
  COMPLETED: ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL"],
  FAILED: ["STOPPED", "ROLLBACK_FAILED"],
};

const stateIn: Readonly<Record<string, Deployment["rolloutState"]>> = {
  SERVICE_DEPLOYMENT_IN_PROGRESS: "IN_PROGRESS",
  SERVICE_DEPLOYMENT_COMPLETED: "COMPLETED",
  SERVICE_DEPLOYMENT_FAILED: "FAILED",
};

/** Services, their deployments and their histories, from the documents and the events of each append. */
export class ServicesChecker implements Checker {
  readonly #violate: Violate;
  /** Per service, by ARN and creation time, the number of its newest event. */
  readonly #lastEvents = new Map<string, number>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  kept({ partition, documents, events }: Kept): void {
    const told = new Set<string>();
    const touched = new Set<string>();
    const standing = new Set<string>();
    for (const document of documents) {
      if (document.kind === "service") {
        touched.add(document.key);
        standing.add(document.key);
      } else if (document.kind === rolloutKind.name) {
        this.#rollout(partition, document, documents, events);
        standing.add(document.key);
      } else if (document.kind === "service-deployment") this.#serviceDeployment(document);
      else if (document.kind === "service-event") told.add(document.key.slice(0, document.key.lastIndexOf("/")));
      else if (document.kind === "task" && document.after !== null) {
        const name = serviceNameOf(document.after as { readonly group: string });
        if (name !== null) touched.add(name);
      }
    }
    for (const name of standing) this.#standing(partition, name);
    for (const name of told) this.#events(partition, name);
    for (const name of touched) this.#tasks(partition, name);
  }

  /** The service and its rollout belong together, and its service deployment is where its target is. */
  #standing(partition: DurablePartition, name: string): void {
    const service = partition.get("service", name) as Service | null;
    const rollout = partition.rollout(name);
    if (service === null || service.status === "INACTIVE") {
      if (rollout !== null) this.#violate(oneTarget, `${name} is ${service?.status ?? "gone"} and has a rollout`);
      return;
    }
    const targets = rollout?.deployments.filter(({ id }) => id === rollout.targetId) ?? [];
    if (targets.length !== 1) {
      this.#violate(oneTarget, `${service.arn} is ${service.status} and has ${targets.length} of them`);
    }
    const [target] = targets;
    if (service.status !== "ACTIVE" || rollout === null || target === undefined) return;
    const { serviceDeploymentId } = rollout;
    const history = partition.get("service-deployment", serviceDeploymentId) as ServiceDeployment | null;
    if (history === null) {
      this.#violate(agreed, `${service.arn} has no service deployment ${serviceDeploymentId}`);
    } else if (!endsOf[target.rolloutState].includes(history.status)) {
      this.#violate(agreed, `${service.arn} is ${target.rolloutState}, its service deployment is ${history.status}`);
    }
  }

  #rollout(
    partition: DurablePartition,
    { key, before, after }: KeptDocument,
    documents: readonly KeptDocument[],
    events: readonly EcsEvent[],
  ): void {
    const service = partition.get("service", key) as Service | null;
    if (after === null || service === null) return;
    const former = documents.find((document) => document.kind === "service" && document.key === key)?.before;
    // A deleted service may be followed by one of the same name.
    const isSame = former === undefined || (former as Service | null)?.createdAt === service.createdAt;
    for (const deployment of (after as Rollout).deployments) {
      const known = isSame ? (before as Rollout | null)?.deployments.find(({ id }) => id === deployment.id) : undefined;
      this.#deployment(service, known, deployment, events);
    }
  }

  #deployment(
    service: Service,
    known: Deployment | undefined,
    deployment: Deployment,
    events: readonly EcsEvent[],
  ): void {
    const { id, rolloutState } = deployment;
    const what = `${id} of ${service.arn}`;
    // AWS: a completed deployment is in progress again when the service is rolled back to it. A failed one stays failed.
    if (known?.rolloutState === "FAILED" && rolloutState !== "FAILED") {
      this.#violate(forward, `${what} went from FAILED to ${rolloutState}`);
    }
    const about = events.findLast(
      ({ detailType, detail }) => detailType === "ECS Deployment State Change" && detail.deploymentId === id,
    );
    if (about === undefined) {
      if (known === undefined || known.rolloutState !== rolloutState) {
        this.#violate(agreed, `${what} became ${rolloutState}, but no event says so`);
      }
    } else if (stateIn[about.detail.eventName as string] !== rolloutState) {
      this.#violate(agreed, `${what} is ${rolloutState}, its newest event is ${about.detail.eventName}`);
    }
  }

  #serviceDeployment({ before, after }: KeptDocument): void {
    if (before === null || after === null) return;
    const [from, to] = [before as ServiceDeployment, after as ServiceDeployment];
    if (from.status !== to.status && !next[from.status].includes(to.status)) {
      this.#violate(forward, `${to.arn} went from ${from.status} to ${to.status}`);
    }
    const isOver = next[to.status].length === 0;
    if (isOver !== (to.finishedAt !== null))
      this.#violate(forward, `${to.arn} is ${to.status}, ended ${to.finishedAt}`);
  }

  #events(partition: DurablePartition, name: string): void {
    const service = partition.get("service", name) as Service | null;
    const all = ([...partition.values("service-event")] as ServiceEvent[]).filter(
      ({ serviceName }) => serviceName === name,
    );
    if (service === null) {
      if (all.length > 0) this.#violate(numbered, `${name} is gone, but ${all.length} of its events are there`);
      return;
    }
    const numbers = all.map(({ number }) => number).sort((a, b) => a - b);
    const first = numbers[0] ?? 1;
    const gap = numbers.find((number, at) => number !== first + at);
    if (gap !== undefined) this.#violate(numbered, `${service.arn} has no event ${gap - 1} before ${gap}`);
    if (numbers.length > limits.eventsPerService)
      this.#violate(numbered, `${service.arn} has ${numbers.length} events`);
    const key = `${service.arn} ${service.createdAt}`;
    const known = this.#lastEvents.get(key) ?? 0;
    const last = numbers.at(-1) ?? 0;
    if (last < known || (first > 1 && numbers.length < limits.eventsPerService)) {
      this.#violate(numbered, `${service.arn} has the events ${first} to ${last}, after ${known}`);
    }
    this.#lastEvents.set(key, last);
  }

  #tasks(partition: DurablePartition, name: string): void {
    const service = partition.get("service", name) as Service | null;
    if (service === null) return;
    const places = new Set<string>();
    for (const task of partition.tasksIn(serviceGroup(name))) {
      if (service.status === "INACTIVE" && task.desiredStatus === "RUNNING") {
        this.#violate(over, `${service.arn} is INACTIVE, ${task.arn} is wanted RUNNING`);
      }
      // A deleted service with the same name may not have been a DAEMON.
      if (service.schedulingStrategy !== "DAEMON" || task.createdAt < service.createdAt) continue;
      if (task.instanceId === null) continue;
      if (places.has(task.instanceId)) this.#violate(daemons, `${service.arn} has two on ${task.instanceId}`);
      places.add(task.instanceId);
    }
  }
}
