import type { ContainerInstance } from "../documents/container-instance.ts";
import type { Usage } from "../indexes/resource-book.ts";
import type { OperatorName, SubjectName } from "./query-vocabulary.ts";

/** `subject operator argument`, as written. */
export type Predicate = {
  readonly kind: "predicate";
  readonly subject: SubjectName;
  /** The name after `attribute:`; null for other subjects. */
  readonly attribute: string | null;
  readonly operator: OperatorName;
  /** A list for `in` and `!in`, null for `exists` and `!exists`. */
  readonly argument: string | readonly string[] | null;
};

/** The syntax tree of an expression. `and` and `or` have at least two operands. */
export type Expression =
  | { readonly kind: "and" | "or"; readonly operands: readonly Expression[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | Predicate;

/** What a query is evaluated against. */
export type QuerySubject = { readonly instance: ContainerInstance; readonly usage: Usage };

/** A predicate with its argument parsed. */
export type PredicateTest = {
  readonly kind: "predicate";
  readonly predicate: Predicate;
  /** `attribute` is the value of the predicate's attribute: null for no value, undefined if the instance lacks it. */
  readonly holds: (asked: QuerySubject, attribute: string | null | undefined) => boolean;
  /** The slot of its attribute among those that the query reads; -1 for other subjects. */
  readonly slot: number;
};

/** The syntax tree in a form ready to evaluate. */
export type Test =
  | { readonly kind: "and" | "or"; readonly operands: readonly Test[] }
  | { readonly kind: "not"; readonly operand: Test }
  | PredicateTest;

/** The size of one expression so far, and what evaluating it has cost. */
export type QueryWork = {
  predicates: number;
  patterns: number;
  /** For all its patterns together, with repetitions. */
  states: number;
  /** Predicates evaluated, characters looked up and pattern instructions visited: about a nanosecond each. */
  steps: number;
};

/** A parsed expression. Equal expressions may share one. */
export type Query = {
  readonly expression: string;
  readonly tree: Expression;
  readonly test: Test;
  /** The slots of the attributes that the query reads, by name. */
  readonly slots: ReadonlyMap<string, number>;
  /**
   * Which properties of an instance can change the answer. Without `tasks` and `agent` it depends on the two attribute lists, the EC2
   * instance ID and the registration time; the last two never change.
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
