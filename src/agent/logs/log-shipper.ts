import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type { RandomStream } from "../../lib/random.ts";
import type { AwsClient } from "../remote/aws-client.ts";
import type { ExecutionKeys } from "../task-services/execution-keys.ts";
import { type AwslogsOptions, awslogsOptions } from "./awslogs-options.ts";
import { CloudWatchLogs } from "./cloudwatch-logs.ts";
import { LogGroups } from "./log-groups.ts";
import type { LogPositions } from "./log-positions.ts";
import { LogStream } from "./log-stream.ts";

export type LogShipperOptions = {
  readonly client: AwsClient;
  readonly keys: ExecutionKeys;
  readonly positions: LogPositions;
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly log: Log;
};

/** A container whose output goes to CloudWatch Logs. */
export type LoggedContainer = { readonly taskArn: string; readonly runtimeId: string; readonly spec: PayloadContainer };

/** LIMIT: how long the end of a container waits for its last lines; a service that answers needs milliseconds. */
const flushMs = 5_000;

/** Sends the output of an agent's containers with the log driver awslogs to CloudWatch Logs. */
export class LogShipper {
  readonly #options: LogShipperOptions;
  readonly #streams = new Map<string, LogStream>();

  constructor(options: LogShipperOptions) {
    this.#options = options;
  }

  /**
   * Creates the stream of a container that is about to start. Nothing happens if the container has another log driver. Rejects with
   * AwslogsError or LogStreamError.
   */
  async create({ taskArn, runtimeId, spec }: LoggedContainer): Promise<void> {
    const awslogs = awslogsOptions(spec);
    if (awslogs !== null) await this.#logsOf(taskArn, spec).createStream(awslogs, awslogs.stream ?? runtimeId);
  }

  /**
   * Checks what can be known before the container is created, and creates the stream if its name doesn't depend on the container.
   * Rejects as `create` does.
   */
  async checkAhead(taskArn: string, spec: PayloadContainer): Promise<void> {
    const awslogs = awslogsOptions(spec);
    if (awslogs === null) return;
    if (awslogs.stream !== null) await this.#logsOf(taskArn, spec).createStream(awslogs, awslogs.stream);
  }

  /** The stream of a container, opened when it is first asked for. Null if the container has another log driver or wrong options. */
  async open({ taskArn, runtimeId, spec }: LoggedContainer): Promise<LogStream | null> {
    const known = this.#streams.get(runtimeId);
    if (known !== undefined) return known;
    const awslogs = usable(spec);
    if (awslogs === null) return null;
    const groups = awslogs.eventStart === null ? null : await groupsOf(awslogs.eventStart);
    const { clock, random, log, positions } = this.#options;
    const stream =
      this.#streams.get(runtimeId) ??
      new LogStream({
        clock,
        random,
        log,
        awslogs,
        stream: awslogs.stream ?? runtimeId,
        groups,
        logs: this.#logsOf(taskArn, spec),
        onShipped: (position) => positions.set(runtimeId, position),
      });
    this.#streams.set(runtimeId, stream);
    return stream;
  }

  /** Sends what has come from the container, within a bounded time. What is left is sent later, while the agent runs. */
  async flush(runtimeId: string): Promise<void> {
    const stream = this.#streams.get(runtimeId);
    if (stream === undefined || (await stream.flush(flushMs))) return;
    this.#options.log("log-flush-late", { container: runtimeId });
  }

  /** The container is removed. What was not sent by now is lost. */
  forget(runtimeId: string): void {
    this.#streams.get(runtimeId)?.close();
    this.#streams.delete(runtimeId);
    this.#options.positions.forget(runtimeId);
  }

  /** Ends all sending. The next process goes on where this one was. */
  async close(): Promise<void> {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
    await this.#options.positions.save();
  }

  #logsOf(taskArn: string, { logsAuthStrategy }: PayloadContainer): CloudWatchLogs {
    const usesRole = logsAuthStrategy === "ExecutionRole";
    return new CloudWatchLogs(this.#options.client, () => this.#options.keys.of(taskArn, usesRole, "logs"));
  }
}

/** The options, if the container may have got so far with them. */
function usable(spec: PayloadContainer): AwslogsOptions | null {
  try {
    return awslogsOptions(spec);
  } catch {
    return null;
  }
}

/** Loaded only when it is needed: most containers write an event a line, and the engine for patterns is large. */
async function groupsOf(by: NonNullable<AwslogsOptions["eventStart"]>): Promise<LogGroups> {
  const { eventStart } = await import("./event-start.ts");
  return new LogGroups(eventStart(by));
}
