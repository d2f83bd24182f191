import type { Clock } from "../../lib/clock.ts";
import type { ApiClient } from "../api-client.ts";
import { CallFailedError } from "../call-failed-error.ts";
import { pause } from "../pause.ts";
import type { FoundContainers, LoggedContainer } from "./logged-containers.ts";

export type LogLine = LoggedContainer & { readonly timestamp: number; readonly message: string };

/** LIMIT: how soon a follower sees a line at best; each stream costs the server a call. */
const followMs = 1_000;
/** LIMIT: how soon the tasks that a service has started since are found, while it is followed. */
const findAgainMs = 5_000;
/** LIMIT: events of a call, so that the first lines are shown before a megabyte has come. */
const pageEvents = 1_000;

export type ReadLogsOptions = {
  readonly api: ApiClient;
  readonly find: () => Promise<FoundContainers>;
  /** Epoch milliseconds; null for no bound. */
  readonly since: number | null;
  readonly until: number | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly show: (lines: readonly LogLine[]) => void;
};

type Page = {
  readonly events: readonly { readonly timestamp: number; readonly message: string }[];
  readonly nextForwardToken: string;
};

/** The lines of one stream, in order, as far as they have been read. */
class StreamReader {
  readonly container: LoggedContainer;
  readonly #options: ReadLogsOptions;
  #token: string | null = null;
  #lines: readonly LogLine[] = [];
  #at = 0;
  /** True after a call that found nothing more. */
  isAtEnd = false;

  constructor(container: LoggedContainer, options: ReadLogsOptions) {
    this.container = container;
    this.#options = options;
  }

  /** The next line; null at the end. */
  async peek(): Promise<LogLine | null> {
    if (this.#at >= this.#lines.length && !this.isAtEnd) await this.#read();
    return this.#lines[this.#at] ?? null;
  }

  /** Takes the line that was peeked at, and gives the one behind it, if that is there already. */
  take(): LogLine | null {
    this.#at += 1;
    return this.#lines[this.#at] ?? null;
  }

  /** Makes the end be looked for again. */
  lookAgain(): void {
    this.isAtEnd = false;
  }

  async #read(): Promise<void> {
    const { group, stream, region } = this.container;
    const { api, since, until } = this.#options;
    const request = {
      logGroupName: group,
      logStreamName: stream,
      startFromHead: true,
      limit: pageEvents,
      ...(since === null ? {} : { startTime: since }),
      ...(until === null ? {} : { endTime: until }),
      ...(this.#token === null ? {} : { nextToken: this.#token }),
    };
    let page: Page;
    try {
      page = (await api.logs("GetLogEvents", request, region ?? undefined)) as Page;
    } catch (error) {
      // The container has written nothing yet.
      if (!isMissing(error)) throw error;
      this.isAtEnd = true;
      return;
    }
    // AWS: at the end of a stream a token leads to itself.
    this.isAtEnd = page.events.length === 0;
    this.#token = page.nextForwardToken;
    this.#at = 0;
    this.#lines = page.events.map(({ timestamp, message }) => ({ ...this.container, timestamp, message }));
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof CallFailedError && /ResourceNotFoundException/.test(error.message);

/** Shows the lines of all containers that are found now, merged by time. */
export async function readLogs(found: FoundContainers, options: ReadLogsOptions): Promise<void> {
  await showAll(
    found.logged.map((container) => new StreamReader(container, options)),
    options,
  );
}

/**
 * Shows lines as they come, until all tasks are stopped and read, or the signal. Looks for new tasks of a service or family. Rejects with
 * CallFailedError.
 */
export async function followLogs(first: FoundContainers, options: ReadLogsOptions): Promise<void> {
  const { find, clock, signal } = options;
  const readers = new Map<string, StreamReader>();
  let found = first;
  let foundAt = clock.now();
  while (!signal.aborted) {
    for (const container of found.logged) {
      const key = `${container.group}\n${container.stream}`;
      if (!readers.has(key)) readers.set(key, new StreamReader(container, options));
    }
    // Found before they were read: what a stopped task wrote last is there.
    const { mayGoOn } = found;
    for (const reader of readers.values()) reader.lookAgain();
    const isRead = await showUnlessGone([...readers.values()], options);
    if (isRead && !mayGoOn) return;
    await pause(clock, followMs, signal);
    if (signal.aborted || clock.now() - foundAt < findAgainMs) continue;
    found = await findAgain(find, found);
    foundAt = clock.now();
  }
}

/** What was found before, if the server does not answer or nothing is left. */
async function findAgain(find: () => Promise<FoundContainers>, before: FoundContainers): Promise<FoundContainers> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof CallFailedError && error.mayPass) return before;
    throw error;
  }
}

/** False if the server did not answer, which may pass. */
async function showUnlessGone(readers: readonly StreamReader[], options: ReadLogsOptions): Promise<boolean> {
  try {
    await showAll(readers, options);
    return true;
  } catch (error) {
    if (error instanceof CallFailedError && error.mayPass) return false;
    throw error;
  }
}

/** Shows all lines up to the ends of the streams, merged by time. */
async function showAll(readers: readonly StreamReader[], { show, signal }: ReadLogsOptions): Promise<void> {
  for (;;) {
    const heads = await Promise.all(readers.map((reader) => reader.peek()));
    if (signal.aborted) return;
    const lines: LogLine[] = [];
    // Until one has to be read further: what it has next may be earlier than the others.
    for (;;) {
      const at = earliest(heads);
      const line = heads[at];
      const reader = readers[at];
      if (line === null || line === undefined || reader === undefined) break;
      lines.push(line);
      const next = reader.take();
      heads[at] = next;
      if (next === null && !reader.isAtEnd) break;
    }
    if (lines.length === 0) return;
    show(lines);
  }
}

function earliest(heads: readonly (LogLine | null)[]): number {
  let found = -1;
  for (const [index, line] of heads.entries()) {
    if (line !== null && (found < 0 || line.timestamp < (heads[found]?.timestamp ?? 0))) found = index;
  }
  return found;
}
