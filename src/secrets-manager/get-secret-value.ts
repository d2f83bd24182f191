import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import { current, dayOf, type Secret, type SecretVersion } from "./secret.ts";
import { readValue, versionWithStage } from "./secret-value.ts";
import { refuse } from "./secrets-refusal.ts";
import { secretIdRule, stageRule } from "./secrets-rules.ts";
import { readableSecret, type SecretsStep } from "./secrets-state.ts";

type GetSecretValueRequest = { readonly SecretId: string; readonly VersionId?: string; readonly VersionStage?: string };

/** The value of a secret: of the version with an id, with a stage, or the current one. */
export function getSecretValue(step: SecretsStep, request: GetSecretValueRequest, given: ServiceGiven): object {
  checkMembers(request, {
    ...secretIdRule,
    VersionId: { type: "text", min: 32, max: 64 },
    VersionStage: stageRule,
  });
  const secret = readableSecret(step, request.SecretId);
  return valueReply(step, secret, askedVersion(step, secret, request), given);
}

/** A version with its value, in API shape. AWS: the day on which somebody last read it is kept. */
export function valueReply(step: SecretsStep, secret: Secret, version: SecretVersion, given: ServiceGiven): object {
  const value = readValue(secret, version, given);
  const { secrets, versions } = step.state;
  const accessedAt = dayOf(step.now);
  if (secret.accessedAt !== accessedAt) secrets.put(secret.name, { ...secret, accessedAt });
  if (version.accessedAt !== accessedAt) versions.put(version.key, { ...version, accessedAt });
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.versionId,
    ...value,
    VersionStages: version.stages,
    CreatedDate: version.createdAt,
  };
}

function askedVersion(
  step: SecretsStep,
  secret: Secret,
  { VersionId, VersionStage }: GetSecretValueRequest,
): SecretVersion {
  // AWS: all texts.
  if (VersionId === undefined) {
    const stage = VersionStage ?? current;
    const text = `Secrets Manager can't find the specified secret value for staging label: ${stage}`;
    return versionWithStage(step, secret, stage) ?? refuse("ResourceNotFoundException", text);
  }
  const version = step.state.version(secret.name, VersionId);
  if (version === undefined) {
    const text = `Secrets Manager can't find the specified secret value for VersionId: ${VersionId}`;
    refuse("ResourceNotFoundException", text);
  }
  if (VersionStage !== undefined && !version.stages.includes(VersionStage)) {
    const text = "You provided a VersionStage that is not associated to the provided VersionId.";
    refuse("InvalidRequestException", text);
  }
  return version;
}
