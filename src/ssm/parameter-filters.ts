/** The filters of DescribeParameters and GetParametersByPath. */

import { must } from "../lib/assert.ts";
import { checkMembers } from "../service-machine/member-rules.ts";
import type { Parameter, ParameterVersion } from "./parameter.ts";
import { refuse } from "./ssm-refusal.ts";

export type ParameterFilter = {
  readonly Key?: string;
  readonly Option?: string;
  readonly Values?: readonly string[];
};

/** LIMIT: more than there are keys to filter by. */
export const filtersRule = { ParameterFilters: { type: "list", min: 0, max: 50 } } as const;

/** AWS: the options of each key, the first by default. */
const optionsOf = {
  Name: ["Equals", "BeginsWith", "Contains"],
  Path: ["OneLevel", "Recursive"],
  Type: ["Equals", "BeginsWith"],
  KeyId: ["Equals", "BeginsWith"],
  Tier: ["Equals"],
  DataType: ["Equals"],
  Label: ["Equals", "BeginsWith"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type FilterKey = keyof typeof optionsOf;

/** What filters see of a parameter. */
export type FilteredParameter = { readonly parameter: Parameter; readonly version: ParameterVersion };

/**
 * Whether a parameter passes all filters. Refuses with InvalidFilterKey a key that is not among `keys` or `tag:...` where tags are allowed, and with
 * InvalidFilterOption and InvalidFilterValue.
 */
export function parameterFilter(
  filters: readonly ParameterFilter[],
  keys: readonly FilterKey[],
  withTags: boolean,
): (given: FilteredParameter) => boolean {
  const seen = new Set<string>();
  const rules = filters.map((filter) => {
    const { Key = "" } = filter;
    if (seen.has(Key)) refuse("InvalidFilterKey", `The filter key ${Key} is there twice.`);
    seen.add(Key);
    checkMembers(filter, { Key: { type: "text", required: true, min: 1, max: 132 } });
    checkMembers(filter, { Values: { type: "list", min: 0, max: 50 } });
    return withTags && Key.startsWith("tag:") ? tagRule(Key.slice("tag:".length), filter) : keyRule(filter, keys);
  });
  return (given) => rules.every((rule) => rule(given));
}

type Rule = (given: FilteredParameter) => boolean;

function tagRule(key: string, { Values = [] }: ParameterFilter): Rule {
  return ({ parameter }) =>
    parameter.tags.some((tag) => tag.Key === key && (Values.length === 0 || Values.includes(tag.Value)));
}

function keyRule({ Key = "", Option, Values = [] }: ParameterFilter, keys: readonly FilterKey[]): Rule {
  const key = keys.find((each) => each === Key);
  if (key === undefined) {
    // AWS: the text.
    const text = `The following filter key is not valid: ${Key}. Valid filter keys include: [${keys.join(", ")}].`;
    refuse("InvalidFilterKey", text);
  }
  const options: readonly string[] = optionsOf[key];
  const option = Option ?? must(options[0], "an option");
  if (!options.includes(option)) {
    // AWS: the text.
    const text = `The following filter option is not valid: ${option}. Valid options include: [${options.join(", ")}].`;
    refuse("InvalidFilterOption", text);
  }
  // AWS: the text.
  if (Values.length === 0) {
    refuse("InvalidFilterValue", `The following filter values are missing : null for filter key ${Key}`);
  }
  if (key === "Path") {
    for (const path of Values) checkPath(path);
    return ({ parameter }) => Values.some((path) => isUnder(parameter.name, path, option === "Recursive"));
  }
  return (given) => textsOf(given, key).some((text) => Values.some((value) => compares(text, option, value)));
}

function textsOf({ version }: FilteredParameter, key: Exclude<FilterKey, "Path">): readonly string[] {
  switch (key) {
    case "Name":
      return [version.name];
    case "Type":
      return [version.type];
    case "KeyId":
      return version.keyId === null ? [] : [version.keyId];
    case "Tier":
      return [version.tier];
    case "DataType":
      return ["text"];
    case "Label":
      return version.labels;
  }
}

/** AWS: a name and its form with a slash before it are the same here. */
function compares(text: string, option: string, value: string): boolean {
  switch (option) {
    case "BeginsWith":
      return text.startsWith(value) || text.startsWith(`/${value}`);
    case "Contains":
      return text.includes(value);
    default:
      return text === value || text === `/${value}`;
  }
}

/** Whether a name is under a path, directly or at any depth. */
export function isUnder(name: string, path: string, isRecursive: boolean): boolean {
  const before = path.endsWith("/") ? path : `${path}/`;
  // AWS: a name without a slash is directly under /.
  const full = name.startsWith("/") ? name : `/${name}`;
  if (!full.startsWith(before) || full.length === before.length) return false;
  return isRecursive || !full.slice(before.length).includes("/");
}

/** Refuses with ValidationException what is not a path. AWS: the text. */
export function checkPath(path: string): void {
  if (/^\/(?:[\w.-]+(?:\/[\w.-]+)*\/?)?$/.test(path) && !/^\/(?:ssm|aws(?!\/))/i.test(path)) return;
  const text =
    'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.';
  refuse("ValidationException", text);
}
