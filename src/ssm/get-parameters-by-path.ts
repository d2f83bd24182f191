import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import { servicePage } from "../service-machine/service-page.ts";
import { parameterReply } from "./get-parameter.ts";
import type { Parameter } from "./parameter.ts";
import {
  checkPath,
  type FilteredParameter,
  filtersRule,
  isUnder,
  type ParameterFilter,
  parameterFilter,
} from "./parameter-filters.ts";
import { pageRules } from "./parameter-rules.ts";
import type { ParametersStep } from "./parameters-state.ts";
import { refuseToken } from "./ssm-refusal.ts";

type GetParametersByPathRequest = {
  readonly Path: string;
  readonly Recursive?: boolean;
  readonly ParameterFilters?: readonly ParameterFilter[];
  readonly WithDecryption?: boolean;
  readonly MaxResults?: number;
  readonly NextToken?: string;
};

/** The parameters under a path, with their values, a page at a time. */
export function getParametersByPath(
  step: ParametersStep,
  request: GetParametersByPathRequest,
  given: ServiceGiven,
): object {
  checkMembers(request, {
    Path: { type: "text", required: true, min: 1, max: 2_048 },
    ...filtersRule,
    ...pageRules(10),
  });
  const { Path, Recursive = false, ParameterFilters = [], WithDecryption = false } = request;
  checkPath(Path);
  const passes = parameterFilter(ParameterFilters, ["Type", "KeyId", "Label", "DataType"], false);
  const hasLabels = ParameterFilters.some(({ Key }) => Key === "Label");
  const found = [...step.state.parameters.values()]
    .filter(({ name }) => isUnder(name, Path, Recursive))
    .flatMap((parameter) => versionsFor(step, parameter, hasLabels))
    .filter(passes)
    .sort((a, b) => (a.version.key < b.version.key ? -1 : 1));
  const page = servicePage(found, ({ version }) => version.key, {
    operation: `GetParametersByPath ${Path}`,
    token: request.NextToken || undefined,
    size: request.MaxResults ?? 10,
    refuseToken,
  });
  return {
    Parameters: page.items.map(({ version }) => parameterReply(step, version, WithDecryption, given)),
    ...(page.nextToken !== null && { NextToken: page.nextToken }),
  };
}

/** AWS: a filter by label looks at all versions, and otherwise the newest one counts. */
function versionsFor({ state }: ParametersStep, parameter: Parameter, isByLabel: boolean): FilteredParameter[] {
  const versions = isByLabel ? state.versionsOf(parameter.name) : [state.newest(parameter)];
  return versions.map((version) => ({ parameter, version }));
}
