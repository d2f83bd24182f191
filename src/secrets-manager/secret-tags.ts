import { checkMembers } from "../service-machine/member-rules.ts";
import type { Tag } from "./secret.ts";
import { checkTags, secretIdRule } from "./secrets-rules.ts";
import { type SecretsStep, usableSecret } from "./secrets-state.ts";

/** Adds tags to a secret, or changes their values. */
export function tagSecret(
  step: SecretsStep,
  request: { readonly SecretId: string; readonly Tags?: readonly Partial<Tag>[] },
): object {
  checkMembers(request, { ...secretIdRule, Tags: { type: "list", required: true, min: 0, max: 200 } });
  const added = checkTags(request.Tags ?? []);
  const secret = usableSecret(step, request.SecretId);
  const kept = secret.tags.filter(({ Key }) => !added.some((tag) => tag.Key === Key));
  step.state.secrets.put(secret.name, { ...secret, tags: checkTags([...kept, ...added]) });
  return {};
}

/** Removes the tags with these keys, if the secret has them. */
export function untagSecret(
  step: SecretsStep,
  request: { readonly SecretId: string; readonly TagKeys?: readonly string[] },
): object {
  checkMembers(request, { ...secretIdRule, TagKeys: { type: "list", required: true, min: 0, max: 200 } });
  const { TagKeys = [] } = request;
  const secret = usableSecret(step, request.SecretId);
  const tags = secret.tags.filter(({ Key }) => !TagKeys.includes(Key));
  step.state.secrets.put(secret.name, { ...secret, tags });
  return {};
}
