/** The argument of an operator. */
type Takes = "value" | "list" | "pattern" | "nothing";

/** AWS: the operators of the cluster query language, each with its symbol, its word, and what follows it. */
export const operators = {
  equals: { symbol: "==", takes: "value" },
  not_equals: { symbol: "!=", takes: "value" },
  greater_than: { symbol: ">", takes: "value" },
  greater_than_equal: { symbol: ">=", takes: "value" },
  less_than: { symbol: "<", takes: "value" },
  less_than_equal: { symbol: "<=", takes: "value" },
  exists: { symbol: "exists", takes: "nothing" },
  not_exists: { symbol: "!exists", takes: "nothing" },
  in: { symbol: "in", takes: "list" },
  not_in: { symbol: "!in", takes: "list" },
  matches: { symbol: "=~", takes: "pattern" },
  not_matches: { symbol: "!~", takes: "pattern" },
} as const satisfies Record<string, { readonly symbol: string; readonly takes: Takes }>;

export type OperatorName = keyof typeof operators;
export const operatorNames = Object.keys(operators) as readonly OperatorName[];

const equality = ["equals", "not_equals"] as const;
const order = ["greater_than", "greater_than_equal", "less_than", "less_than_equal"] as const;
const existence = ["exists", "not_exists"] as const;
const membership = ["in", "not_in"] as const;
const likeness = ["matches", "not_matches"] as const;

/**
 * AWS: the subjects, and the operators each allows. The documentation names none for `task:group`; an instance may have tasks of several
 * groups, so all except ordering make sense.
 */
export const subjects = {
  agentConnected: [...equality, ...membership, ...likeness],
  agentVersion: [...equality, ...order],
  ec2InstanceId: [...equality, ...membership, ...likeness],
  registeredAt: [...equality, ...order],
  runningTasksCount: [...equality, ...order],
  "task:group": [...equality, ...existence, ...membership, ...likeness],
  attribute: [...equality, ...order, ...existence, ...membership, ...likeness],
} as const satisfies Record<string, readonly OperatorName[]>;

export type SubjectName = keyof typeof subjects;
export const subjectNames = Object.keys(subjects) as readonly SubjectName[];

/** True if the operator may follow the subject. */
export function goesWith(subject: SubjectName, operator: OperatorName): boolean {
  const allowed: readonly OperatorName[] = subjects[subject];
  return allowed.includes(operator);
}

/** How a subject is written; `NAME` is the name of any attribute. */
export const writtenSubject = (subject: SubjectName, attribute: string | null): string =>
  subject === "attribute" ? `attribute:${attribute ?? "NAME"}` : subject;
