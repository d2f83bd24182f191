import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import { current } from "./secret.ts";
import { addVersion, givenValue, type ValueMembers } from "./secret-value.ts";
import { refuse } from "./secrets-refusal.ts";
import { secretIdRule, stageRule, valueRules } from "./secrets-rules.ts";
import { type SecretsStep, usableSecret } from "./secrets-state.ts";

type PutSecretValueRequest = ValueMembers & {
  readonly SecretId: string;
  readonly ClientRequestToken?: string;
  readonly VersionStages?: readonly string[];
};

/** Adds a version to a secret, by default as its current one. */
export function putSecretValue(step: SecretsStep, request: PutSecretValueRequest, given: ServiceGiven): object {
  checkMembers(request, { ...secretIdRule, ...valueRules, VersionStages: { type: "list", min: 1, max: 20 } });
  const { SecretId, ClientRequestToken: token, VersionStages: stages = [current] } = request;
  for (const VersionStage of stages) checkMembers({ VersionStage }, { VersionStage: stageRule });
  const value = givenValue(request);
  // AWS: the text.
  if (value === null) refuse("InvalidRequestException", "You must provide either SecretString or SecretBinary.");
  const secret = usableSecret(step, SecretId);
  const version = addVersion(step, secret, { token, value, stages }, given);
  step.state.secrets.put(secret.name, { ...secret, changedAt: step.now });
  return { ARN: secret.arn, Name: secret.name, VersionId: version.versionId, VersionStages: version.stages };
}
