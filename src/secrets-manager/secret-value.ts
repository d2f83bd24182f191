/** The value of a secret: sealed, read, and which version has which stage. */
import { must } from "../lib/assert.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import { current, previous, type Secret, type SecretVersion, versionKey } from "./secret.ts";
import { refuse } from "./secrets-refusal.ts";
import { valueBytesMax } from "./secrets-rules.ts";
import type { SecretsStep } from "./secrets-state.ts";

/** The members of requests and replies that have a value. */
export type ValueMembers = { readonly SecretString?: string; readonly SecretBinary?: string };

/** A value as a request gives it; of a binary one its base64. */
export type SecretValue = { readonly text: string; readonly isBinary: boolean };

/** AWS: a version has at most 20 stages. */
const stagesMax = 20;

/** AWS: about 100 versions; those without a stage are removed when they are a day old. */
const versionsMax = 100;
const removableAfterMs = 86_400_000;

/** LIMIT: all values of an account in a region are in memory, sealed: 64 MiB are a thousand of the largest, or fifty thousand usual ones. */
const sealedCharactersMax = 67_108_864;

/** The value in a request; null for none. Refuses both forms at once with InvalidParameterException. */
export function givenValue({ SecretString, SecretBinary }: ValueMembers): SecretValue | null {
  if (SecretString !== undefined && SecretBinary !== undefined) {
    // AWS: the text.
    const text = "You can't specify both a binary secret value and a string secret value in the same secret.";
    refuse("InvalidParameterException", text);
  }
  const isBinary = SecretBinary !== undefined;
  const text = SecretBinary ?? SecretString;
  if (text === undefined) return null;
  const bytes = isBinary ? atob(text).length : new TextEncoder().encode(text).length;
  if (bytes > valueBytesMax) {
    const member = isBinary ? "secretBinary" : "secretString";
    refuse(
      "ValidationException",
      `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${valueBytesMax}`,
    );
  }
  return { text, isBinary };
}

/** What ties a sealed value to its place, so that no other document can have it. */
const contextOf = ({ arn }: Secret, versionId: string): string => `secretsmanager ${arn} ${versionId}`;

/** The value of a version, as a member of a reply. Refuses with DecryptionFailure what another seal key sealed. */
export function readValue(secret: Secret, version: SecretVersion, { ports }: ServiceGiven): ValueMembers {
  const text = ports.values?.unseal(version.sealed, contextOf(secret, version.versionId)) ?? null;
  if (text === null) {
    // AWS: the text up to the colon.
    const words = "Secrets Manager can't decrypt the protected secret text using the provided KMS key";
    refuse("DecryptionFailure", `${words}: the server's seal.key is not the one that sealed it.`);
  }
  return version.isBinary ? { SecretBinary: text } : { SecretString: text };
}

/** What a new version is made of. */
export type NewVersion = {
  readonly token: string | undefined;
  readonly value: SecretValue;
  readonly stages: readonly string[];
};

/**
 * Adds a version to a secret, moves its stages to it, and returns it. AWS: the token is its id; with that of a version that has the same value nothing
 * happens, and with that of another ResourceExistsException. Refuses with LimitExceededException and EncryptionFailure.
 */
export function addVersion(
  step: SecretsStep,
  secret: Secret,
  { token, value, stages }: NewVersion,
  given: ServiceGiven,
): SecretVersion {
  const { state, random, now } = step;
  const versionId = token ?? random.stream("secret-version").uuid();
  const same = state.version(secret.name, versionId);
  if (same !== undefined) {
    const { SecretString, SecretBinary } = readValue(secret, same, given);
    if ((value.isBinary ? SecretBinary : SecretString) === value.text) return same;
    // AWS: the text.
    const text = `You can't use ClientRequestToken ${versionId} because that value is already in use for a version of secret ${secret.arn}.`;
    refuse("ResourceExistsException", text);
  }
  const all = state.versionsOf(secret.name);
  makeRoom(step, all);
  const { values } = given.ports;
  if (values === null) {
    // AWS: the text up to the colon.
    const words = "Secrets Manager can't encrypt the protected secret text using the provided KMS key";
    refuse("EncryptionFailure", `${words}: the server has no usable seal.key.`);
  }
  const sealed = values.seal(value.text, contextOf(secret, versionId));
  if (state.sealedCharacters + sealed.length > sealedCharactersMax) {
    refuse("LimitExceededException", "The secrets of this account and region have no more room in Berth.");
  }
  const key = versionKey(secret.name, versionId);
  const { isBinary } = value;
  const version = { key, secretName: secret.name, versionId, isBinary, sealed, createdAt: now, accessedAt: null };
  state.versions.put(key, { ...version, stages: [] });
  // AWS: the first version is the current one, whatever the request says.
  for (const stage of new Set([...(all.length === 0 ? [current] : []), ...stages])) {
    moveStage(step, secret, stage, versionId);
  }
  return must(state.version(secret.name, versionId), versionId);
}

/** Removes the oldest version that nobody can ask for by a stage, when there are too many. */
function makeRoom({ state, now }: SecretsStep, all: readonly SecretVersion[]): void {
  if (all.length < versionsMax) return;
  const oldest = all.find(({ stages, createdAt }) => stages.length === 0 && createdAt <= now - removableAfterMs);
  if (oldest === undefined) {
    const text = `A secret can have at most ${versionsMax} versions with a stage or younger than a day.`;
    refuse("LimitExceededException", text);
  }
  state.versions.delete(oldest.key);
}

/** The version that has a stage. */
export const versionWithStage = ({ state }: SecretsStep, { name }: Secret, stage: string): SecretVersion | undefined =>
  state.versionsOf(name).find(({ stages }) => stages.includes(stage));

/**
 * Moves a stage to a version, or takes it from all with null. AWS: whoever loses AWSCURRENT to another version becomes AWSPREVIOUS. Refuses with
 * LimitExceededException a version with too many.
 */
export function moveStage(step: SecretsStep, secret: Secret, stage: string, versionId: string | null): void {
  const { state } = step;
  const from = versionWithStage(step, secret, stage);
  if (from?.versionId === versionId) return;
  if (from !== undefined) putStages(step, from, without(from.stages, stage));
  if (versionId === null) return;
  const to = must(state.version(secret.name, versionId), versionId);
  if (to.stages.length >= stagesMax) {
    refuse("LimitExceededException", `A version can have at most ${stagesMax} staging labels.`);
  }
  putStages(step, to, [...to.stages, stage]);
  if (stage !== current || from === undefined) return;
  moveStage(step, secret, previous, from.versionId);
  const now = must(state.version(secret.name, versionId), versionId);
  putStages(step, now, without(now.stages, previous));
}

const putStages = ({ state }: SecretsStep, version: SecretVersion, stages: readonly string[]): void =>
  state.versions.put(version.key, { ...version, stages });

const without = (stages: readonly string[], stage: string): readonly string[] =>
  stages.filter((each) => each !== stage);
