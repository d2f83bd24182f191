import { checkMembers } from "../service-machine/member-rules.ts";
import type { Secret } from "./secret.ts";
import { refuseNotFound } from "./secrets-refusal.ts";
import { secretIdRule } from "./secrets-rules.ts";
import { type SecretsStep, secretNamed } from "./secrets-state.ts";

/** Everything about a secret except its values; also of one that is to be deleted. */
export function describeSecret(step: SecretsStep, request: { readonly SecretId: string }): object {
  checkMembers(request, secretIdRule);
  const secret = secretNamed(step, request.SecretId) ?? refuseNotFound();
  return { ...secretFacts(secret), VersionIdsToStages: stagesById(step, secret) };
}

/** What a policy says about a secret: nothing, because there are none. Terraform asks for it with every secret. */
export function getResourcePolicy(step: SecretsStep, request: { readonly SecretId: string }): object {
  checkMembers(request, secretIdRule);
  const { arn, name } = secretNamed(step, request.SecretId) ?? refuseNotFound();
  return { ARN: arn, Name: name };
}

/** What DescribeSecret and ListSecrets show, in API shape. */
export function secretFacts(secret: Secret): object {
  const { arn, name, description, kmsKeyId, tags, createdAt, changedAt, accessedAt, deleteAt } = secret;
  return {
    ARN: arn,
    Name: name,
    ...(description !== null && { Description: description }),
    ...(kmsKeyId !== null && { KmsKeyId: kmsKeyId }),
    LastChangedDate: changedAt,
    ...(accessedAt !== null && { LastAccessedDate: accessedAt }),
    ...(deleteAt !== null && { DeletedDate: deleteAt }),
    ...(tags.length > 0 && { Tags: tags }),
    CreatedDate: createdAt,
  };
}

/** The stages of the versions that have any, by version id. */
export function stagesById({ state }: SecretsStep, { name }: Secret): Readonly<Record<string, readonly string[]>> {
  const staged = state.versionsOf(name).filter(({ stages }) => stages.length > 0);
  return Object.fromEntries(staged.map(({ versionId, stages }) => [versionId, stages]));
}
