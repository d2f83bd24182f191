/** Which value of Secrets Manager a `valueFrom` names. */
export type SecretReference = {
  /** A name or an ARN. */
  readonly secretId: string;
  /** The member of the JSON object that the secret holds. Null: all of it. */
  readonly jsonKey: string | null;
  readonly versionStage: string | null;
  readonly versionId: string | null;
};

/**
 * Reads `name`, `arn`, or `arn:json-key:version-stage:version-id`, where any of the last three may be empty. Null for an ARN with
 * another number of parts. AWS: no other forms exist.
 */
export function secretReference(valueFrom: string): SecretReference | null {
  const whole = { secretId: valueFrom, jsonKey: null, versionStage: null, versionId: null };
  if (!valueFrom.startsWith("arn:")) return whole;
  const parts = valueFrom.split(":");
  if (parts[2] !== "secretsmanager" || parts[5] !== "secret" || !parts[6]) return null;
  if (parts.length === 7) return whole;
  if (parts.length !== 10) return null;
  const [jsonKey, versionStage, versionId] = parts.slice(7);
  return {
    secretId: parts.slice(0, 7).join(":"),
    jsonKey: jsonKey || null,
    versionStage: versionStage || null,
    versionId: versionId || null,
  };
}

/** The names under which a parameter may come back that was asked for as `valueFrom`: a name, or an ARN. */
export function parameterNames(valueFrom: string): readonly string[] {
  const path = /^arn:[^:]*:ssm:[^:]*:[^:]*:parameter\/(.+)$/.exec(valueFrom)?.[1];
  // AWS: in an ARN, a name without a path and one with it look the same.
  return path === undefined ? [valueFrom] : [valueFrom, `/${path}`, path];
}
