import { checkContainerMemory } from "../definition-rules/container-rules.ts";
import { checkedRole } from "../definition-rules/definition-checks.ts";
import { checkEnvironment } from "../definition-rules/environment-rules.ts";
import { checkVariable } from "../definition-rules/host-access-rules.ts";
import { isAmount, isOwnResource } from "../definition-rules/resource-requirements.ts";
import { checkStorageSize, taskCpuUnits, taskMemoryMiB } from "../definition-rules/task-size.ts";
import type { ContainerOverride, TaskOverride } from "../documents/task.ts";
import type { ContainerDefinition, TaskDefinition } from "../documents/task-definition.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";

/** `overrides` of a RunTask or StartTask request. */
export type OverridesRequest = {
  readonly containerOverrides?: readonly (Partial<ContainerOverride> & { readonly name?: string })[];
  readonly inferenceAcceleratorOverrides?: readonly object[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly taskRoleArn?: string;
  readonly executionRoleArn?: string;
  readonly ephemeralStorage?: { readonly sizeInGiB?: number };
};

/**
 * The overrides of a task as stored and shown: an entry for each container, overridden or not. Refuses overrides that are too long, name an
 * unknown container or override what the task definition doesn't have.
 */
export function resolveOverrides(
  request: OverridesRequest | undefined,
  definition: TaskDefinition,
  onFargate = false,
): TaskOverride {
  const given = request ?? {};
  // AWS: 8,192 characters, including the JSON syntax.
  if (JSON.stringify(given).length > limits.overridesCharacters) {
    refuse("InvalidParameterException", `Container Overrides length must be at most ${limits.overridesCharacters}`);
  }
  if ((given.inferenceAcceleratorOverrides ?? []).length > 0) {
    refuse("InvalidParameterException", "Inference accelerators are not supported.");
  }
  if (given.ephemeralStorage !== undefined && !onFargate) {
    refuse("InvalidParameterException", "Ephemeral storage can only be overridden for tasks on Fargate.");
  }
  const sizeInGiB = given.ephemeralStorage?.sizeInGiB;
  if (given.ephemeralStorage !== undefined) checkStorageSize(sizeInGiB, refuseOverride);
  const names = new Set(definition.containerDefinitions.map((container) => container.name));
  const byName = new Map<string, ContainerOverride>();
  for (const override of given.containerOverrides ?? []) {
    const name = override.name ?? "";
    if (!names.has(name)) {
      refuse(
        "InvalidParameterException",
        `Override for container named ${name} is not a container in the TaskDefinition.`,
      );
    }
    if (byName.has(name)) {
      refuse("InvalidParameterException", `Container ${name} can only have one override.`);
    }
    checkAmounts(name, override);
    checkEnvironment(override, refuseOverride);
    for (const variable of override.environment ?? []) {
      checkVariable("containerOverrides.environment", variable.name, variable.value, refuseOverride);
    }
    if (onFargate && (override.resourceRequirements ?? []).length > 0) {
      refuseOverride("Tasks using the Fargate launch type do not support GPU resource requirements");
    }
    byName.set(name, { ...override, name });
  }
  const cpuUnits = taskCpuUnits(given.cpu);
  const memoryMiB = taskMemoryMiB(given.memory);
  for (const container of definition.containerDefinitions) {
    const override = byName.get(container.name);
    const isSized = memoryMiB !== null || override?.memory !== undefined || override?.memoryReservation !== undefined;
    // Values without an override were checked at registration.
    if (!isSized) continue;
    const taskMiB = memoryMiB ?? (definition.memory === null ? null : Number(definition.memory));
    checkContainerMemory(overridden(container, override), taskMiB, refuseOverride);
  }
  const taskRoleArn = checkedRole(given.taskRoleArn);
  const executionRoleArn = checkedRole(given.executionRoleArn);
  return {
    containerOverrides: definition.containerDefinitions.map(({ name }) => byName.get(name) ?? { name }),
    ...(cpuUnits === null ? {} : { cpu: String(cpuUnits) }),
    ...(memoryMiB === null ? {} : { memory: String(memoryMiB) }),
    ...(taskRoleArn === null ? {} : { taskRoleArn }),
    ...(executionRoleArn === null ? {} : { executionRoleArn }),
    ...(sizeInGiB === undefined ? {} : { ephemeralStorage: { sizeInGiB } }),
  };
}

function refuseOverride(message: string): never {
  refuse("InvalidParameterException", message);
}

/** LIMIT: AWS: the API's Integer; sums over thousands of tasks stay exact. */
const amountMax = 2_147_483_647;

/** Sums are made from these, so a negative value or a non-number would corrupt the books. */
function checkAmounts(name: string, override: Partial<ContainerOverride>): void {
  const check = (member: string, amount: number | undefined, min: number) => {
    if (amount === undefined || (Number.isInteger(amount) && amount >= min && amount <= amountMax)) return;
    const range = amount > amountMax ? `at most ${amountMax}` : `at least ${min}`;
    refuse("InvalidParameterException", `Invalid setting for container '${name}'. ${member} must be ${range}.`);
  };
  check("cpu", override.cpu, 0);
  check("memory", override.memory, limits.containerMemoryMiBMin);
  check("memoryReservation", override.memoryReservation, limits.containerMemoryMiBMin);
  for (const { type, value } of override.resourceRequirements ?? []) {
    if ((type === "GPU" || isOwnResource(type)) && isAmount(type, value)) continue;
    refuse(
      "InvalidParameterException",
      `Invalid setting for container '${name}'. resourceRequirements can only ask for a whole number of GPUs or of your own resources.`,
    );
  }
}

/** A container definition with its override applied: what the container is run with. */
export function overridden(
  container: ContainerDefinition,
  override: ContainerOverride | undefined,
): ContainerDefinition {
  if (override === undefined) return container;
  const { command, environment, environmentFiles, cpu, memory, memoryReservation, resourceRequirements } = override;
  return {
    ...container,
    ...(command === undefined ? {} : { command }),
    ...(environment === undefined ? {} : { environment: mergedEnvironment(container, environment) }),
    ...(environmentFiles === undefined ? {} : { environmentFiles }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(memoryReservation === undefined ? {} : { memoryReservation }),
    ...(resourceRequirements === undefined ? {} : { resourceRequirements }),
  };
}

function mergedEnvironment(
  container: ContainerDefinition,
  overrides: readonly { readonly name: string; readonly value: string }[],
): ContainerDefinition["environment"] {
  const names = new Set(overrides.map((variable) => variable.name));
  return [...container.environment.filter((variable) => !names.has(variable.name ?? "")), ...overrides];
}
