/** The parameters of an account in one region, and how requests name them. */
import { awsPartition, type Place } from "../ecs/arn.ts";
import type { Table } from "../ecs/tables/table.ts";
import type { Tables } from "../ecs/tables/tables.ts";
import { must } from "../lib/assert.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { type Parameter, type ParameterVersion, parameterKind, parameterVersionKind, versionKey } from "./parameter.ts";
import { refuse, refuseNotFound } from "./ssm-refusal.ts";

export class ParametersState {
  readonly parameters: Table<Parameter>;
  readonly versions: Table<ParameterVersion>;
  readonly #numbers = new Map<string, Set<number>>();
  #sealedCharacters = 0;

  constructor(tables: Tables) {
    this.parameters = tables.of(parameterKind);
    this.versions = tables.of(parameterVersionKind);
    this.versions.onChange((_key, before, after) => {
      this.#sealedCharacters += (after?.sealed.length ?? 0) - (before?.sealed.length ?? 0);
      if (before !== undefined) this.#forget(before);
      if (after !== undefined) this.#remember(after);
    });
  }

  /** What all values take together. */
  get sealedCharacters(): number {
    return this.#sealedCharacters;
  }

  /** The versions of a parameter, the oldest first. */
  versionsOf(name: string): ParameterVersion[] {
    const numbers = [...(this.#numbers.get(name) ?? [])].sort((a, b) => a - b);
    return numbers.map((number) => must(this.versions.get(versionKey(name, number)), `${name} ${number}`));
  }

  newest({ name, version }: Parameter): ParameterVersion {
    return must(this.versions.get(versionKey(name, version)), `the newest version of ${name}`);
  }

  deleteParameter(name: string): void {
    for (const { key } of this.versionsOf(name)) this.versions.delete(key);
    this.parameters.delete(name);
  }

  #remember({ name, version }: ParameterVersion): void {
    const numbers = this.#numbers.get(name);
    if (numbers === undefined) this.#numbers.set(name, new Set([version]));
    else numbers.add(version);
  }

  #forget({ name, version }: ParameterVersion): void {
    const numbers = must(this.#numbers.get(name), name);
    numbers.delete(version);
    if (numbers.size === 0) this.#numbers.delete(name);
  }
}

export type ParametersStep = ServiceStep<ParametersState>;

/** AWS: a name that begins with a slash has it once in its ARN. */
export const parameterArn = (place: Place, name: string): string =>
  `${arnBefore(place)}${name.startsWith("/") ? "" : "/"}${name}`;

const arnBefore = ({ account, region }: Place): string =>
  `arn:${awsPartition(region)}:ssm:${region}:${account}:parameter`;

/** What a reference such as `/a/b`, `/a/b:3`, `/a/b:label` or an ARN names: a parameter, and which of its versions. */
export type ParameterReference = { readonly name: string; readonly selector: string | null };

export function referenceOf({ state, place }: ParametersStep, text: string): ParameterReference {
  const before = arnBefore(place);
  const isHere = text.startsWith(`${before}/`);
  // One of another place has colons in its name, which no parameter has.
  if (text.startsWith("arn:") && !isHere) return { name: text, selector: null };
  const [path = "", selector = null] = (isHere ? text.slice(before.length) : text).split(":", 2);
  const isPlain = isHere && !state.parameters.has(path) && !path.slice(1).includes("/");
  return { name: isPlain ? path.slice(1) : path, selector };
}

/** The parameter that a reference without a version names. Refuses with ParameterNotFound. */
export function parameterNamed(step: ParametersStep, text: string): Parameter {
  const { name, selector } = referenceOf(step, text);
  const parameter = selector === null ? step.state.parameters.get(name) : undefined;
  return parameter ?? refuseNotFound(text);
}

/** The version that a reference names, the newest by default. Refuses with ParameterNotFound or ParameterVersionNotFound. */
export function versionNamed(step: ParametersStep, text: string): ParameterVersion {
  const { name, selector } = referenceOf(step, text);
  const { state } = step;
  const parameter = state.parameters.get(name) ?? refuseNotFound(text);
  if (selector === null) return state.newest(parameter);
  if (/^\d+$/.test(selector)) return numberedVersion(step, name, Number(selector));
  const labelled = state.versionsOf(name).find(({ labels }) => labels.includes(selector));
  if (labelled !== undefined) return labelled;
  const words = `Systems Manager could not find the label ${selector} of ${name}.`;
  return refuse("ParameterVersionNotFound", `${words} Verify the label and try again.`);
}

/** A version by its number. Refuses with ParameterVersionNotFound. AWS: the text. */
export function numberedVersion({ state }: ParametersStep, name: string, version: number): ParameterVersion {
  const words = `Systems Manager could not find version ${version} of ${name}.`;
  return (
    state.versions.get(versionKey(name, version)) ??
    refuse("ParameterVersionNotFound", `${words} Verify the version and try again.`)
  );
}
