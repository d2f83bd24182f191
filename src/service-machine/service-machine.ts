import type { Place } from "../ecs/arn.ts";
import type { Machine, StepResult } from "../ecs/machine/machine.ts";
import { Refusal } from "../ecs/refusals.ts";
import type { Caller } from "../ecs/state/call.ts";
import { DueDocuments } from "../ecs/tables/due-documents.ts";
import { Journal } from "../ecs/tables/journal.ts";
import { Tables } from "../ecs/tables/tables.ts";
import { ecsTimeline } from "../ecs/timeline.ts";
import { must, never } from "../lib/assert.ts";
import type { Random } from "../lib/random.ts";
import { type EcsFacts, noEcsFacts } from "./ecs-facts.ts";
import type { ServicePorts } from "./service-ports.ts";
import type { ServiceRulebook } from "./service-rulebook.ts";
import { type ServiceEffect, ServiceStep } from "./service-step.ts";

/** What can happen to the machine of a service. */
export type ServiceInput =
  | {
      readonly type: "call";
      readonly operation: string;
      readonly request: object;
      readonly caller: Caller;
      /** For a row with `needsEcs`. */
      readonly facts?: EcsFacts;
    }
  | { readonly type: "timer" };

/** LIMIT: a step holds the event loop; what is due beyond this comes in the next step, which follows at once. */
const dueMax = 500;

/** The effect of a step that leaves the machine without documents: its partition may be removed. */
export const emptied: ServiceEffect = { type: "emptied" };

/** What one account has of a service in one region. The service's rulebook decides everything; this runs it over documents. */
export class ServiceMachine implements Machine<ServiceInput, ServiceEffect> {
  readonly #rulebook: ServiceRulebook;
  readonly #place: Place;
  readonly #ports: ServicePorts;
  readonly #journal = new Journal();
  readonly #tables = new Tables(this.#journal);
  readonly #due: DueDocuments;
  readonly state: object;

  constructor(rulebook: ServiceRulebook, place: Place, ports: ServicePorts) {
    this.#rulebook = rulebook;
    this.#place = place;
    this.#ports = ports;
    this.state = rulebook.createState(this.#tables, place);
    this.#due = new DueDocuments(this.#tables.all, this.#journal, ecsTimeline);
  }

  load(kind: string, key: string, document: object): void {
    this.#tables.load(kind, key, document);
  }

  resume(): void {
    this.#tables.loaded();
  }

  nextDueAt(): number | null {
    return this.#due.nextAt();
  }

  /** An empty one is due at once, to be forgotten. */
  neededAt(): number | null {
    return this.#isEmpty ? 1 : this.#due.nextAt();
  }

  mayBeForgotten(): boolean {
    return this.#isEmpty;
  }

  step(input: ServiceInput, now: number, random: Random): StepResult<ServiceEffect> {
    const step = new ServiceStep(this.state, this.#place, now, random);
    try {
      const value = this.#decide(step, input);
      const documents = this.#tables.toStored(this.#journal.commit());
      if (documents.length > 0 && this.#isEmpty) step.effects.push(emptied);
      const result = { reply: { ok: true, value }, documents, events: [], effects: step.effects } as const;
      return documents.length === 0 ? result : { ...result, undo: this.#journal.undoOfCommit() };
    } catch (error) {
      return this.#refused(error);
    }
  }

  read(input: ServiceInput, now: number, random: Random): StepResult<ServiceEffect> | null {
    const step = new ServiceStep(this.state, this.#place, now, random);
    try {
      const value = this.#decide(step, input);
      const wouldChange = this.#journal.hasChanges || step.effects.length > 0;
      this.#journal.rollback();
      return wouldChange ? null : { reply: { ok: true, value }, documents: [], events: [], effects: [] };
    } catch (error) {
      return this.#refused(error);
    }
  }

  get #isEmpty(): boolean {
    return this.#tables.all.every(({ size }) => size === 0);
  }

  #refused(error: unknown): StepResult<ServiceEffect> {
    this.#journal.rollback();
    if (!(error instanceof Refusal)) throw error;
    return { reply: { ok: false, refusal: error }, documents: [], events: [], effects: [] };
  }

  #decide(step: ServiceStep<object>, input: ServiceInput): unknown {
    switch (input.type) {
      case "call": {
        const row = must(this.#rulebook.operations[input.operation], `${this.#rulebook.name}:${input.operation}`);
        const given = { caller: input.caller, ports: this.#ports, facts: input.facts ?? noEcsFacts };
        return row.handler(step as never, input.request as never, given);
      }
      case "timer":
        return this.#runDue(step);
      default:
        return never(input, "input of a service's machine");
    }
  }

  #runDue(step: ServiceStep<object>): null {
    for (let done = 0; done < dueMax; done++) {
      const next = this.#due.take(step.now);
      if (next === undefined) return null;
      const { kind } = next.table;
      const document = next.table.get(next.key);
      const dueAt = document === undefined ? null : (kind.dueAt?.(document, ecsTimeline) ?? null);
      // A stale entry: the document became another one since.
      if (document === undefined || dueAt === null || dueAt > step.now) continue;
      const happen = must(this.#rulebook.whenDue.get(kind.name), `what happens when a ${kind.name} is due`);
      happen(step as never, document as never, next.key);
    }
    return null;
  }
}
