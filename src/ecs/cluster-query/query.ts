import type { ContainerInstance } from "../documents/container-instance.ts";
import type { Usage } from "../indexes/resource-book.ts";
import type { OperatorName, SubjectName } from "./query-vocabulary.ts";

/** `subject operator argument`, as written. */
export type Predicate = {
  readonly kind: "predicate";
  readonly subject: SubjectName;
  /** The name behind `attribute:`; null for the other subjects. */
  readonly attribute: string | null;
  readonly operator: OperatorName;
  /** A list for `in` and `!in`, null for `exists` and `!exists`. */
  readonly argument: string | readonly string[] | null;
};

/** The tree of an expression. `and` and `or` have two operands or more. */
export type Expression =
  | { readonly kind: "and" | "or"; readonly operands: readonly Expression[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | Predicate;

/** What a query is asked about. */
export type QuerySubject = { readonly instance: ContainerInstance; readonly usage: Usage };

/** A predicate with its argument understood. */
export type PredicateTest = {
  readonly kind: "predicate";
  readonly predicate: Predicate;
  /** `attribute` is the value of the predicate's attribute: null without value, undefined when the instance has none such. */
  readonly holds: (asked: QuerySubject, attribute: string | null | undefined) => boolean;
  /** Where the value of its attribute stands among those that the query reads; -1 for the other subjects. */
  readonly slot: number;
};

/** The tree again, ready to be asked. */
export type Test =
  | { readonly kind: "and" | "or"; readonly operands: readonly Test[] }
  | { readonly kind: "not"; readonly operand: Test }
  | PredicateTest;

/** What one expression is made of, as far as it was read, and what asking it has cost so far. */
export type QueryWork = {
  predicates: number;
  patterns: number;
  /** Of all its patterns together, repetitions counted. */
  states: number;
  /** Predicates asked, characters looked up and instructions of patterns visited: about a nanosecond each. */
  steps: number;
};

/** A parsed expression. Equal expressions may share one. */
export type Query = {
  readonly expression: string;
  readonly tree: Expression;
  readonly test: Test;
  /** The names of the attributes that are read, each with its slot. */
  readonly slots: ReadonlyMap<string, number>;
  /**
   * What of an instance the answer may change with. With neither `tasks` nor `agent` it follows from the two attribute lists,
   * the EC2 instance ID and the time of registration, of which the last two stay the same as long as the instance does.
   */
  readonly dependsOn: {
    /** `attribute:` */
    readonly attributes: boolean;
    /** `task:group`, `runningTasksCount`: the usage. */
    readonly tasks: boolean;
    /** `agentConnected`, `agentVersion` */
    readonly agent: boolean;
  };
  readonly work: Readonly<Pick<QueryWork, "predicates" | "patterns" | "states">> & Pick<QueryWork, "steps">;
};
