/** The services of this port. Another one is another definition, with rows for its operations. */
import {
  type AnsweredName,
  type BerthOperationName,
  berthOperations,
  ecsOperations,
  type OperationName,
} from "../ecs/machine/operations.ts";
import { Refusal, type RefusalCode } from "../ecs/refusals.ts";
import type { OperationRow, OperationRows } from "../ecs/state/operation-row.ts";
import { must } from "../lib/assert.ts";
import { berthShapes } from "./berth-shapes.ts";
import { parseRequest } from "./parse.ts";
import { renderReply } from "./render.ts";
import { type AnsweredOperation, ApiOperation, type Protocol, type ServiceDefinition } from "./service-definition.ts";
import { operationShapes } from "./shapes.ts";

/** AWS JSON 1.1: one URL, the operation in the header `X-Amz-Target`, JSON in both directions. */
const awsJson11: Protocol = {
  contentType: "application/x-amz-json-1.1",
  parse: parseRequest,
  render: renderReply,
};

/** AWS: the errors that every operation of the ECS API declares. */
const declaredByAll = [
  "AccessDeniedException",
  "ClientException",
  "InvalidParameterException",
  "ServerException",
] as const satisfies readonly RefusalCode[];

/** Amazon ECS. AWS: the service name and API version that every ECS client puts before the operation. */
export const ecs: ServiceDefinition = {
  name: "ecs",
  protocol: awsJson11,
  targetPrefix: "AmazonEC2ContainerServiceV20141113",
  signingName: "ecs",
  shapesOf: operationShapes,
  errors: declaredByAll,
  hasNone: "The ECS API has no operation of this name.",
  listedIn: "docs/compatibility.md lists the operations that it answers.",
};

/** The operations that Berth adds. They have their own prefix, so that ECS's has exactly the operations of ECS, and are signed like those. */
export const berth: ServiceDefinition = {
  name: "berth",
  protocol: awsJson11,
  targetPrefix: "BerthV1",
  signingName: "ecs",
  shapesOf: (operation) => berthShapes[operation as BerthOperationName],
  errors: declaredByAll,
  hasNone: "Berth adds no operation of this name to ECS.",
  listedIn: "docs/berth-api.md lists the operations that it adds to ECS.",
};

export const services: readonly ServiceDefinition[] = [ecs, berth];

const operationsByService = new Map<ServiceDefinition, ReadonlyMap<string, ApiOperation>>([
  [ecs, operationsOf(ecs, ecsOperations)],
  [berth, operationsOf(berth, berthOperations)],
]);

/** The operations of a service by name, in code-unit order. */
export const apiOperations = (service: ServiceDefinition): ReadonlyMap<string, ApiOperation> =>
  must(operationsByService.get(service), service.name);

function operationsOf(service: ServiceDefinition, rows: OperationRows): ReadonlyMap<string, ApiOperation> {
  const names = (Object.keys(rows) as OperationName[]).sort();
  return new Map(names.map((name) => [name, new ApiOperation(service, name, rows[name] as OperationRow)]));
}

/** An operation of ECS, or one that Berth adds. No name is both. */
export function operationNamed(name: AnsweredName): AnsweredOperation;
export function operationNamed(name: OperationName): ApiOperation;
export function operationNamed(name: OperationName): ApiOperation {
  return must(apiOperations(ecs).get(name) ?? apiOperations(berth).get(name), name);
}

/** The error that a call of an absent operation is answered with. Every operation declares ClientException. */
export function notAnswered({ name, service }: Pick<ApiOperation, "name" | "service">): Refusal {
  return new Refusal("ClientException", `Berth does not answer ${name} yet. ${service.listedIn}`);
}
