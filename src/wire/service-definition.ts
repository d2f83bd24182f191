/**
 * What a service is to the API: how its calls are recognised, signed, read and answered, and its operations. The operations' rows are in
 * the rulebook (`ecs/machine/operations.ts`).
 */
import type { AnsweredName, OperationName } from "../ecs/machine/operations.ts";
import type { AnsweredRow, OperationRow } from "../ecs/state/operation-row.ts";
import type { ServiceAccess, ServiceRow } from "../service-machine/service-operation.ts";
import type { ServiceRulebook } from "../service-machine/service-rulebook.ts";
import type { CallError, RenderedError } from "./errors.ts";
import type { OperationShapes } from "./shapes.ts";

/** How requests, replies and errors are written. */
export type Protocol = {
  /** Where a request names its operation: in the header `X-Amz-Target`, or as `Action` in a form or the query string. */
  readonly namesOperationIn: "target" | "form";
  /** The content type of its answers. */
  readonly contentType: string;
  /** Parses a body with its operation's input shape. Throws WireError if it doesn't match, a Refusal beyond limits. */
  readonly parse: (operation: ApiOperation, body: string | Uint8Array) => Record<string, unknown>;
  /** The text of a reply, by the output shape of its operation. */
  readonly render: (operation: ApiOperation, reply: object, requestId: string) => string;
  /** The answer to a call that failed. */
  readonly renderError: (service: ErrorFacts, error: CallError, requestId: string) => RenderedError;
};

/** What the form of an error depends on besides its protocol. */
export type ErrorFacts = {
  /** The XML namespace of its answers; null for a service without one. */
  readonly xmlNamespace: string | null;
  /** The HTTP status of an error by its code; null for one that is not of the service's own. */
  readonly statusOf: (code: string) => number | null;
  /** What the query protocols call an error. */
  readonly queryCodeOf: (code: string) => string;
  /** AWS: of a service that speaks JSON today and spoke the query protocol before, whose clients still know errors by those codes. */
  readonly isQueryCompatible: boolean;
  /** The code for what only the server can help. */
  readonly internalError: string;
};

export type ServiceDefinition = ErrorFacts & {
  /** The first part of its actions: `ecs` in `ecs:RunTask`. */
  readonly name: string;
  /** Its name in documents, such as `AWS Security Token Service (STS)`. */
  readonly title: string;
  readonly protocol: Protocol;
  /** What `X-Amz-Target` has before the dot and the operation; null when its protocol has no such header. */
  readonly targetPrefix: string | null;
  /** The version of its API, as forms of the query protocols name it; null for other protocols. */
  readonly apiVersion: string | null;
  /** The service that the signature of a call is for. */
  readonly signingName: string;
  /** Input and output of one of its operations, created on first use. */
  readonly shapesOf: (operation: string) => OperationShapes;
  /** The errors that all its operations declare. */
  readonly errors: readonly string[];
  /** The code for a request with a value beyond all limits. */
  readonly beyondLimits: string;
  /** Its rules and its state; null for ECS, whose machines are its own. */
  readonly rulebook: ServiceRulebook | null;
  /** LIMIT: the largest body of a request in bytes; null for the port's usual one. */
  readonly bodyBytesMax: number | null;
  /** What a caller of an unknown operation reads. */
  readonly hasNone: string;
  /** Where a caller of an absent operation finds the supported ones. */
  readonly listedIn: string;
};

/** An operation as `authorize` sees it when it decides who may call it. */
export type OperationAction = {
  /** Such as `ecs:RunTask`. */
  readonly name: string;
  /** null for an absent operation, which nobody may call. */
  readonly level: ServiceAccess | "speak" | null;
  /** The types of resources that an agent key may name in it; null when agents may not call it. */
  readonly agents: readonly string[] | "anything" | null;
  /** The same for the credentials of a task. */
  readonly tasks: readonly string[] | "anything" | null;
};

/** An operation of one service, as a call names it. There is one object for each. */
export class ApiOperation {
  readonly service: ServiceDefinition;
  readonly name: string;
  readonly row: OperationRow | ServiceRow;
  readonly action: OperationAction;

  constructor(service: ServiceDefinition, name: string, row: OperationRow | ServiceRow) {
    this.service = service;
    this.name = name;
    this.row = row;
    this.action = { name: `${service.name}:${name}`, ...actionOf(row) };
  }

  get shapes(): OperationShapes {
    return this.service.shapesOf(this.name);
  }
}

function actionOf(row: OperationRow | ServiceRow): Omit<OperationAction, "name"> {
  if (row.machine === null) return { level: null, agents: null, tasks: null };
  if (row.machine !== "service") return { level: row.level, agents: row.agents ?? null, tasks: row.tasks ?? null };
  const anything = (granted: true | undefined) => (granted === true ? "anything" : null);
  return { level: row.access, agents: anything(row.agents), tasks: anything(row.tasks) };
}

/** An operation of ECS, or one that Berth adds to it. */
export type EcsOperation = ApiOperation & {
  readonly service: { readonly targetPrefix: string };
  readonly name: OperationName;
  readonly row: OperationRow;
};

/** One of those that Berth answers, in full or in part. */
export type AnsweredEcsOperation = EcsOperation & { readonly name: AnsweredName; readonly row: AnsweredRow };

/** An operation of another service. Berth answers all that have a row. */
export type ServiceOperation = ApiOperation & { readonly row: ServiceRow };

/** One that Berth answers, in full or in part. */
export type AnsweredOperation = AnsweredEcsOperation | ServiceOperation;

/** True if Berth supports the operation, in full or in part. */
export const isAnswered = (operation: ApiOperation): operation is AnsweredOperation => operation.row.machine !== null;

/** True for an answered operation of another service than ECS. */
export const isOfService = (operation: AnsweredOperation): operation is ServiceOperation =>
  operation.row.machine === "service";

/** True when a client of `operation` may expect the error `code`. */
export const mayAnswerWith = ({ service, row }: ApiOperation, code: string): boolean =>
  service.errors.includes(code) || (row.errors as readonly string[]).includes(code);
