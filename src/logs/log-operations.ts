/** The operations of CloudWatch Logs that Berth answers. */
import type { Place } from "../ecs/arn.ts";
import type { ServiceRow } from "../service-machine/service-operation.ts";
import { createLogGroup } from "./create-log-group.ts";
import { deleteLogGroup } from "./delete-log-group.ts";
import { describeLogGroups, listLogGroups } from "./describe-log-groups.ts";
import { filterLogEvents } from "./filter-log-events.ts";
import { getLogEvents } from "./get-log-events.ts";
import { logGroupArn } from "./log-group.ts";
import { createLogStream, deleteLogStream, describeLogStreams } from "./log-streams.ts";
import {
  listTagsForResource,
  listTagsLogGroup,
  tagLogGroup,
  tagResource,
  untagLogGroup,
  untagResource,
} from "./log-tags.ts";
import { putLogEvents } from "./put-log-events.ts";
import { deleteRetentionPolicy, putRetentionPolicy } from "./retention-policy.ts";
import { startLiveTail } from "./start-live-tail.ts";

type Named = { readonly logGroupName?: string; readonly logGroupIdentifier?: string };

const namedGroup = ({ logGroupName, logGroupIdentifier = logGroupName }: Named, place: Place): readonly string[] => {
  if (logGroupIdentifier === undefined) return [];
  return [logGroupIdentifier.startsWith("arn:") ? logGroupIdentifier : logGroupArn(place, logGroupIdentifier)];
};

const notFound = ["ResourceNotFoundException", "ServiceUnavailableException"] as const;

const namedArn = ({ resourceArn }: { readonly resourceArn?: string }): readonly string[] =>
  resourceArn === undefined ? [] : [resourceArn];

const ofGroup = { machine: "service", resources: namedGroup } as const;
const changesGroup = { ...ofGroup, access: "operate" } as const;
const readsGroup = { ...ofGroup, access: "read" } as const;
/** What agents and the containers of tasks need for logs. */
const writes = { ...ofGroup, access: "operate", agents: true, tasks: true } as const;
const ofResource = { machine: "service", resources: namedArn } as const;

export const logOperations = {
  CreateLogGroup: {
    ...writes,
    handler: createLogGroup,
    errors: ["LimitExceededException", "ResourceAlreadyExistsException", "ServiceUnavailableException"],
    missing:
      "A KMS key, another class than STANDARD and deletion protection are refused, because they would have no effect.",
  },
  CreateLogStream: {
    ...writes,
    handler: createLogStream,
    errors: ["ResourceAlreadyExistsException", "ResourceNotFoundException", "ServiceUnavailableException"],
  },
  DeleteLogGroup: { ...changesGroup, handler: deleteLogGroup, errors: notFound },
  DeleteLogStream: { ...changesGroup, handler: deleteLogStream, errors: notFound },
  DeleteRetentionPolicy: { ...changesGroup, handler: deleteRetentionPolicy, errors: notFound },
  DescribeLogGroups: {
    machine: "service",
    handler: describeLogGroups,
    access: "read",
    agents: true,
    tasks: true,
    errors: ["ServiceUnavailableException", "ResourceNotFoundException"],
    missing: "Linked accounts. There are no metric filters to count.",
  },
  DescribeLogStreams: { ...readsGroup, agents: true, tasks: true, handler: describeLogStreams, errors: notFound },
  FilterLogEvents: {
    ...readsGroup,
    handler: filterLogEvents,
    errors: notFound,
    missing:
      "Reading from the tail (`startFromHead: false`) is refused. `unmask` has no effect, because nothing is masked.",
  },
  GetLogEvents: {
    ...readsGroup,
    tasks: true,
    handler: getLogEvents,
    errors: notFound,
    missing: "`unmask` has no effect, because nothing is masked.",
  },
  ListLogGroups: {
    machine: "service",
    handler: listLogGroups,
    access: "read",
    errors: ["ServiceUnavailableException"],
    missing: "Linked accounts, and filters by data source, field index and tag.",
  },
  ListTagsForResource: { ...ofResource, access: "read", handler: listTagsForResource, errors: notFound },
  ListTagsLogGroup: { ...readsGroup, handler: listTagsLogGroup, errors: notFound },
  PutLogEvents: {
    ...writes,
    handler: putLogEvents,
    errors: notFound,
    missing: "`entity` is not kept.",
  },
  PutRetentionPolicy: { ...changesGroup, handler: putRetentionPolicy, errors: notFound },
  StartLiveTail: {
    machine: "service",
    resources: ({ logGroupIdentifiers = [] }: { readonly logGroupIdentifiers?: readonly string[] }, place: Place) =>
      logGroupIdentifiers.flatMap((logGroupIdentifier) => namedGroup({ logGroupIdentifier }, place)),
    access: "read",
    handler: startLiveTail,
    errors: ["LimitExceededException", "ResourceNotFoundException"],
    missing:
      "Clients put `stream-` before the host of the endpoint, and an address such as 127.0.0.1 can't have that: switch it off in the client ([logs](logs.md#live-tail)).",
  },
  TagLogGroup: { ...changesGroup, handler: tagLogGroup, errors: ["ResourceNotFoundException"] },
  TagResource: {
    ...ofResource,
    access: "operate",
    handler: tagResource,
    errors: ["ResourceNotFoundException", "ServiceUnavailableException", "TooManyTagsException"],
  },
  UntagLogGroup: { ...changesGroup, handler: untagLogGroup, errors: ["ResourceNotFoundException"] },
  UntagResource: { ...ofResource, access: "operate", handler: untagResource, errors: notFound },
} as const satisfies Readonly<Record<string, ServiceRow>>;
