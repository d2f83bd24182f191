import type { Clock, Timer } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type { RandomStream } from "../../lib/random.ts";
import { Backoff } from "../backoff.ts";
import { ApiError } from "../remote/api-error.ts";
import type { AwslogsOptions } from "./awslogs-options.ts";
import type { CloudWatchLogs } from "./cloudwatch-logs.ts";
import { eventsOf, type LogEvent, type LogLine, type LogPosition } from "./log-event.ts";
import type { LogGroups } from "./log-groups.ts";
import { LogQueue } from "./log-queue.ts";

export type LogStreamOptions = {
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly log: Log;
  readonly logs: Pick<CloudWatchLogs, "put" | "createStream">;
  readonly awslogs: AwslogsOptions;
  readonly stream: string;
  /** Null if each line is an event. */
  readonly groups: LogGroups | null;
  /** Everything up to here is in CloudWatch Logs, or was given up. */
  readonly onShipped: (position: LogPosition) => void;
};

/** LIMIT: AWS long allowed five calls a second for a stream; more would only make smaller batches. */
const betweenCallsMs = 200;
/** LIMIT: a cut network is noticed again within half a minute; a service that is overloaded gets no more than that. */
const retry = { firstMs: 200, factor: 2, lastMs: 30_000 };
/** LIMIT: a container that writes more than fits is one line in the agent's log each minute. */
const sayDroppedMs = 60_000;

/** One container's output on its way to a stream of CloudWatch Logs. */
export class LogStream {
  readonly #options: LogStreamOptions;
  readonly #queue: LogQueue;
  readonly #backoff: Backoff;
  /** Whoever waits for room, or for the end of all sending. */
  #waiting: (() => void)[] = [];
  #isSending = false;
  #isClosed = false;
  #isFlushing = false;
  #pause: Timer | null = null;
  #groupTimer: Timer | null = null;
  #mayCreate = true;
  #dropped = 0;
  #saidAt: number | null = null;

  constructor(options: LogStreamOptions) {
    this.#options = options;
    this.#queue = new LogQueue(options.awslogs.buffer.bytes);
    this.#backoff = new Backoff(retry, options.random);
  }

  /** How many events did not fit, or were refused for good. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Takes a line. Null if there is room for the next; otherwise resolves when there is. What does not fit is dropped if the options say
   * so. A promise for each line would cost more than the rest of its way.
   */
  write(line: LogLine): Promise<void> | null {
    const { groups } = this.#options;
    if (groups === null) return this.#add(line);
    const ended = groups.add(line);
    this.#armGroup();
    return ended === null ? null : this.#add(ended);
  }

  /** Sends everything that has come. Resolves when that is done, after `withinMs` at the latest; false if something is left. */
  async flush(withinMs: number): Promise<boolean> {
    const { clock, groups } = this.#options;
    const ended = groups?.end() ?? null;
    if (ended !== null) for (const event of eventsOf(ended)) this.#queue.add(event);
    this.#isFlushing = true;
    let late = false;
    const timer = clock.setTimer(withinMs, () => {
      late = true;
      this.#wake();
    });
    // A pause between calls is not worth waiting for; one after a failure is.
    if (this.#backoff.isFresh) this.#resume();
    this.#pump();
    while (!this.#isIdle && !late && !this.#isClosed) await this.#change();
    timer.cancel();
    this.#isFlushing = false;
    return this.#isIdle;
  }

  /** Ends all sending. What waits is lost to this process. */
  close(): void {
    this.#isClosed = true;
    this.#pause?.cancel();
    this.#groupTimer?.cancel();
    this.#wake();
  }

  get #isIdle(): boolean {
    return this.#queue.isEmpty && !this.#isSending;
  }

  #add(line: LogLine): Promise<void> | null {
    const events = eventsOf(line);
    const full = events.findIndex((event) => !this.#take(event));
    this.#pump();
    return full < 0 ? null : this.#addLater(events.slice(full));
  }

  /** Whether the event was taken: added or dropped. */
  #take(event: LogEvent): boolean {
    if (this.#queue.hasRoomFor(event)) this.#queue.add(event);
    else if (this.#options.awslogs.buffer.drops) this.#drop(1, "the buffer is full");
    else return false;
    return true;
  }

  async #addLater(events: readonly LogEvent[]): Promise<void> {
    for (const event of events) {
      // After the end it is read again by the next process.
      while (!this.#isClosed && !this.#take(event)) await this.#change();
      if (this.#isClosed) return;
    }
    this.#pump();
  }

  #armGroup(): void {
    const { clock, groups, awslogs } = this.#options;
    if (groups === null || !groups.isOpen || this.#groupTimer !== null) return;
    this.#groupTimer = clock.setTimer(awslogs.flushMs, () => {
      this.#groupTimer = null;
      const ended = groups.end();
      if (ended !== null) void this.#add(ended);
    });
  }

  #pump(): void {
    if (this.#isSending || this.#isClosed || this.#pause !== null || this.#queue.isEmpty) return;
    this.#isSending = true;
    void this.#send(this.#queue.batch());
  }

  async #send(batch: readonly LogEvent[]): Promise<void> {
    const { logs, stream, awslogs, log, onShipped } = this.#options;
    let pauseMs = betweenCallsMs;
    try {
      const { rejected } = await logs.put(awslogs, stream, batch);
      this.#backoff.reset();
      this.#mayCreate = true;
      this.#settle(batch, onShipped);
      if (rejected > 0) this.#drop(rejected, "CloudWatch Logs takes no events that are so old or so far ahead");
    } catch (error) {
      if (await this.#wasMissing(error)) pauseMs = 0;
      else if (mayPass(error)) {
        // Once for each time that it stops answering.
        const event = this.#backoff.isFresh ? "log-events-delayed" : "log-events-delayed-again";
        log(event, { err: error, group: awslogs.group, stream });
        pauseMs = this.#backoff.next();
      } else {
        this.#settle(batch, onShipped);
        this.#drop(batch.length, textOf(error));
      }
    }
    this.#isSending = false;
    if (this.#isClosed) return;
    this.#pauseFor(this.#isFlushing && this.#backoff.isFresh ? 0 : pauseMs);
    this.#wake();
  }

  #settle(batch: readonly LogEvent[], onShipped: (position: LogPosition) => void): void {
    this.#queue.drop(batch);
    const position = batch.findLast(({ resumeAt }) => resumeAt !== null)?.resumeAt ?? null;
    if (position !== null) onShipped(position);
  }

  /** Somebody deleted the stream while the container ran: makes it again, once until it was of use. */
  async #wasMissing(error: unknown): Promise<boolean> {
    if (!(error instanceof ApiError) || error.code !== "ResourceNotFoundException" || !this.#mayCreate) return false;
    this.#mayCreate = false;
    const { logs, awslogs, stream } = this.#options;
    try {
      await logs.createStream(awslogs, stream);
      return true;
    } catch {
      return false;
    }
  }

  #pauseFor(ms: number): void {
    if (ms === 0) {
      this.#pump();
      return;
    }
    this.#pause = this.#options.clock.setTimer(ms, () => this.#resume());
  }

  #resume(): void {
    this.#pause?.cancel();
    this.#pause = null;
    this.#pump();
  }

  #drop(count: number, why: string): void {
    const { clock, log, awslogs, stream } = this.#options;
    this.#dropped += count;
    const now = clock.now();
    if (this.#saidAt !== null && now - this.#saidAt < sayDroppedMs) return;
    this.#saidAt = now;
    log("log-events-dropped", { group: awslogs.group, stream, dropped: this.#dropped, why });
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** AWS: what becomes of credentials that were not delivered yet, or are about to be replaced. */
const passingCodes = ["NoCredentials", "ExpiredTokenException", "UnrecognizedClientException", "AccessDeniedException"];

const mayPass = (error: unknown): boolean =>
  error instanceof ApiError && (error.mayPass || passingCodes.includes(error.code));

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
