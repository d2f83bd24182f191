import { refuseDefinition } from "./definition-checks.ts";

/**
 * The task CPU of a request in CPU units (`1 vCPU` is 1024, `.25 vcpu` 256), or null if absent. Refuses other texts and sizes that no
 * instance type has. AWS: 0.125 to 192 vCPUs.
 */
export function taskCpuUnits(cpu: string | undefined): number | null {
  if (cpu === undefined || cpu === "") return null;
  const units = amount(cpu, /^([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*vcpus?$/i, 1024);
  if (units === null || units < 128 || units > 196_608) refuseDefinition("Invalid 'cpu' setting for task.");
  return units;
}

/** The task memory of a request in MiB (`2 GB` is 2048), or null if absent. Refuses other texts and less than 4 MiB. */
export function taskMemoryMiB(memory: string | undefined): number | null {
  if (memory === undefined || memory === "") return null;
  const sizeMiB = amount(memory, /^([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*gb$/i, 1024);
  if (sizeMiB === null || sizeMiB < 4 || sizeMiB > 2 ** 31 - 1) refuseDefinition("Invalid 'memory' setting for task.");
  return sizeMiB;
}

function amount(text: string, inLargeUnit: RegExp, factor: number): number | null {
  const trimmed = text.trim();
  if (/^[0-9]{1,10}$/.test(trimmed)) return Number(trimmed);
  const match = inLargeUnit.exec(trimmed);
  if (match === null) return null;
  const value = Number(match[1]) * factor;
  return Number.isInteger(value) ? value : null;
}

type MemoryChoice = { readonly leastMiB: number; readonly mostMiB: number; readonly stepMiB: number };

// AWS: the table of Fargate task sizes; 256 units also go with 512 MiB.
const fargateMemory: Readonly<Record<number, MemoryChoice>> = {
  512: { leastMiB: 1_024, mostMiB: 4_096, stepMiB: 1_024 },
  1024: { leastMiB: 2_048, mostMiB: 8_192, stepMiB: 1_024 },
  2048: { leastMiB: 4_096, mostMiB: 16_384, stepMiB: 1_024 },
  4096: { leastMiB: 8_192, mostMiB: 30_720, stepMiB: 1_024 },
  8192: { leastMiB: 16_384, mostMiB: 61_440, stepMiB: 4_096 },
  16384: { leastMiB: 32_768, mostMiB: 122_880, stepMiB: 8_192 },
};

/** Why Fargate doesn't offer this task size, or null if it does. AWS: users report the text; Windows has 1 to 4 vCPUs. */
export function whyNoFargateSize(cpuUnits: number, memoryMiB: number, isWindows: boolean): string | null {
  const hasCpu = !isWindows || (cpuUnits >= 1_024 && cpuUnits <= 4_096);
  if (hasCpu && isFargateSize(cpuUnits, memoryMiB)) return null;
  return `No Fargate configuration exists for given values: ${cpuUnits} CPU, ${memoryMiB} memory. See the Amazon ECS documentation for the valid values.`;
}

/** Whether Fargate offers this task size for Linux. */
export function isFargateSize(cpuUnits: number, memoryMiB: number): boolean {
  if (cpuUnits === 256) return memoryMiB === 512 || memoryMiB === 1_024 || memoryMiB === 2_048;
  const choice = fargateMemory[cpuUnits];
  if (choice === undefined || memoryMiB < choice.leastMiB || memoryMiB > choice.mostMiB) return false;
  return (memoryMiB - choice.leastMiB) % choice.stepMiB === 0;
}

/** Calls `refuse` for an ephemeral storage size that Fargate doesn't offer. AWS: 20 GiB are always included; users report the texts. */
export function checkStorageSize(sizeInGiB: number | undefined, refuse: (message: string) => never): void {
  if (sizeInGiB === undefined || !Number.isInteger(sizeInGiB) || sizeInGiB < 21) {
    refuse("EphemeralStorage size should be at least 21");
  }
  if (sizeInGiB > 200) refuse("EphemeralStorage size should be at most 200");
}
