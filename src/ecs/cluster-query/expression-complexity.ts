import { parseQuery } from "./parse-query.ts";
import { queryLimits } from "./query-limits.ts";

// LIMIT: enough of an expression to recognize it in a message.
const shownCharacters = 60;

/**
 * Why evaluating `expressions` on every instance of a cluster would be too expensive for one task: a sentence with the limit and the
 * expression that exceeds it. Null if they are fine. Throws QueryError for an invalid expression.
 */
export function complexityProblem(expressions: readonly string[]): string | null {
  let states = 0;
  let predicates = 0;
  for (const expression of expressions) {
    const { work } = parseQuery(expression);
    states += work.states;
    predicates += work.predicates;
    const { patternStatesPerTask, predicatesPerTask } = queryLimits;
    if (states > patternStatesPerTask) {
      return tooComplex(
        `their patterns have more than ${patternStatesPerTask} states, repetitions counted`,
        expression,
      );
    }
    if (predicates > predicatesPerTask)
      return tooComplex(`they have more than ${predicatesPerTask} predicates`, expression);
  }
  return null;
}

function tooComplex(what: string, expression: string): string {
  const shown = expression.length > shownCharacters ? `${expression.slice(0, shownCharacters)}...` : expression;
  return `The placement constraints of a task are too complex: ${what}, from this expression on: ${shown}`;
}
