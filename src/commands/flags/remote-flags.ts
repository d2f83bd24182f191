import type { SecureContext } from "node:tls";
import type { AgentCredentials } from "../../agent/remote/request-signer.ts";
import { trustedCertificates } from "../../agent/remote/trusted-certificates.ts";
import { StartError } from "../../server/start-error.ts";
import { type Flag, type Typed, textFlag, UsageError } from "./flags.ts";

/** Flags of commands that join a remote control plane. */
export const remoteFlags = {
  endpoint: {
    value: "URL",
    help: "Where the control plane is (default: AWS_ENDPOINT_URL_ECS, then AWS_ENDPOINT_URL).",
  },
  region: { value: "REGION", help: "The region to sign for (default: AWS_REGION, then AWS_DEFAULT_REGION)." },
  "tls-ca": { value: "FILE", help: "Certificates (PEM) to trust in addition to the system's." },
} as const satisfies Record<string, Flag>;

/** The settings from those flags and the environment. */
export type Remote = {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
  readonly trust: SecureContext | null;
};

/** Reads them. Throws UsageError that names what is missing, StartError for unreadable certificates. */
export function remoteFrom(typed: Typed, environment: NodeJS.ProcessEnv = process.env): Remote {
  const endpoint =
    textFlag(typed, "endpoint", null) ?? (environment.AWS_ENDPOINT_URL_ECS || environment.AWS_ENDPOINT_URL || null);
  if (endpoint === null)
    throw new UsageError(
      "--endpoint URL is needed: the address of the control plane, such as http://127.0.0.1:4280 for `berth dev`.",
    );
  // A path would be lost: ECS is at the root of its host. A name and a password are not used here, and must not be shown.
  if (!/^https?:\/\/[^/?#@\\]+\/?$/i.test(endpoint) || !URL.canParse(endpoint)) {
    const shown = endpoint.replace(/\/\/.*@/, "//…@");
    throw new UsageError(
      `--endpoint must be an address like https://ecs.example.org or http://127.0.0.1:4280, but is "${shown}".`,
    );
  }
  const region = textFlag(typed, "region", null) ?? (environment.AWS_REGION || environment.AWS_DEFAULT_REGION || null);
  if (region === null) throw new UsageError("--region REGION is needed, or AWS_REGION in the environment.");
  return {
    endpoint: new URL(endpoint).origin,
    region,
    credentials: credentialsFrom(environment),
    trust: trustOf(typed),
  };
}

function credentialsFrom(environment: NodeJS.ProcessEnv): AgentCredentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new UsageError(
      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed in the environment: a key from `berth keys create`, or any for `berth dev`.",
    );
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN || null,
  };
}

function trustOf(typed: Typed): SecureContext | null {
  const file = textFlag(typed, "tls-ca", null);
  if (file === null) return null;
  try {
    return trustedCertificates(file);
  } catch (cause) {
    throw new StartError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
