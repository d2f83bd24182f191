export const queryLimits = {
  /** LIMIT: room for a list of some three hundred instance ids; the longest is parsed in a millisecond and asked in microseconds. */
  expressionCharacters: 8_192,
  /** LIMIT: nobody reads deeper nesting, and parsing and asking recurse this deep. For patterns, too. */
  nestingDepth: 32,
  /** LIMIT: each pattern of an expression remembers answers; more are better written as one with alternatives. */
  patternsPerExpression: 16,
  /** LIMIT: two dozen instance types spelled out; the worst of patterns over the worst of 5,000 values takes about a second. */
  patternStatesPerExpression: 256,
  /** LIMIT: more distinct instance types or zones than a cluster has; beyond that, remembering does not pay. */
  answersPerPattern: 256,
  /** LIMIT: expressions in use at a time, a few per service; one that was dropped is parsed again in microseconds. */
  parsedQueries: 256,
} as const;
