import { checkMembers } from "../service-machine/member-rules.ts";
import { servicePage } from "../service-machine/service-page.ts";
import { refuseToken } from "./list-secrets.ts";
import { refuseNotFound } from "./secrets-refusal.ts";
import { secretIdRule, tokenRule } from "./secrets-rules.ts";
import { type SecretsStep, secretNamed } from "./secrets-state.ts";

type ListSecretVersionIdsRequest = {
  readonly SecretId: string;
  readonly MaxResults?: number;
  readonly NextToken?: string;
  readonly IncludeDeprecated?: boolean;
};

/** The versions of a secret, the oldest first; those without a stage only if the request asks for them. */
export function listSecretVersionIds(step: SecretsStep, request: ListSecretVersionIdsRequest): object {
  checkMembers(request, {
    ...secretIdRule,
    MaxResults: { type: "number", min: 1, max: 100 },
    NextToken: tokenRule,
  });
  const { MaxResults: size = 100, NextToken: token, IncludeDeprecated = false } = request;
  const secret = secretNamed(step, request.SecretId) ?? refuseNotFound();
  const versions = step.state.versionsOf(secret.name);
  const shown = versions.filter(({ stages }) => IncludeDeprecated || stages.length > 0);
  const operation = `ListSecretVersionIds ${secret.name}`;
  const page = servicePage(shown, ({ versionId }) => versionId, { operation, token, size, refuseToken });
  return {
    ARN: secret.arn,
    Name: secret.name,
    Versions: page.items.map(({ versionId, stages, createdAt, accessedAt }) => ({
      VersionId: versionId,
      ...(stages.length > 0 && { VersionStages: stages }),
      ...(accessedAt !== null && { LastAccessedDate: accessedAt }),
      CreatedDate: createdAt,
    })),
    ...(page.nextToken !== null && { NextToken: page.nextToken }),
  };
}
