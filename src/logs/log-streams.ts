import type { Place } from "../ecs/arn.ts";
import { decodePageToken, encodePageToken } from "../ecs/page.ts";
import { logGroupArn, referenceOf } from "./log-group.ts";
import type { StoredStream, StreamsQuestion } from "./log-questions.ts";
import { refuseLogs } from "./log-refusal.ts";
import type { LogsStep } from "./logs-state.ts";
import { optionalText, pageLimit, requiredText } from "./member-rules.ts";
import { groupNamed, groupOf, type NamesGroup } from "./named-group.ts";
import { StorePlan } from "./store-plan.ts";

export type NamesStream = { readonly logGroupName?: string; readonly logStreamName?: string };

export function createLogStream(step: LogsStep, request: NamesStream): object {
  const name = requiredText("logStreamName", request.logStreamName);
  return new StorePlan({ type: "create-stream", group: referenceOf(groupNamed(step, request.logGroupName)), name });
}

export function deleteLogStream(step: LogsStep, request: NamesStream): object {
  const name = requiredText("logStreamName", request.logStreamName);
  return new StorePlan({ type: "delete-stream", group: referenceOf(groupNamed(step, request.logGroupName)), name });
}

export type DescribeLogStreamsRequest = NamesGroup & {
  readonly logStreamNamePrefix?: string;
  readonly orderBy?: string;
  readonly descending?: boolean;
  readonly nextToken?: string;
  readonly limit?: number;
};

/** AWS: in the order of their names, or of their last events. A prefix goes with the order of names only. */
export function describeLogStreams(step: LogsStep, request: DescribeLogStreamsRequest): object {
  const { orderBy = "LogStreamName", descending = false } = request;
  const prefix = optionalText("logStreamNamePrefix", request.logStreamNamePrefix);
  const limit = pageLimit(request.limit, { otherwise: 50, max: 50 });
  if (orderBy !== "LogStreamName" && orderBy !== "LastEventTime") {
    refuseLogs("InvalidParameterException", "orderBy must be LogStreamName or LastEventTime.");
  }
  if (orderBy === "LastEventTime" && prefix !== null) {
    refuseLogs("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  const group = groupOf(step, request);
  const question = { prefix, orderBy, descending, after: afterToken(orderBy, request.nextToken), limit } as const;
  const { place } = step;
  return new StorePlan({
    type: "describe-streams",
    group: referenceOf(group),
    question,
    reply: ({ streams, more }) => {
      const last = streams.at(-1);
      const logStreams = streams.map((stream) => described(place, group.name, stream));
      return { logStreams, ...(more && last !== undefined ? { nextToken: tokenAfter(orderBy, last) } : {}) };
    },
  });
}

const tokenAfter = (orderBy: string, { name, lastEventTimestamp }: StoredStream): string =>
  encodePageToken(`DescribeLogStreams/${orderBy}`, `${lastEventTimestamp ?? 0}/${name}`);

function afterToken(orderBy: string, given: string | undefined): StreamsQuestion["after"] {
  const token = optionalText("nextToken", given);
  if (token === null) return null;
  const [, time, name] = /^(\d+)\/(.+)$/s.exec(decodePageToken(`DescribeLogStreams/${orderBy}`, token) ?? "") ?? [];
  if (name === undefined) refuseLogs("InvalidParameterException", "The specified nextToken is invalid.");
  return { name, lastEventTimestamp: Number(time) };
}

function described(place: Place, groupName: string, stream: StoredStream): object {
  const { name, creationTime, firstEventTimestamp, lastEventTimestamp, lastIngestionTime } = stream;
  return {
    logStreamName: name,
    creationTime,
    ...(firstEventTimestamp === null ? {} : { firstEventTimestamp }),
    ...(lastEventTimestamp === null ? {} : { lastEventTimestamp }),
    ...(lastIngestionTime === null ? {} : { lastIngestionTime }),
    arn: `${logGroupArn(place, groupName)}:log-stream:${name}`,
    // AWS: always zero since 2019.
    storedBytes: 0,
  };
}
