/**
 * The one way to a machine: a place, an input and its outcome. Callers neither say nor learn whether the partition is in memory, only in the
 * store, or nowhere. Inputs and outcomes are plain data and survive JSON unchanged.
 */
import type { Place } from "../ecs/arn.ts";
import { Refusal } from "../ecs/refusals.ts";
import type { AccountInput } from "../ecs/state/account-input.ts";
import type { ClusterInput } from "../ecs/state/cluster-input.ts";
import type { Answer } from "./append-group.ts";
import type { ClusterPlace } from "./partitions/cluster-place.ts";
import {
  FencedOutError,
  MachineClosedError,
  MachineHaltedError,
  NotDurableError,
  OverloadError,
  StepFailedError,
} from "./runner-errors.ts";

/** An account in a region, without a cluster. */
export type AccountPlace = Place & { readonly cluster?: undefined };

/** About a partition as a whole; its owner decides whether it can be done now. Reply: null. */
export type PartitionInput =
  /** Remove it from memory and store if it holds nothing worth keeping. What fails is done when the partition is next opened. */
  | { readonly type: "forget" }
  /** Nobody will call it soon: put its machine away if possible. */
  | { readonly type: "put-away" };

/** What callers can submit to an account's machine. Only its runner gives it timers. */
export type AccountSubmission = Exclude<AccountInput, { readonly type: "timer" }> | PartitionInput;
/** What callers can submit to a cluster's machine. */
export type ClusterSubmission = Exclude<ClusterInput, { readonly type: "timer" | "recovered" }> | PartitionInput;

const failures = {
  OverloadError: (message) => new OverloadError(message),
  NotDurableError: (message, { cause }) => new NotDurableError(message, causeOf(cause)),
  FencedOutError: (message, { cause }) => new FencedOutError(message, causeOf(cause)),
  StepFailedError: (message) => new StepFailedError(message),
  MachineHaltedError: (message, { forCallers }) => new MachineHaltedError(message, forCallers),
  MachineClosedError: (message) => new MachineClosedError(message),
} as const satisfies Readonly<Record<string, (message: string, failure: Details) => Error>>;

type Details = {
  /** As in MachineHaltedError. */
  readonly forCallers: string | null;
  /** The store's message. */
  readonly cause: string | null;
};

/** One of the errors of `runner-errors.ts`. */
export type Failure = Details & { readonly name: keyof typeof failures; readonly message: string };

/** The outcome of an input, available once everything that it shows is durable. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly refusal: {
        readonly code: string;
        readonly message: string;
        readonly members: Readonly<Record<string, unknown>>;
      };
    }
  | { readonly ok: false; readonly failure: Failure };

/**
 * Gives `input` to the machine of `place` when its turn comes. Returns the outcome without a promise if nothing has to wait, as for most
 * reads. Rejects only because of bugs in the control plane.
 */
export type Submit = {
  (place: ClusterPlace, input: ClusterSubmission): Outcome | Promise<Outcome>;
  (place: AccountPlace, input: AccountSubmission): Outcome | Promise<Outcome>;
};

/** The value of an outcome. Throws the Refusal, or an error from `runner-errors.ts`, if there is none. */
export function replyOf(outcome: Outcome): unknown {
  if (outcome.ok) return outcome.value;
  if ("refusal" in outcome) {
    const { code, message, members } = outcome.refusal;
    throw new Refusal(code, message, members);
  }
  const { name, message, ...details } = outcome.failure;
  throw failures[name](message, details);
}

/** A machine's answer as an outcome. */
export function outcomeOf(answer: Answer): Outcome {
  if (answer.ok) return answer;
  const { code, message, members } = answer.refusal;
  return { ok: false, refusal: { code, message, members } };
}

/** An error of a machine's runner as an outcome. Rethrows any other error. */
export function failedOutcomeOf(error: unknown): Outcome {
  if (error instanceof Refusal) return outcomeOf({ ok: false, refusal: error });
  if (!(error instanceof Error) || !isFailure(error.name)) throw error;
  const { name, message, cause } = error;
  const forCallers = error instanceof MachineHaltedError ? error.forCallers : null;
  return { ok: false, failure: { name, message, forCallers, cause: cause instanceof Error ? cause.message : null } };
}

const isFailure = (name: string): name is Failure["name"] => Object.hasOwn(failures, name);

const causeOf = (text: string | null): ErrorOptions => (text === null ? {} : { cause: new Error(text) });
