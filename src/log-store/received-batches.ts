import type { InputLogEvent } from "../logs/accept-log-events.ts";
import { refuseLogs } from "../logs/log-refusal.ts";
import type { ReceivedBatch } from "./log-store.ts";

type Batch = { readonly logStreamName: string; readonly events: readonly InputLogEvent[] };

/** Bodies of PutLogEvents that were read and wait for the log group's document. The process bounds their number. */
export class ReceivedBatches {
  readonly #batches = new Map<number, Batch>();

  /** Reads a body and keeps its events. Refuses what is not a request of PutLogEvents. */
  receive(ticket: number, body: Uint8Array): ReceivedBatch {
    const request = parsed(body);
    const { logGroupName, logStreamName, logEvents } = request;
    if (typeof logGroupName !== "string") missing("logGroupName");
    if (typeof logStreamName !== "string") missing("logStreamName");
    if (!Array.isArray(logEvents)) missing("logEvents");
    const events = logEvents.map(eventOf);
    this.#batches.set(ticket, { logStreamName, events });
    return { ticket, logGroupName, logStreamName };
  }

  /** Gives the batch away; undefined if it was taken or dropped before. */
  take(ticket: number): Batch | undefined {
    const batch = this.#batches.get(ticket);
    this.#batches.delete(ticket);
    return batch;
  }
}

function parsed(body: Uint8Array): Readonly<Record<string, unknown>> {
  let request: unknown;
  try {
    // Bytes that are not UTF-8 become the replacement character, as everywhere in the API.
    request = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"));
  } catch {
    refuseLogs("SerializationException", "The request body is not valid JSON.");
  }
  if (typeof request !== "object" || request === null || Array.isArray(request)) {
    refuseLogs("SerializationException", "The request body must be a JSON object.");
  }
  return request as Readonly<Record<string, unknown>>;
}

function eventOf(event: unknown, index: number): InputLogEvent {
  const { timestamp, message } = (typeof event === "object" && event !== null ? event : {}) as Record<string, unknown>;
  if (typeof message !== "string") missing(`logEvents.${index + 1}.member.message`);
  if (timestamp === undefined || timestamp === null) missing(`logEvents.${index + 1}.member.timestamp`);
  if (typeof timestamp !== "number" || !Number.isSafeInteger(timestamp) || timestamp < 0) {
    refuseLogs("SerializationException", `logEvents.${index + 1}.member.timestamp must be milliseconds since 1970.`);
  }
  return { timestamp, message };
}

/** AWS: the text for a required member that is absent. */
function missing(member: string): never {
  refuseLogs(
    "InvalidParameterException",
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}
