import type { EcsEvent } from "../ecs/events/event.ts";
import type { Machine, SlicedStep, StepAgain, StepResult } from "../ecs/machine/machine.ts";
import { Refusal } from "../ecs/refusals.ts";
import { Bug } from "../lib/assert.ts";

/** The inputs of the machine in the runner's tests. */
export type CountingInput =
  | { readonly type: "add"; readonly counter: string }
  | { readonly type: "read"; readonly counter: string }
  | { readonly type: "refuse" }
  | { readonly type: "bug" }
  | { readonly type: "wake-at"; readonly at: number }
  | { readonly type: "timer" }
  /** Takes this many attempts before it adds one. */
  | { readonly type: "slow"; readonly attempts: number; readonly counter: string }
  /** An answer in this many slices: the count at the beginning. */
  | { readonly type: "long"; readonly slices: number; readonly counter: string }
  | { readonly type: "loaded" };

export type CountingEffect = { readonly counter: string; readonly count: number };

type Count = { readonly count: number };

/** The smallest machine with everything that a runner must handle: counters, an event and an effect per addition, one timer. */
export class CountingMachine implements Machine<CountingInput, CountingEffect> {
  readonly #counts = new Map<string, number>();
  /** Attempts at slow steps so far. */
  attempts = 0;
  #lastSequence = 0;
  #wakeAt: number | null = null;
  /** What a timer step does: `count` it and sleep again, stay `due` and change nothing, or fail. */
  readonly #onTimer: "count" | "due" | "bug";

  constructor(onTimer: "count" | "due" | "bug" = "count") {
    this.#onTimer = onTimer;
  }

  load(kind: string, key: string, document: object): void {
    if (kind === "alarm") this.#wakeAt = (document as { at: number }).at;
    else if ("count" in document) this.#counts.set(key, (document as Count).count);
    else throw new Bug("an unreadable document");
  }

  resume(lastSequence: number): void {
    this.#lastSequence = lastSequence;
  }

  nextDueAt(): number | null {
    return this.#wakeAt;
  }

  read(input: CountingInput): StepResult<CountingEffect> | null {
    if (input.type === "read") return answered(this.#counts.get(input.counter) ?? 0);
    return input.type === "refuse" ? refused : null;
  }

  step(input: CountingInput, now: number): StepResult<CountingEffect> | StepAgain | SlicedStep<CountingEffect> {
    switch (input.type) {
      case "add":
        return this.#add(input.counter, now);
      case "read":
        return answered(this.#counts.get(input.counter) ?? 0);
      case "refuse":
        return refused;
      case "bug":
        throw new Bug("planted");
      case "wake-at": {
        this.#wakeAt = input.at;
        const documents = [{ kind: "alarm", key: "alarm", value: { at: input.at } }];
        return { ...answered(null), documents };
      }
      case "timer": {
        if (this.#onTimer === "bug") throw new Bug("planted in a timer");
        if (this.#onTimer === "due") return answered(null);
        this.#wakeAt = null;
        const added = this.#add("timer", now);
        return { ...added, documents: [...added.documents, { kind: "alarm", key: "alarm", value: null }] };
      }
      case "slow": {
        this.attempts += 1;
        if (this.attempts % (input.attempts + 1) !== 0) return { again: true };
        return this.#add(input.counter, now);
      }
      case "long": {
        const count = this.#counts.get(input.counter) ?? 0;
        return { slices: slicesOf(input.slices, count) };
      }
      case "loaded":
        return answered(null);
    }
  }

  #add(counter: string, now: number): StepResult<CountingEffect> {
    const count = (this.#counts.get(counter) ?? 0) + 1;
    this.#counts.set(counter, count);
    this.#lastSequence += 1;
    return {
      reply: { ok: true, value: count },
      documents: [{ kind: "counter", key: counter, value: { count } }],
      events: [event(this.#lastSequence, now, { counter, count })],
      effects: [{ counter, count }],
      undo: () => void this.#counts.set(counter, count - 1),
    };
  }
}

function* slicesOf(count: number, value: unknown): Generator<undefined, StepResult<never>["reply"]> {
  for (let at = 0; at < count; at++) yield;
  return { ok: true, value };
}
const refused = {
  documents: [],
  events: [],
  effects: [],
  reply: { ok: false as const, refusal: new Refusal("ClientException", "no") },
};

const nothing = { documents: [], events: [], effects: [] };

function answered(value: unknown): StepResult<CountingEffect> {
  return { ...nothing, reply: { ok: true, value } };
}

function event(sequence: number, time: number, detail: Record<string, unknown>): EcsEvent {
  const detailType = "ECS Task State Change";
  return { sequence, id: `${sequence}`, detailType, account: "1", region: "r", time, resources: [], detail };
}

/** The state of a promise so far. */
export function watch(promise: Promise<unknown>): { value?: unknown; error?: unknown } {
  const seen: { value?: unknown; error?: unknown } = {};
  promise.then(
    (value) => {
      seen.value = value;
    },
    (error: unknown) => {
      seen.error = error;
    },
  );
  return seen;
}
