import type { Place } from "../ecs/arn.ts";
import { checkMembers } from "../service-machine/member-rules.ts";
import { refuse, refuseNotFound } from "./secrets-refusal.ts";
import { secretIdRule } from "./secrets-rules.ts";
import { arnOfName, type SecretsStep, secretNamed, usableSecret } from "./secrets-state.ts";

type DeleteSecretRequest = {
  readonly SecretId: string;
  readonly RecoveryWindowInDays?: number;
  readonly ForceDeleteWithoutRecovery?: boolean;
};

const dayMs = 86_400_000;

/** AWS: how long a deleted secret can be restored. */
const daysMin = 7;
const daysMax = 30;

/** Deletes a secret in some days, in which it can't be used but restored; or at once. */
export function deleteSecret(step: SecretsStep, request: DeleteSecretRequest): object {
  checkMembers(request, secretIdRule);
  const { SecretId, RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: atOnce = false } = request;
  // AWS: the texts.
  if (days !== undefined && atOnce) {
    const text = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
    refuse("InvalidParameterException", text);
  }
  if (days !== undefined && !(Number.isInteger(days) && days >= daysMin && days <= daysMax)) {
    const text = `The RecoveryWindowInDays value must be between ${daysMin} and ${daysMax} days (inclusive).`;
    refuse("InvalidParameterException", text);
  }
  const { state, now, place } = step;
  if (atOnce) {
    const secret = secretNamed(step, SecretId);
    // AWS: it is deleted, whether it was there or not.
    if (secret === null) return { ...unknownSecret(place, SecretId), DeletionDate: now };
    state.deleteSecret(secret.name);
    return { ARN: secret.arn, Name: secret.name, DeletionDate: now };
  }
  const secret = usableSecret(step, SecretId);
  const deleteAt = now + (days ?? daysMax) * dayMs;
  state.secrets.put(secret.name, { ...secret, deleteAt });
  return { ARN: secret.arn, Name: secret.name, DeletionDate: deleteAt };
}

function unknownSecret(place: Place, id: string): object {
  if (id.startsWith("arn:")) return { ARN: id, Name: id.split(":").slice(6).join(":") };
  return { ARN: arnOfName(place, id), Name: id };
}

/** Takes back the deletion of a secret that is still there. */
export function restoreSecret(step: SecretsStep, request: { readonly SecretId: string }): object {
  checkMembers(request, secretIdRule);
  const secret = secretNamed(step, request.SecretId) ?? refuseNotFound();
  if (secret.deleteAt !== null) step.state.secrets.put(secret.name, { ...secret, deleteAt: null });
  return { ARN: secret.arn, Name: secret.name };
}
