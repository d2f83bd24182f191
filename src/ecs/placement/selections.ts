import { matchesQuery } from "../cluster-query/matches-query.ts";
import type { Query } from "../cluster-query/query.ts";
import type { Candidate } from "./candidate.ts";

// LIMIT: expressions with cached results, for the calls and services active at the same time; 20 KB each at 5,000 instances.
const keptMax = 64;

/**
 * LIMIT: the work on expressions in one step of a machine, in steps of a few nanoseconds: about ten milliseconds. Beyond it the step is
 * rolled back and repeated with the results so far, and others are served in between.
 */
export const queryStepsMax = 2_000_000;

/** Evaluating expressions takes longer than a step may: see `Machine.step`. Not an error; results found so far are kept. */
export class StepTooLong extends Error {
  override readonly name = "StepTooLong";
}

/** The instances' slots in the index, and how often each changed. */
export type Slots = {
  /** Applies recorded changes. */
  settle(): void;
  slotOf(instanceId: string): number | undefined;
  readonly candidates: readonly (Candidate | null)[];
  /** By slot, how often the instance changed, and how often it or its tasks did. */
  readonly versions: Int32Array;
  readonly taskVersions: Int32Array;
};

/** By slot: 0 if not evaluated, otherwise twice the version plus 2, plus 1 if the query selects the instance. */
type Answers = Int32Array<ArrayBuffer>;

/** Which instances each expression selects. Evaluated once until the instance changes, and only a limited number in one step. */
export class Selections {
  readonly #slots: Slots;
  /** By text, because the same expression may be parsed again. */
  readonly #answers = new Map<string, Answers>();
  #answersOfQuery = new WeakMap<Query, Answers>();
  #max = Number.POSITIVE_INFINITY;
  #spent = 0;

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** Begins a step with this budget. */
  begin(steps: number): void {
    this.#max = steps;
    this.#spent = 0;
  }

  /** What was spent since the step began. */
  get spent(): number {
    return this.#spent;
  }

  /** Must be called when slots are renumbered. */
  clear(): void {
    this.#answers.clear();
    this.#answersOfQuery = new WeakMap();
  }

  /**
   * True if the query selects the instance. `supposing` identifies what the candidate has beyond its instance: "" for nothing, and equal
   * texts for equal additions. Throws StepTooLong if the step has used up its budget.
   */
  selects(query: Query, candidate: Candidate, supposing = ""): boolean {
    this.#slots.settle();
    const slot = this.#slots.slotOf(candidate.instance.id);
    if (slot === undefined) return this.#ask(query, candidate);
    const versions = query.dependsOn.tasks ? this.#slots.taskVersions : this.#slots.versions;
    const version = 2 * (versions[slot] as number) + 2;
    const answers = supposing === "" ? this.#answersOf(query) : this.#kept(`${supposing}\n${query.expression}`);
    const answer = answers[slot] as number;
    if (answer >> 1 === version >> 1) return answer !== version;
    const selects = this.#ask(query, candidate);
    answers[slot] = selects ? version + 1 : version;
    return selects;
  }

  #ask(query: Query, candidate: Candidate): boolean {
    if (this.#spent >= this.#max) throw new StepTooLong("a step has asked as much as it may");
    const before = query.work.steps;
    const selects = matchesQuery(query, candidate);
    this.#spent += query.work.steps - before;
    return selects;
  }

  #answersOf(query: Query): Answers {
    const known = this.#answersOfQuery.get(query);
    if (known?.length === this.#slots.versions.length) return known;
    const answers = this.#kept(query.expression);
    this.#answersOfQuery.set(query, answers);
    return answers;
  }

  #kept(key: string): Answers {
    const { length } = this.#slots.versions;
    const known = this.#answers.get(key);
    if (known?.length === length) return known;
    const answers = new Int32Array(length);
    if (known !== undefined) answers.set(known);
    else if (this.#answers.size >= keptMax) this.#dropOldest();
    this.#answers.set(key, answers);
    return answers;
  }

  #dropOldest(): void {
    const [oldest] = this.#answers;
    if (oldest !== undefined) this.#answers.delete(oldest[0]);
  }
}
