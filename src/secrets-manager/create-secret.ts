import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { Secret, Tag } from "./secret.ts";
import { addVersion, givenValue, type ValueMembers } from "./secret-value.ts";
import { refuse } from "./secrets-refusal.ts";
import { checkTags, descriptionRules, valueRules } from "./secrets-rules.ts";
import { arnOfName, type SecretsStep } from "./secrets-state.ts";

type CreateSecretRequest = ValueMembers & {
  readonly Name: string;
  readonly ClientRequestToken?: string;
  readonly Description?: string;
  readonly KmsKeyId?: string;
  readonly Tags?: readonly Partial<Tag>[];
  readonly AddReplicaRegions?: readonly object[];
  readonly Type?: string;
};

/** LIMIT: secrets of an account in a region, all in memory; one takes about a KiB besides its values. AWS allows 500,000. */
const secretsMax = 20_000;

const suffixCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Creates a secret, with its first version if the request has a value. */
export function createSecret(step: SecretsStep, request: CreateSecretRequest, given: ServiceGiven): object {
  checkMembers(request, {
    Name: { type: "text", required: true, min: 1, max: 512 },
    ...valueRules,
    ...descriptionRules,
  });
  const { Name: name, ClientRequestToken: token, Description, KmsKeyId, Tags = [] } = request;
  if (!/^[\w/+=.@!-]+$/.test(name)) {
    // AWS: code and text.
    const text =
      "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    refuse("ValidationException", text);
  }
  if ((request.AddReplicaRegions ?? []).length > 0) {
    refuse("InvalidParameterException", "Berth does not replicate secrets to other regions.");
  }
  if (request.Type !== undefined) refuse("InvalidParameterException", "Berth has no managed external secrets.");
  const value = givenValue(request);
  const tags = checkTags(Tags);
  const { state, now } = step;
  const existing = state.secrets.get(name);
  if (existing !== undefined) {
    const isRepeated = token !== undefined && value !== null && state.version(name, token) !== undefined;
    if (!isRepeated || existing.deleteAt !== null) refuseExisting(existing);
    const { versionId } = addVersion(step, existing, { token, value, stages: [] }, given);
    return { ARN: existing.arn, Name: name, VersionId: versionId };
  }
  if (state.secrets.size >= secretsMax) {
    refuse("LimitExceededException", `Berth keeps at most ${secretsMax} secrets of an account in a region.`);
  }
  const secret: Secret = {
    name,
    arn: arnOfName(step.place, `${name}-${suffixOf(step)}`),
    description: Description ?? null,
    kmsKeyId: KmsKeyId ?? null,
    tags,
    createdAt: now,
    changedAt: now,
    accessedAt: null,
    deleteAt: null,
  };
  state.secrets.put(name, secret);
  const version = value === null ? null : addVersion(step, secret, { token, value, stages: [] }, given);
  return { ARN: secret.arn, Name: name, ...(version !== null && { VersionId: version.versionId }) };
}

function refuseExisting({ name, deleteAt }: Secret): never {
  // AWS: both texts.
  if (deleteAt === null) {
    refuse("ResourceExistsException", `The operation failed because the secret ${name} already exists.`);
  }
  refuse(
    "InvalidRequestException",
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
  );
}

/** AWS: six characters, so that a secret never has the ARN of an earlier one of the same name. */
function suffixOf({ random }: SecretsStep): string {
  const stream = random.stream("secret-arn");
  let suffix = "";
  while (suffix.length < 6) suffix += suffixCharacters.charAt(stream.below(suffixCharacters.length));
  return suffix;
}
