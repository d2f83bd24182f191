/**
 * What a service is to the API: how its calls are recognised, signed, read and answered, and which operations it has. The rows of the
 * operations themselves are the rulebook's (`ecs/machine/operations.ts`).
 */
import type { AnsweredName, OperationName } from "../ecs/machine/operations.ts";
import type { RefusalCode } from "../ecs/refusals.ts";
import type { AccessLevel, AnsweredRow, OperationRow } from "../ecs/state/operation-row.ts";
import type { OperationShapes } from "./shapes.ts";

/** How requests and replies are written. */
export type Protocol = {
  /** The content type of its answers. */
  readonly contentType: string;
  /** The request in a body, checked by the input shape of its operation. Throws WireError for one that does not fit, a Refusal beyond limits. */
  readonly parse: (operation: ApiOperation, body: string | Uint8Array) => Record<string, unknown>;
  /** The text of a reply, by the output shape of its operation. */
  readonly render: (operation: ApiOperation, reply: object) => string;
};

export type ServiceDefinition = {
  /** The first part of its actions: `ecs` in `ecs:RunTask`. */
  readonly name: string;
  readonly protocol: Protocol;
  /** What `X-Amz-Target` has before the dot and the operation. */
  readonly targetPrefix: string;
  /** The service that the signature of a call is for. */
  readonly signingName: string;
  /** Input and output of one of its operations, made at first use. */
  readonly shapesOf: (operation: string) => OperationShapes;
  /** The errors that all its operations declare. */
  readonly errors: readonly RefusalCode[];
  /** What a caller of an unknown operation reads. */
  readonly hasNone: string;
  /** Where a caller of an absent operation reads which others there are. */
  readonly listedIn: string;
};

/** What a call means where it is decided who may make it; `authorize` takes it. */
export type OperationAction = {
  /** Such as `ecs:RunTask`. */
  readonly name: string;
  /** null for an absent operation, which nobody may call. */
  readonly level: AccessLevel | null;
  /** The types of resources that an agent key may name in it; null when agents may not call it. */
  readonly agents: readonly string[] | null;
  /** The same for the credentials of a task. */
  readonly tasks: readonly string[] | null;
};

/** An operation as a call names it: of one service. There is one object for each. */
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

/** One that Berth answers, in full or in part. */
export type AnsweredOperation = ApiOperation & { readonly name: AnsweredName; readonly row: AnsweredRow };

/** True when Berth answers the operation, in full or in part. */
export const isAnswered = (operation: ApiOperation): operation is AnsweredOperation => operation.row.machine !== null;

/** True when a client of `operation` may expect the error `code`. */
export const mayAnswerWith = ({ service, row }: ApiOperation, code: RefusalCode): boolean =>
  service.errors.includes(code) || row.errors.includes(code);
