import type { ApiOperation } from "./api-operations.ts";
import { type BerthOperationName, berthOperation } from "./berth-operations.ts";
import { WireError } from "./errors.ts";
import { isOperation } from "./operations.ts";

/** AWS: the service name and API version that every ECS client puts before the operation. */
const ecsPrefix = "AmazonEC2ContainerServiceV20141113.";

/** What Berth adds to the API, so that the other prefix has nothing but what ECS has. */
const berthPrefix = "BerthV1.";

/**
 * The operation that a call's `X-Amz-Target` header names, in exactly the letters of the API.
 * Throws WireError(UnknownOperationException) for a missing header, another service and an unknown operation.
 */
export function operationOfTarget(header: string | readonly string[] | undefined): ApiOperation {
  if (typeof header !== "string") throw unknownOperation("The X-Amz-Target header must name one operation.");
  if (header.startsWith(berthPrefix)) {
    const operation = header.slice(berthPrefix.length);
    if (berthOperation(operation) === null) throw unknownOperation("Berth adds no operation of this name to ECS.");
    return operation as BerthOperationName;
  }
  if (!header.startsWith(ecsPrefix)) {
    throw unknownOperation(`The X-Amz-Target header must begin with ${ecsPrefix} or ${berthPrefix}`);
  }
  const operation = header.slice(ecsPrefix.length);
  if (!isOperation(operation)) throw unknownOperation("The ECS API has no operation of this name.");
  return operation;
}

const unknownOperation = (message: string): WireError => new WireError("UnknownOperationException", message);
