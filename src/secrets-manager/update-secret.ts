import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import { current } from "./secret.ts";
import { addVersion, givenValue, type ValueMembers } from "./secret-value.ts";
import { refuse } from "./secrets-refusal.ts";
import { descriptionRules, secretIdRule, valueRules } from "./secrets-rules.ts";
import { type SecretsStep, usableSecret } from "./secrets-state.ts";

type UpdateSecretRequest = ValueMembers & {
  readonly SecretId: string;
  readonly ClientRequestToken?: string;
  readonly Description?: string;
  readonly KmsKeyId?: string;
  readonly Type?: string;
};

/** Changes what a secret says about itself and, if the request has a value, adds a version as its current one. */
export function updateSecret(step: SecretsStep, request: UpdateSecretRequest, given: ServiceGiven): object {
  checkMembers(request, { ...secretIdRule, ...valueRules, ...descriptionRules });
  if (request.Type !== undefined) refuse("InvalidParameterException", "Berth has no managed external secrets.");
  const { SecretId, ClientRequestToken: token, Description, KmsKeyId } = request;
  const value = givenValue(request);
  const secret = usableSecret(step, SecretId);
  const version = value === null ? null : addVersion(step, secret, { token, value, stages: [current] }, given);
  step.state.secrets.put(secret.name, {
    ...secret,
    description: Description ?? secret.description,
    kmsKeyId: KmsKeyId ?? secret.kmsKeyId,
    changedAt: step.now,
  });
  return { ARN: secret.arn, Name: secret.name, ...(version !== null && { VersionId: version.versionId }) };
}
