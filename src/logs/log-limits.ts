/** AWS: the quotas of PutLogEvents and of the operations that read events. */
export const logLimits = {
  batchBytes: 1_048_576,
  /** Added to the UTF-8 bytes of each message of a batch. */
  eventOverheadBytes: 26,
  batchEvents: 10_000,
  batchSpanMs: 24 * 3_600_000,
  oldestMs: 14 * 86_400_000,
  newestMs: 2 * 3_600_000,
  pageEvents: 10_000,
  pageBytes: 1_048_576,
} as const;

export const dayMs = 86_400_000;
