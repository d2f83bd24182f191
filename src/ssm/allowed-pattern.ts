import { patternMatcher, patternStates } from "../ecs/cluster-query/match-pattern.ts";
import { parsePattern } from "../ecs/cluster-query/parse-pattern.ts";
import { QueryError } from "../ecs/cluster-query/query-error.ts";
import { refuse } from "./ssm-refusal.ts";

/** LIMIT: states of a pattern: with a value of 8 KiB at most eight million looks, some hundredths of a second. */
const statesMax = 1_024;

/**
 * Refuses with ParameterPatternMismatchException a value that the pattern doesn't match as a whole, and with InvalidAllowedPatternException what is not
 * a pattern. It is matched in linear time, like those of the cluster query language.
 */
export function checkAllowedPattern(pattern: string, value: string): void {
  const matcher = matcherOf(pattern);
  if (matcher.matches(value)) return;
  // AWS: the text.
  const text = `Parameter value, cannot be validated against allowedPattern: ${pattern}`;
  refuse("ParameterPatternMismatchException", text);
}

function matcherOf(text: string): ReturnType<typeof patternMatcher> {
  try {
    const pattern = parsePattern(text);
    if (patternStates(pattern) <= statesMax) return patternMatcher(pattern);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    refuse("InvalidAllowedPatternException", `The allowed pattern is not valid: ${error.message}`);
  }
  return refuse("InvalidAllowedPatternException", "The allowed pattern repeats too much.");
}
