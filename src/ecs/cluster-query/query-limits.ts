export const queryLimits = {
  /** LIMIT: room for a list of about three hundred instance ids; the longest is parsed in a millisecond and evaluated in microseconds. */
  expressionCharacters: 8_192,
  /** LIMIT: nobody reads deeper nesting, and parsing and evaluation recurse this deep. Also for patterns. */
  nestingDepth: 32,
  /** LIMIT: each pattern of an expression keeps a few kilobytes of states; more are better written as one with alternatives. */
  patternsPerExpression: 16,
  /** LIMIT: two dozen instance types spelled out; the worst patterns over the worst 5,000 values take a tenth of a second, in slices. */
  patternStatesPerExpression: 256,
  /**
   * LIMIT: four expressions of the largest kind for one task, or ten with a dozen instance types each; half a second at worst, in slices.
   */
  patternStatesPerTask: 1_024,
  /**
   * LIMIT: two expressions of the greatest length for one task; a list of ids is one predicate. A tenth of a second at worst, in slices.
   */
  predicatesPerTask: 1_024,
  /**
   * LIMIT: states cached per pattern, more than two dozen spelled-out instance types need; a text that needs more still matches, only
   * slower.
   */
  statesPerPattern: 256,
  /** LIMIT: cached successors per pattern, two bytes each: with the states at most 0.5 MiB for an expression. */
  transitionsPerPattern: 4_096,
  /** LIMIT: expressions in use at a time, a few per service; a dropped one is parsed again in microseconds. */
  parsedQueries: 256,
} as const;
