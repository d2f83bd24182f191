import { taskStatuses } from "../../ecs/documents/task.ts";
import type { EcsEvent } from "../../ecs/events/event.ts";
import type { Kept } from "../durable-state.ts";
import { type Checker, isOfService, type Violate } from "./checker.ts";

const rule = "statuses never go back";

type Detail = Readonly<Record<string, unknown>>;

const containerStatuses = ["PROVISIONING", "PENDING", "RUNNING", "STOPPED"];
/** Members of a task's event that never change once they are set. */
const setOnce = [
  "createdAt",
  "startedAt",
  "pullStartedAt",
  "pullStoppedAt",
  "executionStoppedAt",
  "stoppingAt",
  "stoppedAt",
  "stopCode",
  "stoppedReason",
  "taskDefinitionArn",
  "group",
  "startedBy",
];

/** Life cycles, judged only from the event log. */
export class StatusesChecker implements Checker {
  readonly #violate: Violate;
  readonly #details = new Map<string, Detail>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  kept({ events }: Kept): void {
    for (const event of events) {
      if (isOfService(event)) continue;
      const arn = event.resources[0] ?? "";
      const before = this.#details.get(arn);
      this.#details.set(arn, event.detail);
      if (event.detailType === "ECS Task State Change") this.#task(arn, before, event);
      else this.#instance(arn, before, event);
    }
  }

  #task(arn: string, before: Detail | undefined, { detail }: EcsEvent): void {
    if (detail.lastStatus === "STOPPED" && detail.desiredStatus !== "STOPPED") {
      this.#violate(rule, `${arn} is STOPPED while it is wanted ${detail.desiredStatus}`);
    }
    if (before === undefined) return;
    this.#order(arn, taskStatuses, before.lastStatus, detail.lastStatus);
    this.#order(`${arn} (desired)`, ["RUNNING", "STOPPED"], before.desiredStatus, detail.desiredStatus);
    for (const member of setOnce) {
      if (before[member] !== undefined && before[member] !== detail[member]) {
        this.#violate(rule, `${member} of ${arn} was ${before[member]} and became ${detail[member]}`);
      }
    }
    const containers = detail.containers as readonly Detail[];
    for (const old of before.containers as readonly Detail[]) {
      const now = containers.find((container) => container.containerArn === old.containerArn);
      if (now === undefined) this.#violate(rule, `${old.containerArn} is gone from ${arn}`);
      else {
        this.#order(`${old.name} of ${arn}`, containerStatuses, old.lastStatus, now.lastStatus);
        if (old.exitCode !== undefined && old.exitCode !== now.exitCode) {
          this.#violate(rule, `exitCode of ${old.name} of ${arn} was ${old.exitCode} and became ${now.exitCode}`);
        }
      }
    }
  }

  #instance(arn: string, before: Detail | undefined, { detail }: EcsEvent): void {
    if (before === undefined) return;
    if (before.status === "INACTIVE") this.#violate(rule, `${arn} was INACTIVE, and an event came: ${detail.status}`);
    if (before.status === "DEREGISTERING" && detail.status !== "DEREGISTERING" && detail.status !== "INACTIVE") {
      this.#violate(rule, `${arn} went from DEREGISTERING to ${detail.status}`);
    }
    if (before.status !== "REGISTERING" && before.status !== "REGISTRATION_FAILED" && detail.status === "REGISTERING") {
      this.#violate(rule, `${arn} went from ${before.status} to REGISTERING`);
    }
    if (before.registeredAt !== detail.registeredAt) {
      this.#violate(rule, `registeredAt of ${arn} was ${before.registeredAt} and became ${detail.registeredAt}`);
    }
  }

  #order(what: string, order: readonly string[], before: unknown, after: unknown): void {
    const [from, to] = [order.indexOf(before as string), order.indexOf(after as string)];
    if (from < 0 || to < 0) this.#violate(rule, `${what} has an unknown status, ${before} or ${after}`);
    else if (to < from) this.#violate(rule, `${what} went from ${before} to ${after}`);
  }
}
