import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import { checkedRole } from "../task-definitions/definition-checks.ts";
import { checkVariable } from "../task-definitions/host-access-rules.ts";
import { isAmount, isOwnResource } from "../task-definitions/resource-requirements.ts";
import type { ContainerDefinition, TaskDefinition } from "../task-definitions/task-definition.ts";
import type { ContainerOverride, TaskOverride } from "./task.ts";

/** `overrides` of RunTask and StartTask as they come in. */
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
 * The overrides of a task as it keeps and shows them: one entry for each container, overridden or not.
 * Refuses what is too long, names an unknown container or overrides what the task definition does not have.
 */
export function resolveOverrides(
  request: OverridesRequest | undefined,
  definition: TaskDefinition,
  onFargate = false,
): TaskOverride {
  const given = request ?? {};
  // AWS: 8,192 characters with the JSON around them.
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
  // AWS: 20 GiB are there anyway, so that the least that can be asked for is 21.
  if (given.ephemeralStorage !== undefined && !(Number.isInteger(sizeInGiB) && isStorageSize(sizeInGiB ?? 0))) {
    refuse("InvalidParameterException", "ephemeralStorage.sizeInGiB must be between 21 and 200.");
  }
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
    for (const variable of override.environment ?? []) {
      checkVariable("containerOverrides.environment", variable.name, variable.value, (message) =>
        refuse("InvalidParameterException", message),
      );
    }
    byName.set(name, { ...override, name });
  }
  const { cpu, memory } = given;
  const taskRoleArn = checkedRole(given.taskRoleArn);
  const executionRoleArn = checkedRole(given.executionRoleArn);
  return {
    containerOverrides: definition.containerDefinitions.map(({ name }) => byName.get(name) ?? { name }),
    ...(cpu === undefined ? {} : { cpu: taskSize(cpu, "cpu") }),
    ...(memory === undefined ? {} : { memory: taskSize(memory, "memory") }),
    ...(taskRoleArn === null ? {} : { taskRoleArn }),
    ...(executionRoleArn === null ? {} : { executionRoleArn }),
    ...(sizeInGiB === undefined ? {} : { ephemeralStorage: { sizeInGiB } }),
  };
}

const isStorageSize = (sizeInGiB: number): boolean => sizeInGiB >= 21 && sizeInGiB <= 200;

/** LIMIT: AWS: the Integer of the API; sums of some thousands of tasks stay exact. */
const amountMax = 2_147_483_647;

/** What a task takes is summed from these, so a number that is none, or a negative one, would corrupt the books. */
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
      `Invalid setting for container '${name}'. resourceRequirements may ask for a whole number of GPUs or of a resource of your own only.`,
    );
  }
}

/** AWS: a task size is CPU units or MiB, or a text such as `1 vCPU` and `2 GB`. */
function taskSize(text: string, what: "cpu" | "memory"): string {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(vcpu|gb)?\s*$/i.exec(text);
  const unit = match?.[2]?.toLowerCase();
  if (match === null || (unit !== undefined && unit !== (what === "cpu" ? "vcpu" : "gb"))) {
    refuse("ClientException", `Invalid '${what}' setting for task.`);
  }
  const amount = Number(match[1]) * (unit === undefined ? 1 : 1024);
  if (!Number.isInteger(amount) || amount <= 0 || amount > amountMax) {
    refuse("ClientException", `Invalid '${what}' setting for task.`);
  }
  return String(amount);
}

/** A container definition with its override laid over it: what the container is really run with. */
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
