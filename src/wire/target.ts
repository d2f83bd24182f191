import { WireError } from "./errors.ts";
import type { ApiOperation } from "./service-definition.ts";
import { apiOperations, services } from "./services.ts";

/**
 * The operation that a call's `X-Amz-Target` header names, in exactly the letters of the API.
 * Throws WireError(UnknownOperationException) for a missing header, another service and an unknown operation.
 */
export function operationOfTarget(header: string | readonly string[] | undefined): ApiOperation {
  if (typeof header !== "string") throw unknownOperation("The X-Amz-Target header must name one operation.");
  const service = services.find(({ targetPrefix }) => header.startsWith(`${targetPrefix}.`));
  if (service === undefined) {
    const prefixes = services.map(({ targetPrefix }) => `${targetPrefix}.`);
    throw unknownOperation(`The X-Amz-Target header must begin with ${prefixes.join(" or ")}`);
  }
  const operation = apiOperations(service).get(header.slice(service.targetPrefix.length + 1));
  if (operation === undefined) throw unknownOperation(service.hasNone);
  return operation;
}

const unknownOperation = (message: string): WireError => new WireError("UnknownOperationException", message);
