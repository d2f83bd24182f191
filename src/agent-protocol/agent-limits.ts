/**
 * How long and how large the members of agents' messages may be. A message beyond them is dropped like one of the wrong shape.
 */
import { numberBetween, textUpTo } from "./shape.ts";

/** LIMIT: ids of messages and of credentials are UUIDs of 36 characters; an agent's answer is echoed to it. */
const messageIdCharacters = 256;
/** LIMIT: the longest ARN of ECS has about 600 characters; AWS's IAM accepts ARNs of up to 2,048. */
const referenceCharacters = 2_048;
/** LIMIT: words and dates of the protocol have about 30 characters. */
const wordCharacters = 256;
/** LIMIT: a container runtime's answer can be pages; the rulebook keeps 1,024 characters of it. */
const reasonCharacters = 16_384;
/** LIMIT: as many seconds as Go's 64 bits of nanoseconds hold: an agent sends the least of them for an unknown time. */
const unknownSecondsMax = 9_223_372_037;

export const messageId = textUpTo(messageIdCharacters);
export const reference = textUpTo(referenceCharacters);
export const word = textUpTo(wordCharacters);
export const reason = textUpTo(reasonCharacters);
/** When something happened, in epoch seconds. */
export const seconds = numberBetween(-unknownSecondsMax, unknownSecondsMax);
/** When a message was sent, in epoch seconds. */
export const sentAt = numberBetween(0, unknownSecondsMax);

/** LIMIT: the official agent puts ten tasks into a message; a later one may put more. */
export const reportedTasks = 100;
/** LIMIT: AWS: a task has ten containers; agents add one or two of their own. */
export const reportedContainers = 100;
/** LIMIT: agents know four kinds of checks. */
export const reportedChecks = 32;
/** LIMIT: as many tasks as fit into the largest message of an agent. */
export const stopCandidates = 10_000;
