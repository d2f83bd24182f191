/** The operations of Secrets Manager that Berth answers. */
import type { Place } from "../ecs/arn.ts";
import type { ServiceRow } from "../service-machine/service-operation.ts";
import { batchGetSecretValue } from "./batch-get-secret-value.ts";
import { createSecret } from "./create-secret.ts";
import { deleteSecret, restoreSecret } from "./delete-secret.ts";
import { describeSecret, getResourcePolicy } from "./describe-secret.ts";
import { getRandomPassword } from "./get-random-password.ts";
import { getSecretValue } from "./get-secret-value.ts";
import { listSecretVersionIds } from "./list-secret-version-ids.ts";
import { listSecrets } from "./list-secrets.ts";
import { putSecretValue } from "./put-secret-value.ts";
import { tagSecret, untagSecret } from "./secret-tags.ts";
import { arnOfName } from "./secrets-state.ts";
import { updateSecret } from "./update-secret.ts";
import { updateSecretVersionStage } from "./update-secret-version-stage.ts";

/** The name or ARN in a request, as an ARN. */
const named = (id: string | undefined, place: Place): readonly string[] =>
  id === undefined ? [] : [id.startsWith("arn:") ? id : arnOfName(place, id)];

const bySecretId = ({ SecretId }: { readonly SecretId?: string }, place: Place): readonly string[] =>
  named(SecretId, place);

/** What reads values is for those who may run tasks, not for everybody who may look. AWS: ReadOnlyAccess has none of it either. */
const readsValues = { machine: "service", access: "operate", tasks: true } as const;
const reads = { machine: "service", access: "read", resources: bySecretId } as const;
const changes = { machine: "service", access: "operate", resources: bySecretId } as const;

const all = ["InternalServiceError", "InvalidParameterException"] as const;
const ofSecret = [...all, "InvalidRequestException", "ResourceNotFoundException"] as const;
const sealing = [...ofSecret, "EncryptionFailure", "LimitExceededException", "ResourceExistsException"] as const;
const ofKey =
  "`KmsKeyId` is kept and shown, and has no effect: Berth seals every value with a key of its own, because it has no KMS.";

export const secretsOperations = {
  BatchGetSecretValue: {
    ...readsValues,
    handler: batchGetSecretValue,
    resources: ({ SecretIdList = [] }: { readonly SecretIdList?: readonly string[] }, place: Place) =>
      SecretIdList.flatMap((id) => named(id, place)),
    errors: [...ofSecret, "DecryptionFailure", "InvalidNextTokenException"],
  },
  CreateSecret: {
    ...changes,
    handler: createSecret,
    resources: ({ Name }: { readonly Name?: string }, place: Place) => named(Name, place),
    errors: [...sealing, "DecryptionFailure", "MalformedPolicyDocumentException", "PreconditionNotMetException"],
    missing: `Replicas in other regions and managed external secrets are refused. ${ofKey}`,
  },
  DeleteSecret: { ...changes, handler: deleteSecret, errors: ofSecret },
  DescribeSecret: { ...reads, handler: describeSecret, tasks: true, errors: [...all, "ResourceNotFoundException"] },
  GetRandomPassword: {
    machine: "service",
    access: "read",
    handler: getRandomPassword,
    tasks: true,
    errors: [...all, "InvalidRequestException"],
  },
  GetResourcePolicy: {
    ...reads,
    handler: getResourcePolicy,
    errors: ofSecret,
    missing: "There is never a policy, because none can be put.",
  },
  GetSecretValue: {
    ...readsValues,
    handler: getSecretValue,
    resources: bySecretId,
    errors: [...ofSecret, "DecryptionFailure"],
  },
  ListSecretVersionIds: {
    ...reads,
    handler: listSecretVersionIds,
    tasks: true,
    errors: [...all, "InvalidNextTokenException", "ResourceNotFoundException"],
  },
  ListSecrets: {
    machine: "service",
    access: "read",
    handler: listSecrets,
    tasks: true,
    errors: [...all, "InvalidNextTokenException", "InvalidRequestException"],
  },
  PutSecretValue: { ...changes, handler: putSecretValue, errors: [...sealing, "DecryptionFailure"] },
  RestoreSecret: { ...changes, handler: restoreSecret, errors: ofSecret },
  TagResource: { ...changes, handler: tagSecret, errors: ofSecret },
  UntagResource: { ...changes, handler: untagSecret, errors: ofSecret },
  UpdateSecret: {
    ...changes,
    handler: updateSecret,
    errors: [...sealing, "DecryptionFailure", "MalformedPolicyDocumentException", "PreconditionNotMetException"],
    missing: `Managed external secrets are refused. ${ofKey}`,
  },
  UpdateSecretVersionStage: {
    ...changes,
    handler: updateSecretVersionStage,
    errors: [...ofSecret, "LimitExceededException"],
  },
} as const satisfies Readonly<Record<string, ServiceRow>>;
