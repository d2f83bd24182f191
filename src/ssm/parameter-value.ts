/** The value of a parameter: sealed, and read with or without decryption. */
import type { Place } from "../ecs/arn.ts";
import type { ServicePorts } from "../service-machine/service-ports.ts";
import type { ParameterVersion } from "./parameter.ts";
import { parameterArn } from "./parameters-state.ts";
import { refuse } from "./ssm-refusal.ts";

/** What ties a sealed value to its place, so that no other document can have it. */
const contextOf = (place: Place, name: string, version: number): string =>
  `ssm ${parameterArn(place, name)} ${version}`;

/** Seals a value. Refuses with InvalidKeyId where there is no seal key. */
export function sealValue(
  place: Place,
  name: string,
  version: number,
  value: string,
  { values }: ServicePorts,
): string {
  if (values === null) refuse("InvalidKeyId", "The value can't be encrypted: the server has no usable seal.key.");
  return values.seal(value, contextOf(place, name, version));
}

/**
 * The value as a caller gets it: of a SecureString what is sealed, which nobody can read, unless the request says `WithDecryption`. Refuses with
 * InvalidKeyId what another seal key sealed.
 */
export function shownValue(
  place: Place,
  { name, version, type, sealed }: ParameterVersion,
  withDecryption: boolean,
  { values }: ServicePorts,
): string {
  if (type === "SecureString" && !withDecryption) return sealed;
  const value = values?.unseal(sealed, contextOf(place, name, version)) ?? null;
  if (value === null) {
    const text = "The value can't be decrypted: the server's seal.key is not the one that sealed it.";
    refuse("InvalidKeyId", text);
  }
  return value;
}
