import { checkPattern } from "./filter-log-events.ts";
import { logGroupArn, referenceOf } from "./log-group.ts";
import type { FollowedEvents } from "./log-questions.ts";
import { refuseLogs } from "./log-refusal.ts";
import type { LogsStep } from "./logs-state.ts";
import { refuseBoth, refuseConstraint, requiredText } from "./member-rules.ts";
import { groupIdentified } from "./named-group.ts";
import { StorePlan } from "./store-plan.ts";

export type StartLiveTailRequest = {
  readonly logGroupIdentifiers?: readonly string[];
  readonly logStreamNames?: readonly string[];
  readonly logStreamNamePrefixes?: readonly string[];
  readonly logEventFilterPattern?: string;
};

/** AWS: ten groups; names and prefixes of streams only with one group. */
const groupsMax = 10;

/** Begins a session that is told of new events. */
export function startLiveTail(step: LogsStep, request: StartLiveTailRequest): object {
  refuseBoth(request, "logStreamNames", "logStreamNamePrefixes");
  const { logGroupIdentifiers = [], logStreamNames, logStreamNamePrefixes, logEventFilterPattern = "" } = request;
  if (logGroupIdentifiers.length < 1 || logGroupIdentifiers.length > groupsMax) {
    const range = logGroupIdentifiers.length < 1 ? "greater than or equal to 1" : `less than or equal to ${groupsMax}`;
    refuseConstraint("[]", "logGroupIdentifiers", `Member must have length ${range}`);
  }
  const ofStreams = logStreamNames ?? logStreamNamePrefixes;
  if (ofStreams !== undefined && logGroupIdentifiers.length > 1) {
    refuseLogs("InvalidParameterException", "Log streams can be named only with a single log group.");
  }
  checkPattern(logEventFilterPattern);
  const groups = logGroupIdentifiers.map((each) => groupIdentified(step, requiredText("logGroupIdentifier", each)));
  return new StorePlan({
    type: "follow",
    question: {
      groups: groups.map(referenceOf),
      streamNames: logStreamNames ?? null,
      streamNamePrefixes: logStreamNamePrefixes ?? null,
      filterPattern: logEventFilterPattern,
    },
    started: (sessionId, requestId) => ({
      requestId,
      sessionId,
      logGroupIdentifiers: groups.map(({ name }) => logGroupArn(step.place, name)),
      logStreamNames: logStreamNames ?? [],
      logStreamNamePrefixes: logStreamNamePrefixes ?? [],
      logEventFilterPattern,
    }),
    update: ({ events, sampled }: FollowedEvents) => ({
      sessionMetadata: { sampled },
      sessionResults: events.map(({ groupId, streamName, message, timestamp, ingestionTime }) => ({
        logStreamName: streamName,
        // AWS: account and name.
        logGroupIdentifier: `${step.place.account}:${groups.find(({ id }) => id === groupId)?.name ?? ""}`,
        message,
        timestamp,
        ingestionTime,
      })),
    }),
  });
}
