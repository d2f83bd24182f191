import { ApiError } from "../remote/api-error.ts";
import type { AwsCaller, AwsClient } from "../remote/aws-client.ts";
import type { AgentCredentials } from "../remote/request-signer.ts";
import type { AwslogsOptions } from "./awslogs-options.ts";
import type { LogEvent } from "./log-event.ts";
import { inOrder } from "./log-queue.ts";

type Place = Pick<AwslogsOptions, "group" | "region" | "endpoint" | "createsGroup" | "createsStream" | "format">;

/** A log stream could not be created. The message is Docker's, with AWS's code and text. */
export class LogStreamError extends Error {
  override readonly name = "LogStreamError";
}

/** The calls to CloudWatch Logs for one container, with the credentials of its task. */
export class CloudWatchLogs {
  readonly #client: AwsClient;
  readonly #credentials: () => AgentCredentials | Promise<AgentCredentials>;

  /** `credentials` may throw ApiError. */
  constructor(client: AwsClient, credentials: () => AgentCredentials | Promise<AgentCredentials>) {
    this.#client = client;
    this.#credentials = credentials;
  }

  /** Creates the stream, and its group if the options say so. Either may exist. Rejects with LogStreamError. AWS: in Docker's order. */
  async createStream(place: Place, stream: string): Promise<void> {
    if (!place.createsStream) return;
    const request = { logGroupName: place.group, logStreamName: stream };
    const missing = await this.#create("CreateLogStream", request, place, place.createsGroup);
    if (!missing) return;
    await this.#create("CreateLogGroup", { logGroupName: place.group }, place);
    await this.#create("CreateLogStream", request, place);
  }

  /** Whether something that it needs is missing, if that is not an error. */
  async #create(operation: string, request: object, place: Place, mayMiss = false): Promise<boolean> {
    try {
      await this.#call(operation, request, place);
      return false;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "ResourceAlreadyExistsException") return false;
      if (error.code === "ResourceNotFoundException" && mayMiss) return true;
      const what = operation === "CreateLogGroup" ? "group" : "stream";
      throw new LogStreamError(`failed to create Cloudwatch log ${what}: ${error.code}: ${error.message}`, {
        cause: error,
      });
    }
  }

  /** Sends one batch, tried once. Rejects with ApiError. `rejected` counts the events that are too old or too new for CloudWatch Logs. */
  async put(place: Place, stream: string, batch: readonly LogEvent[]): Promise<{ readonly rejected: number }> {
    const request = { logGroupName: place.group, logStreamName: stream, logEvents: inOrder(batch) };
    try {
      return { rejected: rejectedOf(await this.#call("PutLogEvents", request, place, 1), batch.length) };
    } catch (error) {
      // AWS: from the times of sequence tokens: the batch is there.
      if (error instanceof ApiError && error.code === "DataAlreadyAcceptedException") return { rejected: 0 };
      throw error;
    }
  }

  async #call(operation: string, request: object, place: Place, attempts?: number): Promise<object> {
    const caller: AwsCaller = { region: place.region, credentials: await this.#credentials() };
    return await this.#client.json("logs", operation, request, caller, {
      endpoint: place.endpoint,
      ...(attempts === undefined ? {} : { attempts }),
      ...(place.format === null ? {} : { headers: { "x-amzn-logs-format": place.format } }),
    });
  }
}

type Rejected = {
  readonly tooNewLogEventStartIndex?: number;
  readonly tooOldLogEventEndIndex?: number;
  readonly expiredLogEventEndIndex?: number;
};

/** AWS: the first of the too new events, and the one after the last of those that are too old or expired. */
function rejectedOf(answer: object, count: number): number {
  const { rejectedLogEventsInfo } = answer as { readonly rejectedLogEventsInfo?: Rejected | null };
  if (rejectedLogEventsInfo === undefined || rejectedLogEventsInfo === null) return 0;
  const {
    tooNewLogEventStartIndex = count,
    tooOldLogEventEndIndex = 0,
    expiredLogEventEndIndex = 0,
  } = rejectedLogEventsInfo;
  return Math.max(tooOldLogEventEndIndex, expiredLogEventEndIndex) + (count - tooNewLogEventStartIndex);
}
