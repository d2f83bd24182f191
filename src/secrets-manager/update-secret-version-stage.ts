import { checkMembers } from "../service-machine/member-rules.ts";
import { current } from "./secret.ts";
import { moveStage, versionWithStage } from "./secret-value.ts";
import { refuse } from "./secrets-refusal.ts";
import { secretIdRule, stageRule } from "./secrets-rules.ts";
import { type SecretsStep, usableSecret } from "./secrets-state.ts";

type UpdateSecretVersionStageRequest = {
  readonly SecretId: string;
  readonly VersionStage: string;
  readonly RemoveFromVersionId?: string;
  readonly MoveToVersionId?: string;
};

/** Moves a stage from one version of a secret to another, or takes it away. */
export function updateSecretVersionStage(step: SecretsStep, request: UpdateSecretVersionStageRequest): object {
  const versionRule = { type: "text", min: 32, max: 64 } as const;
  checkMembers(request, {
    ...secretIdRule,
    VersionStage: { ...stageRule, required: true },
    RemoveFromVersionId: versionRule,
    MoveToVersionId: versionRule,
  });
  const { VersionStage: stage, RemoveFromVersionId: from, MoveToVersionId: to } = request;
  const secret = usableSecret(step, request.SecretId);
  for (const id of [from, to]) {
    if (id !== undefined && step.state.version(secret.name, id) === undefined) {
      // AWS: the text.
      const text = `Secrets Manager can't find the specified secret value for VersionId: ${id}`;
      refuse("ResourceNotFoundException", text);
    }
  }
  if (from === undefined && to === undefined) {
    refuse("InvalidParameterException", "You must provide RemoveFromVersionId, MoveToVersionId, or both.");
  }
  const holder = versionWithStage(step, secret, stage)?.versionId;
  if (holder !== undefined && holder !== to && from !== holder) {
    // AWS: the text.
    const text = `Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`;
    refuse("InvalidParameterException", `The parameter RemoveFromVersionId can't be empty. ${text}`);
  }
  if (from !== undefined && holder !== from) {
    refuse("InvalidParameterException", `Version ${from} does not have the staging label ${stage}.`);
  }
  if (stage === current && to === undefined) {
    refuse("InvalidParameterException", `You can't remove the staging label ${current}; move it to another version.`);
  }
  moveStage(step, secret, stage, to ?? null);
  step.state.secrets.put(secret.name, { ...secret, changedAt: step.now });
  return { ARN: secret.arn, Name: secret.name };
}
