/** What bounds the calls that are passed on, so that a companion that is slow or gone holds up nobody but them. */
export const companionLimits = {
  /**
   * LIMIT: calls of one account that the companion has and has not answered yet. A hundred workers that wait for messages (20 s each) and as many other
   * calls fit; each takes two sockets and some buffers.
   */
  callsPerAccount: 256,
  /** LIMIT: those of all accounts: a sixteenth of the connections that the port takes, so that the control plane never lacks them. */
  calls: 1_024,
  /** LIMIT: the largest body that AWS takes in one request: an object of S3, or a part of one. It is never held as a whole. */
  bodyBytes: 5_368_709_120,
  /** LIMIT: a body whose hash only the signature knows is held until it is checked: the largest request of DynamoDB has 16 MiB. */
  checkedBodyBytes: 16_777_216,
  /** LIMIT: headers of an answer; S3 gives back up to 2 KB of metadata, and emulators add their own. */
  headerBytes: 65_536,
  /** LIMIT: to connect. The companion is on this machine or near it. */
  connectMs: 10_000,
  /** LIMIT: from the end of a request to the first byte of its answer: the longest call of AWS, that of a function, takes 15 minutes. */
  firstByteMs: 900_000,
  /** LIMIT: a request or an answer in which nothing moves for so long is given up. */
  idleMs: 60_000,
  /** LIMIT: how long an unused connection is kept; shorter than any server's own limit, so that it isn't closed just when it is used. */
  keptMs: 2_000,
  /** LIMIT: an answer that becomes a part of Berth's own is held: the description of an instance has 5 KB, and a page has a thousand. */
  askedBytes: 8_388_608,
  /** LIMIT: such questions at a time, of all accounts: with the largest answers they hold 256 MB. */
  askedCalls: 32,
  /** LIMIT: those of one account: Terraform asks ten at a time. */
  askedCallsPerAccount: 16,
  /** LIMIT: from a question to the end of its answer. Afterwards Berth answers alone, while its caller, who waits a minute, is still there. */
  askedMs: 10_000,
  /** LIMIT: unused connections that are kept. */
  keptConnections: 64,
} as const;

export type CompanionLimits = { readonly [name in keyof typeof companionLimits]: number };
