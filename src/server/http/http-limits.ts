/** What bounds the memory and the time that a client of the HTTP port can take. */
export const httpLimits = {
  /**
   * LIMIT: the largest request of the API carries a task definition, of at most 64 KiB; clients that write every letter outside
   * ASCII as an escape make some three times that of it, and the rest of the request is small.
   */
  bodyBytes: 262_144,
  /**
   * LIMIT: bodies that arrive, all together, counted as they arrive: the memory that callers can take before their calls begin. When
   * it is full, the body that began first is refused.
   */
  bodyBytesUnderWay: 67_108_864,
  /** LIMIT: of that, the share of one address: three quarters, so that it leaves something to the others. */
  bodyBytesPerAddress: 50_331_648,
  /** LIMIT: pipelined requests that wait for the answers before them; hardly any client pipelines, and one read holds some hundred. */
  pipelinedRequests: 256,
  /** LIMIT: what such a request counts as a part of the bodies under way: its objects and its headers. */
  pipelinedRequestBytes: 8_192,
  /**
   * LIMIT: bytes of all answers that wait to be read, about twenty of the largest. When it is full, the reader that has been
   * stuck longest is disconnected.
   */
  answerBytesUnread: 134_217_728,
  /** LIMIT: of that, the share of one address: three quarters. */
  answerBytesPerAddress: 100_663_296,
  /**
   * LIMIT: answers that may be large and are being made, all together: as objects the largest takes some ten megabytes. One account
   * has at most half of them, and further calls take turns.
   */
  largeAnswers: 64,
  /** LIMIT: of those, the answers of one account. */
  largeAnswersPerAccount: 32,
  /** LIMIT: a body or an answer gets this long to get going: several lost packets in a row. */
  transferGraceMs: 5_000,
  /** LIMIT: afterwards it must have moved this much per second on average, which the slowest mobile network does. */
  transferBytesPerSecond: 4_096,
  /** LIMIT: signed requests have some 2 KiB of headers, those with a session token up to 6 KiB. */
  headerBytes: 16_384,
  /** LIMIT: headers come in one packet or few; a client that needs longer holds a connection for nothing. */
  headersTimeoutMs: 10_000,
  /** LIMIT: a TLS handshake takes two round trips; over a bad network a few seconds. */
  handshakeTimeoutMs: 10_000,
  /** LIMIT: 256 KiB in 30 s is slower than any network that agents work on. */
  requestTimeoutMs: 30_000,
  /** LIMIT: how often the two above are looked at; a late look makes them longer by that. */
  timeoutCheckIntervalMs: 2_000,
  /** LIMIT: longer than the 60 s for which load balancers keep an idle connection, so that the other side closes first. */
  keepAliveTimeoutMs: 65_000,
  /** LIMIT: a socket on which nothing moves, such as that of a client that does not read its answer. */
  idleSocketTimeoutMs: 90_000,
  /** LIMIT: two WebSockets of each of 5,000 agents, and calls beside them. */
  connections: 16_384,
  /**
   * LIMIT: connections that wait for their client: idle, in the middle of a request, or with an answer to read. 5,000 agents that
   * come back at once, and others beside them. The one that waits longest is closed for a new one.
   */
  waitingConnections: 8_192,
  /** LIMIT: of those, the share of one address: three quarters, which is still 5,000 agents behind one router. */
  waitingPerAddress: 6_144,
  /** LIMIT: requests get this long to finish at shutdown; what is left is cut, so that the process ends within five seconds. */
  drainTimeoutMs: 2_500,
} as const;

export type HttpLimits = { readonly [name in keyof typeof httpLimits]: number };
