import { isAddress } from "../documents/network-address.ts";
import { refuse } from "../refusals.ts";
import type { MachineConfiguration } from "../state/call.ts";

/** The members of EC2's instance identity document that ECS uses. */
export type IdentityDocument = {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly availabilityZone: string;
  readonly imageId: string | null;
  readonly architecture: string | null;
  readonly privateAddress: string | null;
};

/**
 * The identity document of a registration, or null. AWS: agents outside EC2 send an empty text. Refuses with ClientException a malformed
 * document and, if a trusted certificate is configured, one whose signature doesn't verify. Without a document, only the signature of the
 * call protects a registration.
 */
export function identityDocument(
  configuration: MachineConfiguration,
  document: string | undefined,
  signature: string | undefined,
): IdentityDocument | null {
  if (document === undefined || document.trim() === "") return null;
  const verify = configuration.verifyIdentity;
  if (verify !== null && !verify(document, signature ?? "")) {
    refuse("ClientException", "The instance identity document's signature could not be verified.");
  }
  const content = contentOf(document);
  const [instanceId, instanceType] = [textOf(content.instanceId), textOf(content.instanceType)];
  const availabilityZone = textOf(content.availabilityZone);
  if (instanceId === null || instanceType === null || availabilityZone === null) refuseDocument();
  return {
    instanceId,
    instanceType,
    availabilityZone,
    imageId: textOf(content.imageId),
    architecture: textOf(content.architecture),
    privateAddress: addressOf(content.privateIp),
  };
}

function contentOf(document: string): Readonly<Record<string, unknown>> {
  let content: unknown;
  try {
    content = JSON.parse(document);
  } catch {
    return refuseDocument();
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) refuseDocument();
  return content as Readonly<Record<string, unknown>>;
}

// LIMIT: EC2's ids, types and zones have a few dozen characters; they become attribute values of at most 128.
function textOf(value: unknown): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string" || !/^[A-Za-z0-9_.-]{1,128}$/.test(value)) refuseDocument();
  return value;
}

function addressOf(value: unknown): string | null {
  const text = textOf(value);
  if (text !== null && !isAddress(text)) refuseDocument();
  return text;
}

function refuseDocument(): never {
  refuse("ClientException", "The instance identity document is malformed.");
}
