import { Refusal, type RefusalCode } from "../ecs/refusals.ts";
import { type BerthOperationName, type BuiltBerthOperationName, berthOperation } from "./berth-operations.ts";
import { declaredByAll, declaredErrors } from "./declared-errors.ts";
import { type BuiltOperationName, isBuilt, isOperation, notBuilt, type OperationName } from "./operations.ts";
import { type OperationShapes, operationShapes } from "./shapes.ts";

/** An operation that a call can name: one of ECS, or one of Berth's own. No name is both. */
export type ApiOperation = OperationName | BerthOperationName;

/** One that Berth answers, in full or in part. */
export type AnsweredOperation = BuiltOperationName | BuiltBerthOperationName;

/** True when Berth answers the operation, in full or in part. */
export function isAnswered(operation: ApiOperation): operation is AnsweredOperation {
  return isOperation(operation) ? isBuilt(operation) : berthOperation(operation)?.status !== "absent";
}

/** What the operation is called where it is decided who may take it, such as `ecs:RunTask`. */
export const actionOf = (operation: ApiOperation): string =>
  `${berthOperation(operation) === null ? "ecs" : "berth"}:${operation}`;

/** The error that a call of an absent operation is answered with. */
export function notAnswered(operation: ApiOperation): Refusal {
  if (isOperation(operation)) return notBuilt(operation);
  const text = `Berth does not answer ${operation} yet. docs/berth-api.md lists the operations that it adds to ECS.`;
  return new Refusal("ClientException", text);
}

/** Input and output of an operation. */
export function shapesOf(operation: ApiOperation): OperationShapes {
  return berthOperation(operation) ?? operationShapes(operation);
}

/** True when a client of `operation` may expect the error `code`. */
export function mayAnswerWith(operation: ApiOperation, code: RefusalCode): boolean {
  if (isOperation(operation)) return declaredErrors(operation).includes(code);
  const errors: readonly RefusalCode[] = [...declaredByAll, ...(berthOperation(operation)?.errors ?? [])];
  return errors.includes(code);
}
