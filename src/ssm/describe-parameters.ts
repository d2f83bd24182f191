import { checkMembers } from "../service-machine/member-rules.ts";
import { servicePage } from "../service-machine/service-page.ts";
import type { ParameterVersion } from "./parameter.ts";
import { filtersRule, type ParameterFilter, parameterFilter } from "./parameter-filters.ts";
import { pageRules } from "./parameter-rules.ts";
import { type ParametersStep, parameterArn } from "./parameters-state.ts";
import { refuse, refuseToken } from "./ssm-refusal.ts";

type DescribeParametersRequest = {
  readonly Filters?: readonly { readonly Key?: string; readonly Values?: readonly string[] }[];
  readonly ParameterFilters?: readonly ParameterFilter[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
  readonly Shared?: boolean;
};

/** Everything about parameters except their values, a page at a time, by name. */
export function describeParameters(step: ParametersStep, request: DescribeParametersRequest): object {
  checkMembers(request, { ...filtersRule, Filters: { type: "list", min: 0, max: 50 }, ...pageRules(50) });
  const { Filters = [], ParameterFilters = [], Shared = false } = request;
  if (Filters.length > 0 && ParameterFilters.length > 0) {
    refuse("ValidationException", "You can use either Filters or ParameterFilters in a single request.");
  }
  // AWS: the older filters have no option, and compare beginnings.
  const older = Filters.map((filter) => ({ ...filter, Option: "BeginsWith" }));
  const passesOlder = parameterFilter(older, ["Name", "Type", "KeyId"], false);
  const passes = parameterFilter(ParameterFilters, ["Path", "Name", "Tier", "Type", "KeyId", "DataType"], true);
  // Nobody shares parameters with an account here.
  const parameters = Shared ? [] : [...step.state.parameters.values()];
  const found = parameters
    .map((parameter) => ({ parameter, version: step.state.newest(parameter) }))
    .filter((each) => passesOlder(each) && passes(each))
    .sort((a, b) => (a.parameter.name < b.parameter.name ? -1 : 1));
  const page = servicePage(found, ({ parameter }) => parameter.name, {
    operation: "DescribeParameters",
    token: request.NextToken || undefined,
    size: request.MaxResults ?? 50,
    refuseToken,
  });
  return {
    Parameters: page.items.map(({ version }) => ({
      ARN: parameterArn(step.place, version.name),
      ...versionFacts(version),
    })),
    ...(page.nextToken !== null && { NextToken: page.nextToken }),
  };
}

/** What DescribeParameters and GetParameterHistory show of a version, in API shape. */
export function versionFacts(version: ParameterVersion): object {
  const { name, type, keyId, description, allowedPattern, tier, modifiedAt, modifiedBy } = version;
  return {
    Name: name,
    Type: type,
    ...(keyId !== null && { KeyId: keyId }),
    LastModifiedDate: modifiedAt,
    LastModifiedUser: modifiedBy,
    ...(description !== null && { Description: description }),
    ...(allowedPattern !== null && { AllowedPattern: allowedPattern }),
    Version: version.version,
    Tier: tier,
    Policies: [],
    DataType: "text",
  };
}
