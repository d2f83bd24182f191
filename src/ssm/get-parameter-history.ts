import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import { servicePage } from "../service-machine/service-page.ts";
import { versionFacts } from "./describe-parameters.ts";
import { nameRule, pageRules } from "./parameter-rules.ts";
import { shownValue } from "./parameter-value.ts";
import { type ParametersStep, parameterNamed } from "./parameters-state.ts";
import { refuseToken } from "./ssm-refusal.ts";

type GetParameterHistoryRequest = {
  readonly Name: string;
  readonly WithDecryption?: boolean;
  readonly MaxResults?: number;
  readonly NextToken?: string;
};

/** The versions of a parameter, the oldest first, with their values and labels. */
export function getParameterHistory(
  step: ParametersStep,
  request: GetParameterHistoryRequest,
  { ports }: ServiceGiven,
): object {
  checkMembers(request, { ...nameRule, ...pageRules(50) });
  const { Name, WithDecryption = false } = request;
  const { name } = parameterNamed(step, Name);
  const page = servicePage(step.state.versionsOf(name), ({ version }) => String(version).padStart(12, "0"), {
    operation: `GetParameterHistory ${name}`,
    token: request.NextToken || undefined,
    size: request.MaxResults ?? 50,
    refuseToken,
  });
  return {
    Parameters: page.items.map((version) => ({
      ...versionFacts(version),
      Value: shownValue(step.place, version, WithDecryption, ports),
      Labels: version.labels,
    })),
    ...(page.nextToken !== null && { NextToken: page.nextToken }),
  };
}
