import type { StartBackoff } from "../documents/deployment-progress.ts";
import type { Timeline } from "../timeline.ts";

/** LIMIT: so many rounds of failures in a row are let pass without a pause: a registry may hiccup. */
const freeRounds = 2;

/**
 * The pause after a task made at `createdAt` did not start. Tasks that fail together are one round: a failure of a task made
 * before the last counted one says nothing new. AWS: the pauses grow up to 27 minutes; attempts never end.
 */
export function startFailed(backoff: StartBackoff, createdAt: number, now: number, timeline: Timeline): StartBackoff {
  if (backoff.countedUpTo !== null && createdAt <= backoff.countedUpTo) return backoff;
  const rounds = backoff.rounds + 1;
  const doublings = rounds - freeRounds - 1;
  const pauseMs = Math.min(timeline.startBackoffMaxMs, timeline.startBackoffMs * 2 ** Math.min(doublings, 30));
  return { rounds, countedUpTo: now, until: doublings < 0 ? null : now + pauseMs };
}

/** True when the service is to be told that its tasks do not start. */
export const isImpaired = ({ until }: StartBackoff): boolean => until !== null;
