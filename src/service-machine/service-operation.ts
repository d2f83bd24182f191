/**
 * The row of an operation of a service other than ECS: its handler, and everything that the layers above need to know about it. The rows
 * are beside the handlers in the folder of their service (`sts/sts-operations.ts`).
 */
import type { Place } from "../ecs/arn.ts";
import type { Caller } from "../ecs/state/call.ts";
import type { EcsFacts } from "./ecs-facts.ts";
import type { ServicePorts } from "./service-ports.ts";
import type { ServiceStep } from "./service-step.ts";

/**
 * What taking an operation means: `read` changes nothing, `operate` changes what runs, `administer` changes the account as a whole. Every known
 * caller may take one that is for `everyone`.
 */
export type ServiceAccess = "read" | "operate" | "administer" | "everyone";

/** What a handler gets besides its step and its request. */
export type ServiceGiven = {
  readonly caller: Caller;
  readonly ports: ServicePorts;
  /** What ECS knows, empty unless the row says `needsEcs`. */
  readonly facts: EcsFacts;
};

/**
 * Answers a call: reads and changes the state through the step and returns the reply in API shape, or throws a Refusal. The request is what `wire`
 * parsed by the operation's shape.
 */
export type ServiceHandler<State> = (step: ServiceStep<State>, request: never, given: ServiceGiven) => object;

/** An operation that the service answers, in full or in part. */
export type ServiceRow = {
  readonly machine: "service";
  /** The state in its step is that of its own service. */
  readonly handler: (step: never, request: never, given: ServiceGiven) => object;
  readonly access: ServiceAccess;
  /** Whether agent keys may call it. */
  readonly agents?: true;
  /**
   * Whether the credentials of a task may call it, on whatever they name in their account.
   * DIFFERS: there are no policies yet, so the roles of tasks may do in built-in services what tasks need, whatever IAM would say.
   */
  readonly tasks?: true;
  /** Whether its handler gets what ECS knows of tasks, services and container instances; for operations that only read. */
  readonly needsEcs?: true;
  /** AWS: such a call needs no signature. */
  readonly anonymous?: true;
  /** The ARNs that a request names, for the text of a denial; the account as a whole when absent. */
  readonly resources?: (request: never, place: Place) => readonly string[];
  /** The errors that it declares beyond those that every operation of its service declares. */
  readonly errors: readonly string[];
  /** What Berth does not do, in sentences for docs/compatibility.md; absent when the operation is answered in full. */
  readonly missing?: string;
};

/** Rows by the names of their operations. */
export type ServiceRows = Readonly<Record<string, ServiceRow>>;
