import { parseFilterPattern } from "../logs/filter-pattern/filter-pattern.ts";
import type { MessageMatcher } from "../logs/filter-pattern/message-matcher.ts";
import type { FollowedEvent, FollowedEvents, FollowQuestion } from "../logs/log-questions.ts";
import type { Written } from "./log-writer.ts";

/** AWS: a live tail gets at most 500 events a second, and is sampled beyond. LIMIT: held here for a follower that is slow to take them. */
const heldMax = 500;

type Follower = {
  readonly groupIds: ReadonlySet<string>;
  readonly isWanted: (streamName: string) => boolean;
  readonly matches: MessageMatcher;
  held: FollowedEvent[];
  sampled: boolean;
  /** What was delivered last has not been taken yet. */
  waits: boolean;
};

/** Who wants new events. Each gets some, then no more until it has taken them; what does not fit meanwhile is left out and said. */
export class Followers {
  readonly #followers = new Map<number, Follower>();
  readonly #deliver: (follower: number, followed: FollowedEvents) => void;

  constructor(deliver: (follower: number, followed: FollowedEvents) => void) {
    this.#deliver = deliver;
  }

  /** Throws FilterPatternError for a pattern that is none. */
  follow(number: number, { groups, streamNames, streamNamePrefixes, filterPattern }: FollowQuestion): null {
    const names = streamNames === null ? null : new Set(streamNames);
    this.#followers.set(number, {
      groupIds: new Set(groups.map(({ id }) => id)),
      isWanted: (name) =>
        (names?.has(name) ?? true) && (streamNamePrefixes?.some((prefix) => name.startsWith(prefix)) ?? true),
      matches: parseFilterPattern(filterPattern ?? ""),
      held: [],
      sampled: false,
      waits: false,
    });
    return null;
  }

  unfollow(number: number): void {
    this.#followers.delete(number);
  }

  taken(number: number): void {
    const follower = this.#followers.get(number);
    if (follower === undefined) return;
    follower.waits = false;
    this.#flush(number, follower);
  }

  /** To be called once the events are written. */
  written(all: readonly Written[]): void {
    if (this.#followers.size === 0) return;
    for (const [number, follower] of this.#followers) {
      for (const batch of all) hold(follower, batch);
      this.#flush(number, follower);
    }
  }

  #flush(number: number, follower: Follower): void {
    if (follower.waits || (follower.held.length === 0 && !follower.sampled)) return;
    const { held, sampled } = follower;
    follower.held = [];
    follower.sampled = false;
    follower.waits = true;
    this.#deliver(number, { events: held, sampled });
  }
}

function hold(follower: Follower, { groupId, streamName, ingestionTime, events }: Written): void {
  if (!follower.groupIds.has(groupId) || !follower.isWanted(streamName)) return;
  for (const { timestamp, message } of events) {
    if (follower.held.length >= heldMax) {
      follower.sampled = true;
      return;
    }
    if (follower.matches(message)) follower.held.push({ groupId, streamName, timestamp, ingestionTime, message });
  }
}
