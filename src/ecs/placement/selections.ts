import { matchesQuery } from "../cluster-query/matches-query.ts";
import type { Query } from "../cluster-query/query.ts";
import type { Candidate } from "./candidate.ts";

// LIMIT: expressions whose answers are kept: those of the calls and services at work at the same time, 20 KB each at 5,000 instances.
const keptMax = 64;

/**
 * LIMIT: what one step of a machine may spend on asking expressions, in steps of some nanoseconds: about ten milliseconds. The
 * step is then taken back and made again, with the answers so far, and others are served between the two.
 */
export const queryStepsMax = 2_000_000;

/** Asking expressions takes more time than a step may: see `Machine.step`. Not an error; answers found so far are kept. */
export class StepTooLong extends Error {
  override readonly name = "StepTooLong";
}

/** Where instances stand in the index, and how often each changed. */
export type Slots = {
  /** Takes in what changed. */
  settle(): void;
  slotOf(instanceId: string): number | undefined;
  readonly candidates: readonly (Candidate | null)[];
  /** By slot, how often the instance changed, and how often it or the tasks on it did. */
  readonly versions: Int32Array;
  readonly taskVersions: Int32Array;
};

/** By slot: 0 not asked, else twice the version and 2, and 1 more when the query selects the instance. */
type Answers = Int32Array<ArrayBuffer>;

/** Which instances each expression selects, asked once until the instance changes, and only so much in one step. */
export class Selections {
  readonly #slots: Slots;
  /** By expression: the same one may be parsed again. */
  readonly #answers = new Map<string, Answers>();
  #answersOfQuery = new WeakMap<Query, Answers>();
  #max = Number.POSITIVE_INFINITY;
  #spent = 0;

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** A step begins that may spend so much. */
  begin(steps: number): void {
    this.#max = steps;
    this.#spent = 0;
  }

  /** What was spent since the step began. */
  get spent(): number {
    return this.#spent;
  }

  /** Slots have other numbers from here on. */
  clear(): void {
    this.#answers.clear();
    this.#answersOfQuery = new WeakMap();
  }

  /**
   * True when the query selects the instance. `supposing` tells apart what the candidate has that its instance does not have:
   * nothing, or the same whenever the text is the same. Throws StepTooLong when the step has spent what it may.
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
