import { refuse } from "../refusals.ts";
import type { MachineConfiguration } from "../state/call.ts";

/** What EC2's instance identity document says of an instance, as far as ECS uses it. */
export type IdentityDocument = {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly availabilityZone: string;
  readonly imageId: string | null;
  readonly architecture: string | null;
};

/**
 * The identity document of a registration; null when it brings none. AWS: agents outside EC2 send an empty text.
 * Refuses with ClientException a document that is malformed and, when a trusted certificate is configured, one whose
 * signature does not verify. Registrations without a document stand on the signature of the call alone.
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

// LIMIT: ids, types and zones of EC2 are a few dozen characters long; they become attribute values of at most 128.
function textOf(value: unknown): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string" || !/^[A-Za-z0-9_.-]{1,128}$/.test(value)) refuseDocument();
  return value;
}

function refuseDocument(): never {
  refuse("ClientException", "The instance identity document is malformed.");
}
