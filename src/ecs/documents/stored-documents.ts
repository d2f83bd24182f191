/**
 * The shapes of all documents in the store, by kind, as far as rules rely on them. A document on a disk can be damaged; what is
 * found here at the start does not become a bug in the middle of some step.
 */
import { containerInstanceStatuses } from "./container-instance.ts";
import { type Members, orNull, type Shape, shapeProblem } from "./document-shape.ts";
import { instanceKind, registrationKind } from "./stored-container-instance.ts";
import { taskStatuses } from "./task.ts";

const tags: Shape = [{ key: "string", value: "string" }];
const attributes: Shape = [{ name: "string", value: "string?" }];
const attachments: Shape = [{ id: "string", status: "string", details: [{ name: "string", value: "string" }] }];
const resources: Shape = [{ name: "string", type: "string" }];
const strategy: Shape = [{ capacityProvider: "string", weight: "number", base: "number" }];
const constraints: Shape = [{ type: "string" }];

const deploymentConfiguration: Shape = {
  minimumHealthyPercent: "number",
  maximumPercent: "number",
  deploymentCircuitBreaker: {
    enable: "boolean",
    rollback: "boolean",
    thresholdConfiguration: { type: "string", value: "number" },
  },
  alarms: { alarmNames: ["string"], enable: "boolean", rollback: "boolean" },
};

const taskDefinition: Members = {
  arn: "string",
  family: "string",
  revision: "number",
  status: new Set(["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"]),
  networkMode: "string?",
  cpu: "string?",
  memory: "string?",
  containerDefinitions: [
    { name: "string", image: "string", essential: "boolean", cpu: "number", portMappings: ["object"] },
  ],
  requiresCompatibilities: ["string"],
  compatibilities: ["string"],
  requiresAttributes: [{ name: "string" }],
  placementConstraints: ["object"],
  registeredAt: "number",
  deregisteredAt: "number?",
  deleteRequestedAt: "number?",
  tags,
  more: "object",
};

const serviceRevision: Members = {
  id: "string",
  arn: "string",
  serviceName: "string",
  taskDefinitionArn: "string",
  launchType: "string?",
  capacityProviderStrategy: strategy,
  networkConfiguration: orNull({ awsvpcConfiguration: { subnets: ["string"], securityGroups: ["string"] } }),
  containerImages: ["object"],
  createdAt: "number",
};

const task: Members = {
  id: "string",
  arn: "string",
  taskDefinitionArn: "string",
  family: "string",
  instanceId: "string?",
  launchType: new Set(["EC2", "FARGATE", "EXTERNAL"]),
  capacityProviderName: "string?",
  lastStatus: new Set(taskStatuses),
  desiredStatus: new Set(["RUNNING", "STOPPED"]),
  version: "number",
  containers: [
    {
      arn: "string",
      name: "string",
      image: "string",
      essential: "boolean",
      lastStatus: new Set(["PROVISIONING", "PENDING", "RUNNING", "STOPPED"]),
      exitCode: "number?",
      networkBindings: [{ hostPort: "number?", hostPortRange: "string?", protocol: "string" }],
      networkInterfaces: ["object"],
      healthStatus: "string?",
      gpuIds: ["string"],
    },
  ],
  attachments,
  attributes,
  reservation: {
    cpu: "number",
    memoryMiB: "number",
    tcpPorts: ["number"],
    udpPorts: ["number"],
    gpuIds: ["string"],
    resources: [{ name: "string", value: "number" }],
  },
  overrides: { containerOverrides: [{ name: "string" }] },
  group: "string",
  startedBy: "string?",
  tags,
  healthStatus: "string",
  statusSince: "number",
  createdAt: "number",
  startedAt: "number?",
  stoppingAt: "number?",
  stoppedAt: "number?",
  stopCode: "string?",
  waitingFor: orNull({ need: "object", group: "string", constraints, strategies: [{ type: "string" }] }),
  protectedUntil: "number?",
};

const service: Members = {
  name: "string",
  arn: "string",
  status: new Set(["ACTIVE", "DRAINING", "INACTIVE"]),
  schedulingStrategy: new Set(["REPLICA", "DAEMON"]),
  desiredCount: "number",
  deployments: [
    {
      id: "string",
      status: new Set(["PRIMARY", "ACTIVE"]),
      revisionId: "string",
      rolloutState: "string",
      failedTasks: "number",
      breakerCount: "number",
      startBackoff: { rounds: "number", until: "number?", countedUpTo: "number?" },
      alarmsAtStart: ["string"],
      createdAt: "number",
      updatedAt: "number",
    },
  ],
  deploymentConfiguration,
  placementConstraints: constraints,
  placementStrategy: [{ type: "string" }],
  tags,
  createdAt: "number",
  serviceDeploymentId: "string",
  rebalance: orNull({ phase: "string", from: "string", to: "string", startedAt: "number" }),
  steadySince: "number?",
  impediment: orNull({ reason: { type: "string" }, since: "number" }),
  impedimentsTold: [{ news: "string", at: "number" }],
  inactiveAt: "number?",
};

/** The documents of a cluster. */
export const clusterShapes: Readonly<Record<string, Members>> = {
  [instanceKind]: {
    id: "string",
    arn: "string",
    status: new Set(containerInstanceStatuses),
    version: "number",
    agentConnected: "boolean",
    disconnectedAt: "number?",
    versionInfo: "object?",
    agentUpdate: orNull({ status: "string", requestedAt: "number" }),
    registeredAt: "number",
    deregisteredAt: "number?",
    statusSince: "number",
    attachments,
    tags,
    capacityProviderName: "string?",
  },
  [registrationKind]: {
    registeredResources: resources,
    platformDevices: [{ id: "string", type: "string" }],
    platformAttributes: attributes,
    customAttributes: attributes,
    registeredBy: "string?",
  },
  "instance-health": { instanceId: "string", checks: [{ type: "string", status: "string", receivedAt: "number" }] },
  task,
  "task-definition": taskDefinition,
  "run-task-token": {
    token: "string",
    digest: "string",
    taskIds: ["string"],
    failures: ["object"],
    expiresAt: "number",
  },
  "registration-token": { instanceId: "string", expiresAt: "number" },
  "agent-sequence": { last: "number" },
  "managed-host": { id: "string", agentConnected: "boolean", createdAt: "number", idleSince: "number?" },
  service,
  "service-revision": serviceRevision,
  "service-deployment": {
    id: "string",
    arn: "string",
    serviceName: "string",
    deploymentId: "string",
    status: "string",
    sourceRevisionIds: ["string"],
    targetRevisionId: "string",
    deploymentConfiguration,
    triggeredAlarms: ["string"],
    createdAt: "number",
    startedAt: "number?",
    finishedAt: "number?",
    updatedAt: "number",
  },
  "service-event": { id: "string", serviceName: "string", number: "number", createdAt: "number", message: "string" },
  drain: { startedAt: "number", tasksAtStart: "number", deadlineAt: "number?", enforcedAt: "number?" },
  "lost-agent-policy": { replaceAfterSeconds: "number", updatedAt: "number" },
  alarm: { name: "string", state: "string", since: "number" },
  closed: { incarnation: "number", phase: new Set(["closing", "closed", "reopened"]), closedAt: "number?" },
};

/** The documents of an account in a region. */
export const accountShapes: Readonly<Record<string, Members>> = {
  cluster: {
    name: "string",
    arn: "string",
    status: new Set(["ACTIVE", "INACTIVE"]),
    incarnation: "number",
    settings: [{ name: "string", value: "string" }],
    capacityProviders: ["string"],
    defaultCapacityProviderStrategy: strategy,
    tags,
    createdAt: "number",
    deletedAt: "number?",
  },
  "removed-clusters": { highestIncarnation: "number" },
  "task-definition": taskDefinition,
  "task-definition-family": { family: "string", lastRevision: "number" },
  "account-setting": { principalArn: "string", name: "string", value: "string" },
  "capacity-provider": {
    name: "string",
    status: new Set(["ACTIVE", "INACTIVE"]),
    tags,
    createdAt: "number",
    deletedAt: "number?",
  },
};

/** The member that says what the key says. */
const keyMembers: Readonly<Record<string, string>> = {
  alarm: "name",
  "capacity-provider": "name",
  cluster: "name",
  [instanceKind]: "id",
  "instance-health": "instanceId",
  "managed-host": "id",
  service: "name",
  "service-deployment": "id",
  "service-revision": "id",
  task: "id",
  "task-definition-family": "family",
};

/** A document that cannot be what it says; the text says why, as the end of a sentence. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
}

/** Throws DocumentError for a document that does not have the shape of its kind, or lies under another's key. */
export function checkDocument(
  shapes: Readonly<Record<string, Members>>,
  kind: string,
  key: string,
  document: object,
): void {
  const shape = shapes[kind];
  if (shape === undefined) throw new DocumentError("no document of that kind is known");
  const problem = shapeProblem(document, shape);
  if (problem !== null) throw new DocumentError(problem);
  const member = keyMembers[kind];
  if (member !== undefined && (document as Readonly<Record<string, unknown>>)[member] !== key) {
    throw new DocumentError(`its member ${member} is not the key that it lies under`);
  }
}
