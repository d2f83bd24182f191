import { checkMembers } from "../service-machine/member-rules.ts";
import type { ParameterVersion } from "./parameter.ts";
import { nameRule } from "./parameter-rules.ts";
import { numberedVersion, type ParametersStep, parameterNamed } from "./parameters-state.ts";
import { refuse } from "./ssm-refusal.ts";

type LabelRequest = {
  readonly Name: string;
  readonly Labels: readonly string[];
  readonly ParameterVersion?: number;
};

/** AWS: labels of a version. */
const labelsMax = 10;

const labelsRule = { Labels: { type: "list", required: true, min: 1, max: labelsMax } } as const;
const versionRule = { type: "number", min: 1, max: Number.MAX_SAFE_INTEGER } as const;

/** AWS: a label begins with none of these, and has only these characters. */
const isValid = (label: string): boolean => /^(?!aws|ssm|\d)[\w.-]{1,100}$/i.test(label);

/** Puts labels on a version, the newest by default; a label of another version moves. Those that are none come back. */
export function labelParameterVersion(step: ParametersStep, request: LabelRequest): object {
  checkMembers(request, { ...nameRule, ...labelsRule, ParameterVersion: versionRule });
  checkLengths(request.Labels);
  const parameter = parameterNamed(step, request.Name);
  const number = request.ParameterVersion ?? parameter.version;
  numberedVersion(step, parameter.name, number);
  const labels = [...new Set(request.Labels.filter(isValid))];
  for (const version of step.state.versionsOf(parameter.name)) {
    const others = version.labels.filter((label) => !labels.includes(label));
    setLabels(step, version, version.version === number ? [...others, ...labels] : others);
  }
  return { InvalidLabels: request.Labels.filter((label) => !isValid(label)), ParameterVersion: number };
}

/** Takes labels from a version; those that it doesn't have come back. */
export function unlabelParameterVersion(step: ParametersStep, request: LabelRequest): object {
  checkMembers(request, { ...nameRule, ...labelsRule, ParameterVersion: versionRule });
  const { Labels, ParameterVersion: number } = request;
  if (number === undefined) {
    const text =
      "1 validation error detected: Value null at 'parameterVersion' failed to satisfy constraint: Member must not be null";
    refuse("ValidationException", text);
  }
  const { name } = parameterNamed(step, request.Name);
  const version = numberedVersion(step, name, number);
  setLabels(
    step,
    version,
    version.labels.filter((label) => !Labels.includes(label)),
  );
  const has = (label: string): boolean => version.labels.includes(label);
  return { RemovedLabels: Labels.filter(has), InvalidLabels: Labels.filter((label) => !has(label)) };
}

function setLabels({ state }: ParametersStep, version: ParameterVersion, labels: readonly string[]): void {
  if (labels.length > labelsMax) {
    // AWS: the text.
    const text = `A parameter version can have a maximum of ${labelsMax} labels. Move one or more labels to another version and try again.`;
    refuse("ParameterVersionLabelLimitExceeded", text);
  }
  const isSame = labels.length === version.labels.length && labels.every((label, i) => label === version.labels[i]);
  if (!isSame) state.versions.put(version.key, { ...version, labels });
}

function checkLengths(labels: readonly string[]): void {
  for (const Labels of labels) checkMembers({ Labels }, { Labels: { type: "text", min: 1, max: 100 } });
}
