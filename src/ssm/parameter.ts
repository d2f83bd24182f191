/** The documents of SSM's parameters: a parameter, and each version of it. */
import type { DocumentKind } from "../ecs/documents/document-kind.ts";

export type Tag = { readonly Key: string; readonly Value: string };

export const parameterTypes = ["String", "StringList", "SecureString"] as const;
export type ParameterType = (typeof parameterTypes)[number];

export const parameterTiers = ["Standard", "Advanced"] as const;
export type ParameterTier = (typeof parameterTiers)[number];

export type Parameter = {
  readonly name: string;
  /** The number of its newest version. */
  readonly version: number;
  readonly tags: readonly Tag[];
};

export type ParameterVersion = {
  readonly key: string;
  readonly name: string;
  readonly version: number;
  readonly type: ParameterType;
  /** The value, sealed whatever the type. */
  readonly sealed: string;
  readonly description: string | null;
  /** Only of a SecureString. */
  readonly keyId: string | null;
  readonly allowedPattern: string | null;
  readonly tier: ParameterTier;
  readonly labels: readonly string[];
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  /** The ARN of the caller. */
  readonly modifiedBy: string;
};

export const parameterKind: DocumentKind<Parameter> = {
  name: "parameter",
  keyMember: "name",
  version: 1,
  shape: { name: "string", version: "number", tags: [{ Key: "string", Value: "string" }] },
};

export const parameterVersionKind: DocumentKind<ParameterVersion> = {
  name: "parameter-version",
  keyMember: "key",
  version: 1,
  shape: {
    key: "string",
    name: "string",
    version: "number",
    type: new Set<string>(parameterTypes),
    sealed: "string",
    description: "string?",
    keyId: "string?",
    allowedPattern: "string?",
    tier: new Set<string>(parameterTiers),
    labels: ["string"],
    modifiedAt: "number",
    modifiedBy: "string",
  },
};

/** Names have no colons. */
export const versionKey = (name: string, version: number): string => `${name}:${version}`;
