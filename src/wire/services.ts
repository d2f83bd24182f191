/**
 * The services of this port. Another one is a definition in `definitions/`, with a rulebook of its own; docs/checklists/add-a-service.md has the
 * steps.
 */
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
import type { ServiceRow } from "../service-machine/service-operation.ts";
import { berthShapes } from "./berth-shapes.ts";
import type { SurroundingService } from "./definitions/aws-service.ts";
import { ec2 } from "./definitions/ec2.ts";
import { logs } from "./definitions/logs.ts";
import { secretsManager } from "./definitions/secrets-manager.ts";
import { ssm } from "./definitions/ssm.ts";
import { sts } from "./definitions/sts.ts";
import { WireError } from "./errors.ts";
import { awsJson11 } from "./protocols/aws-json.ts";
import {
  type AnsweredEcsOperation,
  ApiOperation,
  type EcsOperation,
  type ServiceDefinition,
} from "./service-definition.ts";
import { ecsShapes } from "./shapes.ts";

/** AWS: the errors that every operation of the ECS API declares. */
const declaredByAll = [
  "AccessDeniedException",
  "ClientException",
  "InvalidParameterException",
  "ServerException",
] as const satisfies readonly RefusalCode[];

/** What ECS and the operations that Berth adds to it have in common. */
const likeEcs = {
  protocol: awsJson11,
  signingName: "ecs",
  apiVersion: null,
  xmlNamespace: null,
  isQueryCompatible: false,
  statusOf: (code: string) => ecsShapes.statusOf(code),
  queryCodeOf: (code: string) => code,
  errors: declaredByAll,
  internalError: "ServerException",
  beyondLimits: "InvalidParameterException",
  rulebook: null,
  bodyBytesMax: null,
} as const;

/** Amazon ECS. AWS: the service name and API version that every ECS client puts before the operation. */
export const ecs: ServiceDefinition = {
  ...likeEcs,
  name: "ecs",
  title: "Amazon ECS",
  targetPrefix: "AmazonEC2ContainerServiceV20141113",
  shapesOf: (operation) => ecsShapes.of(operation),
  hasNone: "The ECS API has no operation of this name.",
  listedIn: "docs/compatibility.md lists the operations that it answers.",
};

/** The operations that Berth adds. They have their own prefix, so that ECS's has exactly the operations of ECS, and are signed like those. */
export const berth: ServiceDefinition = {
  ...likeEcs,
  name: "berth",
  title: "Berth's own operations",
  targetPrefix: "BerthV1",
  shapesOf: (operation) => berthShapes[operation as BerthOperationName],
  hasNone: "Berth adds no operation of this name to ECS.",
  listedIn: "docs/berth-api.md lists the operations that it adds to ECS.",
};

/** The services around ECS that Berth has. */
export const surroundingServices: readonly SurroundingService[] = [sts, logs, secretsManager, ssm, ec2];

/** ECS and what Berth adds to it: answered by the machines of clusters and accounts. */
export const controlPlaneServices: readonly ServiceDefinition[] = [ecs, berth];

export const services: readonly ServiceDefinition[] = [...controlPlaneServices, ...surroundingServices];

/** Those of services around ECS come with their first call, which reads their shapes. */
const operationsByService = new Map<ServiceDefinition, ReadonlyMap<string, ApiOperation>>([
  [ecs, operationsOf(ecs, ecsOperations)],
  [berth, operationsOf(berth, berthOperations)],
]);

/** The operations of a service by name, in code-unit order. */
export function apiOperations(service: ServiceDefinition): ReadonlyMap<string, ApiOperation> {
  let operations = operationsByService.get(service);
  if (operations === undefined) {
    const around = surroundingServices.find((each) => each === service);
    operations = surroundingOperations(must(around, service.name));
    operationsByService.set(service, operations);
  }
  return operations;
}

/** The operations of ECS and those that Berth adds to it. */
export const controlPlaneOperations: readonly EcsOperation[] = controlPlaneServices.flatMap(
  (service) => [...apiOperations(service).values()] as EcsOperation[],
);

function operationsOf(
  service: ServiceDefinition,
  rows: OperationRows | Readonly<Record<string, ServiceRow | OperationRow>>,
): ReadonlyMap<string, ApiOperation> {
  const names = Object.keys(rows).sort();
  return new Map(names.map((name) => [name, new ApiOperation(service, name, must(rows[name], name))]));
}

/** Those that have a row, and all others that the API has, which are absent. */
function surroundingOperations(service: SurroundingService): ReadonlyMap<string, ApiOperation> {
  const absent = service.shapes.otherOperations.map((name) => [name, { machine: null, errors: [] }] as const);
  return operationsOf(service, { ...Object.fromEntries(absent), ...service.rulebook.operations });
}

/** An operation of ECS, or one that Berth adds. No name is both. */
export function operationNamed(name: AnsweredName): AnsweredEcsOperation;
export function operationNamed(name: OperationName): EcsOperation;
export function operationNamed(name: OperationName): ApiOperation {
  return must(apiOperations(ecs).get(name) ?? apiOperations(berth).get(name), name);
}

/** The error that a call of an absent operation is answered with. Every operation of ECS declares ClientException. */
export function notAnswered({ name, service }: Pick<ApiOperation, "name" | "service">): Refusal | WireError {
  const { title, listedIn, rulebook } = service;
  if (rulebook === null) return new Refusal("ClientException", `Berth does not answer ${name} yet. ${listedIn}`);
  const advice =
    "Start Berth with --companion URL to pass such calls on to an emulator that has it, such as moto or LocalStack.";
  return new WireError("NotImplementedException", `Berth does not answer ${name} of ${title}. ${advice} ${listedIn}`);
}
