/**
 * What a service is to the API: how its calls are recognised, signed, read and answered, and its operations. The operations' rows are in
 * the rulebook (`ecs/machine/operations.ts`).
 */
import type { AnsweredName, OperationName } from "../ecs/machine/operations.ts";
import type { RefusalCode } from "../ecs/refusals.ts";
import type { AccessLevel, AnsweredRow, OperationRow } from "../ecs/state/operation-row.ts";
import type { OperationShapes } from "./shapes.ts";

/** How requests and replies are written. */
export type Protocol = {
  /** The content type of its responses. */
  readonly contentType: string;
  /** Parses a body with its operation's input shape. Throws WireError if it doesn't match, a Refusal beyond limits. */
  readonly parse: (operation: ApiOperation, body: string | Uint8Array) => Record<string, unknown>;
  /** The text of a reply, by its operation's output shape. */
  readonly render: (operation: ApiOperation, reply: object) => string;
};

export type ServiceDefinition = {
  /** The prefix of its actions: `ecs` in `ecs:RunTask`. */
  readonly name: string;
  readonly protocol: Protocol;
  /** What comes before the dot and the operation in `X-Amz-Target`. */
  readonly targetPrefix: string;
  /** The service name in a call's signature. */
  readonly signingName: string;
  /** Input and output of one of its operations, created on first use. */
  readonly shapesOf: (operation: string) => OperationShapes;
  /** The errors that all its operations declare. */
  readonly errors: readonly RefusalCode[];
  /** The text for a caller of an unknown operation. */
  readonly hasNone: string;
  /** Where a caller of an absent operation finds the supported ones. */
  readonly listedIn: string;
};

/** An operation as `authorize` sees it when it decides who may call it. */
export type OperationAction = {
  /** Such as `ecs:RunTask`. */
  readonly name: string;
  /** Null for an absent operation, which nobody may call. */
  readonly level: AccessLevel | null;
  /** The types of resources that an agent key may name in it; null if agents may not call it. */
  readonly agents: readonly string[] | null;
  /** The same for a task's credentials. */
  readonly tasks: readonly string[] | null;
};

/** An operation of one service, as a call names it. There is one object for each. */
export class ApiOperation {
  readonly service: ServiceDefinition;
  readonly name: OperationName;
  readonly row: OperationRow;
  readonly action: OperationAction;

  constructor(service: ServiceDefinition, name: OperationName, row: OperationRow) {
    this.service = service;
    this.name = name;
    this.row = row;
    const { level = null, agents = null, tasks = null } = row.machine === null ? {} : row;
    this.action = { name: `${service.name}:${name}`, level, agents, tasks };
  }

  get shapes(): OperationShapes {
    return this.service.shapesOf(this.name);
  }
}

/** An operation that Berth supports, in full or in part. */
export type AnsweredOperation = ApiOperation & { readonly name: AnsweredName; readonly row: AnsweredRow };

/** True if Berth supports the operation, in full or in part. */
export const isAnswered = (operation: ApiOperation): operation is AnsweredOperation => operation.row.machine !== null;

/** True if a client of `operation` may expect the error `code`. */
export const mayAnswerWith = ({ service, row }: ApiOperation, code: RefusalCode): boolean =>
  service.errors.includes(code) || row.errors.includes(code);
