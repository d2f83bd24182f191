import { WireError } from "./errors.ts";
import type { Form } from "./protocols/form.ts";
import { type ApiOperation, isAnswered, type ServiceDefinition } from "./service-definition.ts";
import { apiOperations, controlPlaneServices, services } from "./services.ts";

/**
 * The operation that a call's `X-Amz-Target` header names, in exactly the letters of the API.
 * Throws WireError(UnknownOperationException) for a missing header, another service and an unknown operation.
 */
export function operationOfTarget(header: string | readonly string[] | undefined): ApiOperation {
  if (typeof header !== "string") throw unknownOperation("The X-Amz-Target header must name one operation.");
  const service = serviceOfTarget(header);
  if (service === null) {
    const prefixes = controlPlaneServices.map(({ targetPrefix }) => `${targetPrefix}.`);
    throw unknownOperation(`The X-Amz-Target header must begin with ${prefixes.join(" or ")}`);
  }
  const operation = apiOperations(service).get(header.slice(header.indexOf(".") + 1));
  if (operation === undefined) throw unknownOperation(service.hasNone);
  return operation;
}

/** The service whose prefix an `X-Amz-Target` header begins with, or null. */
export const serviceOfTarget = (header: string): ServiceDefinition | null =>
  services.find(({ targetPrefix }) => targetPrefix !== null && header.startsWith(`${targetPrefix}.`)) ?? null;

/** The operation that a form names. Throws WireError(UnknownOperationException) for one that the service doesn't have in the version that it names. */
export function operationOfForm(service: ServiceDefinition, form: Form): ApiOperation {
  const name = form.get("Action") ?? "";
  const version = form.get("Version") ?? "";
  const operation = version === service.apiVersion ? apiOperations(service).get(name) : undefined;
  if (operation !== undefined) return operation;
  // AWS: the text.
  throw unknownOperation(`Could not find operation ${name.slice(0, 100)} for version ${version.slice(0, 100)}`);
}

/** The operation of `service` that a target header with its prefix names, or null for one that Berth doesn't answer. */
export const answeredInTarget = (service: ServiceDefinition, header: string): ApiOperation | null =>
  answered(service, header.slice(header.indexOf(".") + 1));

/** The operation that a form names, or null for one that Berth doesn't answer, or not in that version. */
export const answeredInForm = (service: ServiceDefinition, form: Form): ApiOperation | null =>
  form.get("Version") === service.apiVersion ? answered(service, form.get("Action") ?? "") : null;

function answered(service: ServiceDefinition, name: string): ApiOperation | null {
  const operation = apiOperations(service).get(name);
  return operation !== undefined && isAnswered(operation) ? operation : null;
}

const unknownOperation = (message: string): WireError => new WireError("UnknownOperationException", message);
