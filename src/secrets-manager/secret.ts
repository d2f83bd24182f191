/** The documents of Secrets Manager: a secret, and each version of its value. */
import type { DocumentKind } from "../ecs/documents/document-kind.ts";

export type Tag = { readonly Key: string; readonly Value: string };

export type Secret = {
  readonly name: string;
  readonly arn: string;
  readonly description: string | null;
  readonly kmsKeyId: string | null;
  readonly tags: readonly Tag[];
  /** Epoch milliseconds, like all times. */
  readonly createdAt: number;
  readonly changedAt: number;
  /** AWS: the day only. */
  readonly accessedAt: number | null;
  /** When it is deleted with its versions; null for a secret that stays. */
  readonly deleteAt: number | null;
};

export type SecretVersion = {
  readonly key: string;
  readonly secretName: string;
  readonly versionId: string;
  readonly isBinary: boolean;
  /** The value, of a binary one its base64, sealed. */
  readonly sealed: string;
  readonly stages: readonly string[];
  readonly createdAt: number;
  /** AWS: the day only. */
  readonly accessedAt: number | null;
};

const tag = { Key: "string", Value: "string" } as const;

export const secretKind: DocumentKind<Secret> = {
  name: "secret",
  keyMember: "name",
  version: 1,
  shape: {
    name: "string",
    arn: "string",
    description: "string?",
    kmsKeyId: "string?",
    tags: [tag],
    createdAt: "number",
    changedAt: "number",
    accessedAt: "number?",
    deleteAt: "number?",
  },
  dueAt: ({ deleteAt }) => deleteAt,
};

export const secretVersionKind: DocumentKind<SecretVersion> = {
  name: "secret-version",
  keyMember: "key",
  version: 1,
  shape: {
    key: "string",
    secretName: "string",
    versionId: "string",
    isBinary: "boolean",
    sealed: "string",
    stages: ["string"],
    createdAt: "number",
    accessedAt: "number?",
  },
};

/** Names have no spaces. */
export const versionKey = (secretName: string, versionId: string): string => `${secretName} ${versionId}`;

/** AWS: the stages that Secrets Manager moves by itself. */
export const current = "AWSCURRENT";
export const previous = "AWSPREVIOUS";

const dayMs = 86_400_000;

/** The beginning of a day, in UTC. */
export const dayOf = (ms: number): number => Math.floor(ms / dayMs) * dayMs;
