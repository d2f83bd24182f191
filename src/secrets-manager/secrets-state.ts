/** What an account has in Secrets Manager in one region, and how requests name it. */
import { awsPartition, type Place } from "../ecs/arn.ts";
import type { Table } from "../ecs/tables/table.ts";
import type { Tables } from "../ecs/tables/tables.ts";
import { must } from "../lib/assert.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { type Secret, type SecretVersion, secretKind, secretVersionKind, versionKey } from "./secret.ts";
import { refuse, refuseNotFound } from "./secrets-refusal.ts";

export class SecretsState {
  readonly secrets: Table<Secret>;
  readonly versions: Table<SecretVersion>;
  readonly #versionIds = new Map<string, Set<string>>();
  #sealedCharacters = 0;

  constructor(tables: Tables) {
    this.secrets = tables.of(secretKind);
    this.versions = tables.of(secretVersionKind);
    this.versions.onChange((_key, before, after) => {
      this.#sealedCharacters += (after?.sealed.length ?? 0) - (before?.sealed.length ?? 0);
      if (before !== undefined) this.#forget(before);
      if (after !== undefined) this.#remember(after);
    });
  }

  /** What all values take together. */
  get sealedCharacters(): number {
    return this.#sealedCharacters;
  }

  /** The versions of a secret, the oldest first. */
  versionsOf(secretName: string): SecretVersion[] {
    return [...(this.#versionIds.get(secretName) ?? [])]
      .map((id) => must(this.versions.get(versionKey(secretName, id)), id))
      .sort((a, b) => a.createdAt - b.createdAt || (a.versionId < b.versionId ? -1 : 1));
  }

  version(secretName: string, versionId: string): SecretVersion | undefined {
    return this.versions.get(versionKey(secretName, versionId));
  }

  /** Removes a secret and its values. */
  deleteSecret(secretName: string): void {
    for (const { key } of this.versionsOf(secretName)) this.versions.delete(key);
    this.secrets.delete(secretName);
  }

  #remember({ secretName, versionId }: SecretVersion): void {
    const ids = this.#versionIds.get(secretName);
    if (ids === undefined) this.#versionIds.set(secretName, new Set([versionId]));
    else ids.add(versionId);
  }

  #forget({ secretName, versionId }: SecretVersion): void {
    const ids = must(this.#versionIds.get(secretName), secretName);
    ids.delete(versionId);
    if (ids.size === 0) this.#versionIds.delete(secretName);
  }
}

export type SecretsStep = ServiceStep<SecretsState>;

/** The ARN of a name in a place; of a secret it has six more characters behind a hyphen. */
export const arnOfName = ({ account, region }: Place, name: string): string =>
  `arn:${awsPartition(region)}:secretsmanager:${region}:${account}:secret:${name}`;

/**
 * The secret that a name, an ARN, or an ARN without its last six characters stands for; null for none. AWS: a name comes before a partial ARN of
 * the same text.
 */
export function secretNamed({ state, place }: SecretsStep, id: string): Secret | null {
  const { secrets } = state;
  if (!id.startsWith("arn:")) return secrets.get(id) ?? null;
  const before = arnOfName(place, "");
  if (!id.startsWith(before)) return null;
  const named = id.slice(before.length);
  const whole = secrets.get(named.slice(0, -7));
  return whole?.arn === id ? whole : (secrets.get(named) ?? null);
}

/** The same, refused with ResourceNotFoundException for none, and with InvalidRequestException for one that is to be deleted. */
export const usableSecret = (step: SecretsStep, id: string): Secret => usable(secretNamed(step, id));

/**
 * The same, for a request that only reads the value.
 * DIFFERS: GetSecretValue takes any six characters at the end of an ARN, which AWS and Berth make up, so task definitions made for AWS run unchanged.
 */
export function readableSecret(step: SecretsStep, id: string): Secret {
  const otherwise = id.startsWith("arn:") ? secretNamed(step, id.replace(/-[A-Za-z0-9]{6}$/, "")) : null;
  return usable(secretNamed(step, id) ?? otherwise);
}

function usable(found: Secret | null): Secret {
  const secret = found ?? refuseNotFound();
  if (secret.deleteAt !== null) {
    // AWS: the text.
    const text = "You can't perform this operation on the secret because it was marked for deletion.";
    refuse("InvalidRequestException", text);
  }
  return secret;
}
