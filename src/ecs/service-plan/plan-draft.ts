import type { ServiceCondition } from "../documents/service-condition.ts";
import { baking, completed, type GivingUp, givenUp, without } from "../rollout/rollout-changes.ts";
import type { ServiceAction } from "../rollout/service-announcements.ts";
import { impeded } from "../rollout/service-impediment.ts";
import { type ServiceDocuments, type ServiceView, viewOf } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";
import type { Obstacle, PlanItem } from "./service-plan.ts";

/** A plan while it is made: what is decided so far, and what the documents of the service will be then. */
export class PlanDraft {
  readonly sight: Sight;
  readonly items: PlanItem[] = [];
  #documents: ServiceDocuments;

  constructor(sight: Sight, documents: ServiceDocuments) {
    this.sight = sight;
    this.#documents = documents;
  }

  get documents(): ServiceDocuments {
    return this.#documents;
  }

  get condition(): ServiceCondition {
    return this.#documents.condition;
  }

  /** The view of the service as it will be, except for tasks that the plan starts and stops. */
  view(): ServiceView {
    return viewOf(this.sight, this.#documents);
  }

  add(item: PlanItem): void {
    this.items.push(item);
  }

  say(line: string | null, event: ServiceAction | null = null, detail: Readonly<Record<string, unknown>> = {}): void {
    this.add({ type: "say", line, event: event === null ? null : { name: event, detail } });
  }

  change(members: Partial<Omit<ServiceCondition, "serviceName">>): void {
    this.add({ type: "condition", members });
    this.#documents = { ...this.#documents, condition: { ...this.condition, ...members } };
  }

  /** Something is in the way of the service. Says so unless its events said it before. */
  impede({ reason, detail }: Obstacle, isOfBalance = false): void {
    const { now, timeline } = this.sight;
    const { members, news } = impeded(this.condition, reason, isOfBalance, now, timeline);
    if (members !== null) this.change(members);
    if (news !== null) this.say(news.line, news.event, detail);
  }

  /** The service gets on again. */
  clearImpediment(): void {
    if (this.condition.impediment !== null) this.change({ impediment: null });
  }

  count(desiredCount: number): void {
    const { service } = this.#documents;
    this.add({ type: "count", desiredCount });
    this.#documents = { ...this.#documents, service: { ...service, desiredCount } };
  }

  giveUp(givingUp: GivingUp): void {
    this.add({ type: "give-up", givingUp });
    const rollout = givenUp(this.#documents.rollout, givingUp, this.sight.now);
    this.#documents = { ...this.#documents, rollout, freshIds: givingUp.backTo === null ? [] : [givingUp.backTo] };
  }

  complete(): void {
    this.add({ type: "complete" });
    const rollout = completed(this.#documents.rollout, this.sight.now);
    this.#documents = { ...this.#documents, rollout };
  }

  bake(until: number): void {
    this.add({ type: "bake", until });
    this.#documents = { ...this.#documents, rollout: baking(this.#documents.rollout, until) };
  }

  drop(deploymentIds: readonly string[]): void {
    this.add({ type: "drop", deploymentIds });
    this.#documents = { ...this.#documents, rollout: without(this.#documents.rollout, deploymentIds) };
  }
}
