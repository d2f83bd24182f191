import { providerOfInstance } from "../capacity-providers/provider-of-instance.ts";
import { withAttributes } from "../documents/attribute-rules.ts";
import type { ContainerInstance, GpuDevice } from "../documents/container-instance.ts";
import { withTags } from "../documents/tag.ts";
import { isSameDocument } from "../is-same-document.ts";
import { checkSpeaksFor, registrantOf } from "../references/instance-owner.ts";
import { findContainerInstance, idIn } from "../references/referenced-container-instance.ts";
import { refuse } from "../refusals.ts";
import type { GivenSettings } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { instanceTransition, withStatus } from "./container-instance-lifecycle.ts";
import { type IdentityDocument, identityDocument } from "./identity-document.ts";
import { privateAddress } from "./private-address.ts";
import {
  attributeValue,
  checkCustomAttributes,
  platformAttributes,
  requestedAttributes,
} from "./registered-attributes.ts";
import { devicesListed, platformDevices, totalResources, withDevices } from "./registered-resources.ts";
import { type RegisterContainerInstanceRequest, versionsOf } from "./registration-request.ts";
import { newTrunk, trunkAttributes, wantsTrunk } from "./trunk.ts";

/**
 * Registers the instance of a restarted agent again and returns its id. AWS: ARN, `registeredAt`, tasks and custom attributes stay.
 * Resources and the agent's attributes become what it sends, even below what its tasks hold. If nothing changed, there is no event. A
 * failed registration is tried again. An agent key that registers an instance of unknown origin becomes its owner. Refuses with
 * ClientException an unknown or deregistered instance and one whose instance type changed; with AccessDeniedException an agent key that did
 * not register it.
 */
export function reRegisterContainerInstance(
  step: ClusterStep,
  reference: string,
  request: RegisterContainerInstanceRequest,
  given: GivenSettings,
): string {
  const before = findContainerInstance(step, reference);
  if (before === null) {
    refuse("ClientException", `Referenced container instance ${idIn(reference)} not registered.`);
  }
  const { caller } = given;
  checkSpeaksFor(caller, before, { action: "RegisterContainerInstance", resource: before.arn });
  const { instanceIdentityDocument, instanceIdentityDocumentSignature } = request;
  const document = identityDocument(step.configuration, instanceIdentityDocument, instanceIdentityDocumentSignature);
  const refreshed = refresh(before, request, document, `${step.place.region}a`);
  const wanted = wantsTrunk(given.settings, refreshed.instanceType, refreshed.platformAttributes);
  const next = instanceTransition(before.status, wanted ? "re-register-with-trunk" : "re-register");
  if (next === "refused" || next === "ignored") {
    refuse("ClientException", `Container instance ${before.id} is inactive.`);
  }
  const isNewAttempt = next === "REGISTERING" && before.status !== "REGISTERING";
  const attachments = isNewAttempt ? [newTrunk(step.random("attachment-id"))] : before.attachments;
  const registeredBy = before.registeredBy ?? (caller.ownInstancesOnly === true ? registrantOf(caller) : null);
  const address = privateAddress(step, before.privateAddress, document, caller);
  const changed = { ...refreshed, attachments, registeredBy, privateAddress: address };
  const after = withStatus(changed, next, step.now);
  if (!isSameDocument(before, after)) step.changeInstance(after);
  return before.id;
}

function refresh(
  before: ContainerInstance,
  request: RegisterContainerInstanceRequest,
  document: IdentityDocument | null,
  fallbackZone: string,
): ContainerInstance {
  const sent = requestedAttributes(request.attributes);
  const derived = platformAttributes(sent.platform, document, {
    instanceType: before.instanceType,
    availabilityZone: before.availabilityZone ?? fallbackZone,
  });
  const platform = withAttributes(derived, trunkAttributes(before.attachments));
  const instanceType = document?.instanceType ?? attributeValue(platform, "ecs.instance-type") ?? before.instanceType;
  if (before.instanceType !== null && instanceType !== before.instanceType) {
    refuse("ClientException", "Container instance type changes are not supported.");
  }
  const customAttributes = withAttributes(before.customAttributes, sent.custom);
  checkCustomAttributes(customAttributes);
  return {
    ...before,
    instanceType,
    availabilityZone: attributeValue(platform, "ecs.availability-zone"),
    versionInfo: request.versionInfo === undefined ? before.versionInfo : versionsOf(request.versionInfo),
    ...refreshedResources(before, request),
    platformAttributes: platform,
    customAttributes,
    capacityProviderName: providerOfInstance(customAttributes, before.external),
    tags: (request.tags ?? []).length === 0 ? before.tags : withTags(before.tags, request.tags),
  };
}

/** An agent sends all its resources; a call without them leaves them unchanged. */
function refreshedResources(before: ContainerInstance, request: RegisterContainerInstanceRequest) {
  const resources =
    request.totalResources === undefined ? before.registeredResources : totalResources(request.totalResources);
  const devices: readonly GpuDevice[] =
    request.platformDevices === undefined ? devicesListed(resources) : platformDevices(request.platformDevices);
  const kept = request.platformDevices === undefined && request.totalResources === undefined;
  const present = kept ? before.platformDevices : devices;
  return { registeredResources: withDevices(resources, present), platformDevices: present };
}
