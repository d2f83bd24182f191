import { WireError } from "./errors.ts";
import { isOperation, type OperationName } from "./operations.ts";

/** AWS: the service name and API version that every ECS client puts before the operation. */
const ecsPrefix = "AmazonEC2ContainerServiceV20141113.";

/**
 * The operation that a call's `X-Amz-Target` header names, in exactly the letters of the API.
 * Throws WireError(UnknownOperationException) for a missing header, another service and an unknown operation. What Berth adds to
 * the API has a prefix of its own, `BerthV1.`, which has no operations yet.
 */
export function operationOfTarget(header: string | readonly string[] | undefined): OperationName {
  if (typeof header !== "string") throw unknownOperation("The X-Amz-Target header must name one operation.");
  if (!header.startsWith(ecsPrefix)) {
    throw unknownOperation(`The X-Amz-Target header must begin with ${ecsPrefix}`);
  }
  const operation = header.slice(ecsPrefix.length);
  if (!isOperation(operation)) throw unknownOperation("The ECS API has no operation of this name.");
  return operation;
}

const unknownOperation = (message: string): WireError => new WireError("UnknownOperationException", message);
