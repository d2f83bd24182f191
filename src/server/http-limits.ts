/** What bounds the memory and the time that a client of the HTTP port can take. */
export const httpLimits = {
  /**
   * LIMIT: the largest request of the API carries a task definition, of at most 64 KiB; clients that write every letter outside
   * ASCII as an escape make some three times that of it, and the rest of the request is small.
   */
  bodyBytes: 262_144,
  /** LIMIT: bodies of requests under way together, by the length that they announce: what callers can make the process hold. */
  bodyBytesUnderWay: 67_108_864,
  /** LIMIT: signed requests have some 2 KiB of headers, those with a session token up to 6 KiB. */
  headerBytes: 16_384,
  /** LIMIT: headers come in one packet or few; a client that needs longer holds a connection for nothing. */
  headersTimeoutMs: 10_000,
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
  /** LIMIT: requests get this long to finish at shutdown; what is left is cut, so that the process ends within five seconds. */
  drainTimeoutMs: 2_500,
} as const;

export type HttpLimits = { readonly [name in keyof typeof httpLimits]: number };
