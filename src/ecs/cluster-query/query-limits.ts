export const queryLimits = {
  /** LIMIT: room for a list of some three hundred instance ids; the longest is parsed in a millisecond and asked in microseconds. */
  expressionCharacters: 8_192,
  /** LIMIT: nobody reads deeper nesting, and parsing and asking recurse this deep. For patterns, too. */
  nestingDepth: 32,
  /** LIMIT: each pattern of an expression keeps some kilobytes of states; more are better written as one with alternatives. */
  patternsPerExpression: 16,
  /** LIMIT: two dozen instance types spelled out; the worst of patterns over the worst 5,000 values takes a tenth of a second, in slices. */
  patternStatesPerExpression: 256,
  /** LIMIT: four expressions of the largest kind for one task, or ten of a dozen instance types each; half a second at worst, in slices. */
  patternStatesPerTask: 1_024,
  /** LIMIT: two expressions of the greatest length for one task; a list of ids is one predicate. A tenth of a second at worst, in slices. */
  predicatesPerTask: 1_024,
  /** LIMIT: states kept of a pattern, more than two dozen instance types spelled out need; a text beyond them is matched all the same, slower. */
  statesPerPattern: 256,
  /** LIMIT: successors of states kept of a pattern, of two bytes each: with the states at most 0.5 MiB for an expression. */
  transitionsPerPattern: 4_096,
  /** LIMIT: expressions in use at a time, a few per service; one that was dropped is parsed again in microseconds. */
  parsedQueries: 256,
} as const;
