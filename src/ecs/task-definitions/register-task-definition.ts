import { must } from "../../lib/assert.ts";
import { taskDefinitionArn } from "../arn.ts";
import { complexityProblem } from "../cluster-query/expression-complexity.ts";
import { parseQuery } from "../cluster-query/parse-query.ts";
import { QueryError } from "../cluster-query/query-error.ts";
import { type CompatibilityFacts, whyIncompatible } from "../definition-rules/compatibilities.ts";
import { checkContainerReferences } from "../definition-rules/container-references.ts";
import { checkContainerMemory, checkedContainer } from "../definition-rules/container-rules.ts";
import { checkedRole, checkedText, checkOneOf, refuseDefinition } from "../definition-rules/definition-checks.ts";
import { checkHostAccess } from "../definition-rules/host-access-rules.ts";
import { checkLogRouters } from "../definition-rules/log-rules.ts";
import { checkSharedPorts } from "../definition-rules/port-rules.ts";
import { checkProxy } from "../definition-rules/proxy-rules.ts";
import { requiredAttributes } from "../definition-rules/required-attributes.ts";
import type { RegisterTaskDefinitionRequest, RequestContainer } from "../definition-rules/task-definition-request.ts";
import { checkStorageSize, taskCpuUnits, taskMemoryMiB } from "../definition-rules/task-size.ts";
import { checkedVolumes } from "../definition-rules/volume-rules.ts";
import { newTags } from "../documents/tag.ts";
import type { ContainerDefinition, NetworkMode, TaskDefinition } from "../documents/task-definition.ts";
import { charactersOf } from "../indexes/revision-index.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { taskDefinitionReply } from "./task-definition-reply.ts";

/**
 * Registers a family's next revision. AWS: revision numbers rise by one and are never reused, even after deletion. Refuses an invalid
 * definition and empty tags (ClientException), and other bad tags (InvalidParameterException).
 */
export function registerTaskDefinition(
  step: AccountStep,
  request: RegisterTaskDefinitionRequest,
  given: AccountGiven,
): object {
  const content = checkedDefinition(request);
  // AWS: only this operation refuses an empty list of tags.
  if (request.tags?.length === 0) refuse("ClientException", "Tags can not be empty.");
  const tags = newTags(request.tags);
  const { state, now, place } = step;
  const revision = (state.families.get(content.family)?.lastRevision ?? 0) + 1;
  if (revision > limits.revisionsPerFamily) {
    refuse("LimitExceededException", `The family ${content.family} has had as many revisions as a family can have.`);
  }
  const definition: TaskDefinition = {
    ...content,
    arn: taskDefinitionArn(place, content.family, revision),
    revision,
    status: "ACTIVE",
    registeredAt: now,
    deregisteredAt: null,
    deleteRequestedAt: null,
    registeredBy: given.caller.principalArn,
    tags,
  };
  checkRoom(step, definition);
  state.families.put(content.family, { family: content.family, lastRevision: revision });
  state.taskDefinitions.put(`${content.family}:${revision}`, definition);
  return { taskDefinition: taskDefinitionReply(definition), tags };
}

/** DIFFERS: AWS keeps any number of task definitions; here an account can have 100,000 revisions with 256 Mi characters in a region, and must then delete some. */
function checkRoom({ state }: AccountStep, definition: TaskDefinition): void {
  const { taskDefinitions, families, revisions } = state;
  const isFull =
    taskDefinitions.size >= limits.taskDefinitions ||
    revisions.characters(taskDefinitions.values()) + charactersOf(definition) > limits.taskDefinitionCharacters;
  if (isFull) {
    refuse(
      "ClientException",
      "The limit of task definitions of the account has been reached. Delete some with DeregisterTaskDefinition and DeleteTaskDefinitions.",
    );
  }
  if (families.size >= limits.taskDefinitionFamilies && !families.has(definition.family)) {
    refuse("ClientException", `The limit of ${limits.taskDefinitionFamilies} families has been reached.`);
  }
}

type Content = Omit<
  TaskDefinition,
  "arn" | "revision" | "status" | "registeredAt" | "deregisteredAt" | "deleteRequestedAt" | "registeredBy" | "tags"
>;

/** The contents of a registration, checked by all rules, with defaults. */
function checkedDefinition(request: RegisterTaskDefinitionRequest): Content {
  const family = checkedFamily(request.family);
  checkSize(request);
  checkTaskChoices(request);
  const networkMode = (request.networkMode ?? null) as NetworkMode | null;
  const cpuUnits = taskCpuUnits(request.cpu);
  const memoryMiB = taskMemoryMiB(request.memory);
  const executionRoleArn = checkedRole(request.executionRoleArn);
  const taskRoleArn = checkedRole(request.taskRoleArn);
  const volumes = checkedVolumes(request.volumes ?? []);
  const containers = checkedContainers(request.containerDefinitions ?? [], networkMode);
  checkContainerReferences(containers, volumes);
  checkLogRouters(containers);
  const isWindows = request.runtimePlatform?.operatingSystemFamily?.startsWith("WINDOWS") === true;
  checkHostAccess(containers, volumes, isWindows);
  checkSharedPorts(containers, networkMode);
  const hasProxy = request.proxyConfiguration !== undefined;
  const placementConstraints = checkedConstraints(request);
  const facts: CompatibilityFacts = {
    networkMode,
    cpuUnits,
    memoryMiB,
    containers,
    volumes,
    executionRoleArn,
    pidMode: request.pidMode,
    ipcMode: request.ipcMode,
    placementConstraints,
    hasProxy,
    isWindows,
    hasEphemeralStorage: request.ephemeralStorage !== undefined,
  };
  const compatibilities = checkedCompatibilities(facts, request.requiresCompatibilities ?? []);
  for (const container of containers) checkContainerMemory(container, memoryMiB, refuseDefinition);
  checkSums(containers, cpuUnits, memoryMiB);
  checkExecutionRole(containers, executionRoleArn);
  checkProxy(request, containers);
  return {
    family,
    networkMode,
    cpu: cpuUnits === null ? null : String(cpuUnits),
    memory: memoryMiB === null ? null : String(memoryMiB),
    containerDefinitions: containers,
    requiresCompatibilities: request.requiresCompatibilities ?? [],
    compatibilities,
    requiresAttributes: requiredAttributes({
      ...facts,
      taskRoleArn,
      sharesNamespaces: request.pidMode !== undefined || request.ipcMode !== undefined,
      injectsFaults: request.enableFaultInjection === true,
    }),
    placementConstraints,
    taskRoleArn,
    executionRoleArn,
    ephemeralStorageGiB: request.ephemeralStorage?.sizeInGiB ?? null,
    more: { volumes, ...furtherMembers(request) },
  };
}

/** Members that are kept unchanged; absent ones are left out. */
function furtherMembers(request: RegisterTaskDefinitionRequest): Record<string, unknown> {
  const { pidMode, ipcMode, proxyConfiguration, runtimePlatform, enableFaultInjection } = request;
  const members = {
    pidMode,
    ipcMode,
    proxyConfiguration,
    runtimePlatform,
    enableFaultInjection,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function checkedFamily(family: string | undefined): string {
  const name = checkedText(family, "Family");
  if (!/^[A-Za-z0-9_-]+$/.test(name) || name.length > limits.nameCharacters) {
    refuseDefinition("Family contains invalid characters.");
  }
  return name;
}

function checkSize(request: RegisterTaskDefinitionRequest): void {
  const { tags: _, ...definition } = request;
  const bytes = new TextEncoder().encode(JSON.stringify(definition)).length;
  if (bytes > limits.taskDefinitionBytes) {
    refuseDefinition(`Actual length: '${bytes}'. Max allowed length is '${limits.taskDefinitionBytes}' bytes.`);
  }
}

function checkTaskChoices(request: RegisterTaskDefinitionRequest): void {
  // AWS: Elastic Inference has ended; users report the text.
  if ((request.inferenceAccelerators ?? []).length > 0) refuseDefinition("Unsupported field 'inferenceAccelerators'.");
  checkOneOf(request.networkMode, ["bridge", "host", "awsvpc", "none"], "networkMode");
  checkOneOf(request.pidMode, ["host", "task"], "pidMode");
  checkOneOf(request.ipcMode, ["host", "task", "none"], "ipcMode");
  checkOneOf(request.runtimePlatform?.cpuArchitecture, ["X86_64", "ARM64"], "runtimePlatform.cpuArchitecture");
  const system = request.runtimePlatform?.operatingSystemFamily;
  if (system !== undefined && !/^(LINUX|WINDOWS_SERVER_[0-9A-Z]+_(CORE|FULL))$/.test(system)) {
    refuseDefinition("runtimePlatform.operatingSystemFamily is unknown.");
  }
  for (const compatibility of request.requiresCompatibilities ?? []) {
    checkOneOf(compatibility, [...whyIncompatible.keys()], "requiresCompatibilities");
  }
  if (request.ephemeralStorage !== undefined) {
    checkStorageSize(request.ephemeralStorage.sizeInGiB, refuseDefinition);
  }
  if (request.enableFaultInjection === true && request.networkMode !== "awsvpc" && request.networkMode !== "host") {
    refuseDefinition("Fault injection needs the network mode awsvpc or host.");
  }
}

function checkedContainers(
  requested: readonly RequestContainer[],
  networkMode: NetworkMode | null,
): ContainerDefinition[] {
  if (requested.length === 0) refuseDefinition("Container list cannot be empty.");
  if (requested.length > limits.containersPerTaskDefinition) {
    refuseDefinition("Too many containers");
  }
  return requested.map((container) => checkedContainer(container, networkMode));
}

/**
 * The constraints of the registration. AWS: distinctInstance is only for services and RunTask (users report the text), and nothing checks
 * whether instances have the attributes in an expression. Berth checks the expression's syntax, so it keeps no task definition that could
 * never run.
 */
function checkedConstraints(request: RegisterTaskDefinitionRequest): TaskDefinition["placementConstraints"] {
  const constraints = request.placementConstraints ?? [];
  if (constraints.length > limits.placementConstraintsPerTask) {
    refuseDefinition(`A task definition can have at most ${limits.placementConstraintsPerTask} placement constraints.`);
  }
  for (const { type, expression } of constraints) {
    if (checkedText(type, "placementConstraints.type") !== "memberOf") {
      refuseDefinition(`constraint.type '${type}' is not supported.`);
    }
    checkExpression(checkedText(expression, "placementConstraints.expression"));
  }
  const problem = complexityProblem(constraints.flatMap(({ expression }) => expression ?? []));
  if (problem !== null) refuseDefinition(problem);
  return constraints;
}

function checkExpression(expression: string): void {
  try {
    parseQuery(expression);
  } catch (error) {
    if (error instanceof QueryError) refuseDefinition(`Invalid placement constraint expression: ${error.message}`);
    throw error;
  }
}

function checkedCompatibilities(facts: CompatibilityFacts, required: readonly string[]): string[] {
  const compatibilities: string[] = [];
  for (const [launchType, why] of whyIncompatible) {
    const reason = why(facts);
    if (reason === null) compatibilities.push(launchType);
    else if (required.includes(launchType)) refuseDefinition(reason);
  }
  if (compatibilities.length === 0) {
    // Only ephemeral storage excludes everything but Fargate, so Fargate's reason is the one that helps.
    refuseDefinition(must(whyIncompatible.get("FARGATE")?.(facts), "a reason against Fargate"));
  }
  return compatibilities;
}

function checkSums(
  containers: readonly ContainerDefinition[],
  cpuUnits: number | null,
  memoryMiB: number | null,
): void {
  const sum = (of: (container: ContainerDefinition) => number): number =>
    containers.reduce((total, container) => total + of(container), 0);
  if (cpuUnits !== null && sum((container) => container.cpu) > cpuUnits) {
    refuseDefinition("The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.");
  }
  const reserved = sum((container) => container.memoryReservation ?? container.memory ?? 0);
  if (memoryMiB !== null && reserved > memoryMiB) {
    refuseDefinition("The sum of all container 'memory' values cannot be greater than the value of the task 'memory'.");
  }
}

/** AWS: secrets are fetched with the execution role on every launch type. */
function checkExecutionRole(containers: readonly RequestContainer[], executionRoleArn: string | null): void {
  if (executionRoleArn !== null) return;
  for (const { secrets, logConfiguration, repositoryCredentials } of containers) {
    const isSecret = (secrets ?? []).length > 0 || (logConfiguration?.secretOptions ?? []).length > 0;
    if (isSecret) {
      refuseDefinition(
        "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
      );
    }
    if (repositoryCredentials?.credentialsParameter !== undefined) {
      refuseDefinition(
        "When you are specifying repository credentials, you must also specify a value for 'executionRoleArn'.",
      );
    }
  }
}
