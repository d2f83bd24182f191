import { Refusal } from "../ecs/refusals.ts";
import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import { servicePage } from "../service-machine/service-page.ts";
import { getSecretValue } from "./get-secret-value.ts";
import { refuseToken } from "./list-secrets.ts";
import { current } from "./secret.ts";
import { filtersRule, type SecretFilter, secretFilter } from "./secret-filters.ts";
import { versionWithStage } from "./secret-value.ts";
import { refuse } from "./secrets-refusal.ts";
import { tokenRule } from "./secrets-rules.ts";
import type { SecretsStep } from "./secrets-state.ts";

type BatchGetSecretValueRequest = {
  readonly SecretIdList?: readonly string[];
  readonly Filters?: readonly SecretFilter[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
};

/** The current values of several secrets: of those named, each with its own error, or of those that pass the filters. */
export function batchGetSecretValue(
  step: SecretsStep,
  request: BatchGetSecretValueRequest,
  given: ServiceGiven,
): object {
  checkMembers(request, {
    SecretIdList: { type: "list", min: 1, max: 20 },
    ...filtersRule,
    MaxResults: { type: "number", min: 1, max: 20 },
    NextToken: tokenRule,
  });
  const { SecretIdList, Filters, MaxResults: size = 20, NextToken: token } = request;
  if ((SecretIdList === undefined) === (Filters === undefined)) {
    refuse("InvalidRequestException", "You must provide either SecretIdList or Filters.");
  }
  if (SecretIdList !== undefined) return valuesOf(step, SecretIdList, given);
  const passes = secretFilter(Filters ?? [], step.place);
  const found = [...step.state.secrets.values()]
    .filter((secret) => secret.deleteAt === null && passes(secret))
    .filter((secret) => versionWithStage(step, secret, current) !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const operation = "BatchGetSecretValue";
  const { items, nextToken } = servicePage(found, ({ name }) => name, { operation, token, size, refuseToken });
  const answer = valuesOf(
    step,
    items.map(({ arn }) => arn),
    given,
  );
  return { ...answer, ...(nextToken !== null && { NextToken: nextToken }) };
}

function valuesOf(step: SecretsStep, ids: readonly string[], given: ServiceGiven): object {
  const values: object[] = [];
  const errors: object[] = [];
  for (const SecretId of ids) {
    try {
      values.push(getSecretValue(step, { SecretId }, given));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      errors.push({ SecretId, ErrorCode: error.code, Message: error.message });
    }
  }
  return { SecretValues: values, Errors: errors };
}
