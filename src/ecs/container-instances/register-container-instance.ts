import { must } from "../../lib/assert.ts";
import { containerInstanceArn } from "../arn.ts";
import { providerOfInstance } from "../capacity-providers/provider-of-instance.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import { newTags } from "../documents/tag.ts";
import { limits } from "../limits.ts";
import { checkSpeaksFor, registrantOf } from "../references/instance-owner.ts";
import { refuse } from "../refusals.ts";
import type { Given, GivenSettings } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { describeContainerInstance } from "./describe-container-instance.ts";
import { identityDocument } from "./identity-document.ts";
import { privateAddress } from "./private-address.ts";
import { reRegisterContainerInstance } from "./re-register-container-instance.ts";
import {
  attributeValue,
  checkCustomAttributes,
  platformAttributes,
  requestedAttributes,
} from "./registered-attributes.ts";
import { devicesListed, platformDevices, totalResources, withDevices } from "./registered-resources.ts";
import { type RegisterContainerInstanceRequest, versionsOf } from "./registration-request.ts";
import { newTrunk, wantsTrunk } from "./trunk.ts";

/**
 * Registers a container instance or, with `containerInstanceArn`, a known one again. AWS: if its token was seen within the hour, the reply
 * is the instance registered then; with awsvpcTrunking the instance is REGISTERING until its trunk is attached. Refuses an agent key that
 * names or repeats another key's instance (AccessDeniedException); invalid resources, attributes, devices, tags or tokens
 * (InvalidParameterException; an empty list of tags with ClientException); and a malformed or forged identity document and the 5,001st
 * instance of a cluster (ClientException).
 */
export function registerContainerInstance(
  step: ClusterStep,
  request: RegisterContainerInstanceRequest,
  given: GivenSettings,
) {
  const reference = request.containerInstanceArn;
  const id =
    reference === undefined || reference === ""
      ? (registeredBefore(step, request.clientToken, given) ?? registerNew(step, request, given))
      : reRegisterContainerInstance(step, reference, request, given);
  const instance = must(step.state.instances.get(id), "the registered instance");
  return { containerInstance: describeContainerInstance(step.state, instance, ["TAGS"], step.now) };
}

function registeredBefore(step: ClusterStep, token: string | undefined, { caller }: Given): string | null {
  if (token === undefined) return null;
  if (token.length < 1 || token.length > limits.clientTokenCharacters || !/^[\x21-\x7e]+$/.test(token)) {
    const max = limits.clientTokenCharacters;
    refuse("InvalidParameterException", `clientToken must be 1 to ${max} characters of visible ASCII.`);
  }
  const known = step.state.registrationTokens.get(token);
  if (known === undefined || known.expiresAt <= step.now) return null;
  const instance = step.state.instances.get(known.instanceId);
  if (instance === undefined || instance.status === "INACTIVE") return null;
  checkSpeaksFor(caller, instance, { action: "RegisterContainerInstance", resource: step.clusterArn });
  return instance.id;
}

function registerNew(step: ClusterStep, request: RegisterContainerInstanceRequest, given: GivenSettings): string {
  checkRoom(step);
  const instance = newContainerInstance(step, request, given);
  step.changeInstance(instance);
  if (request.clientToken !== undefined) {
    const expiresAt = step.now + limits.registrationTokenMs;
    step.state.registrationTokens.put(request.clientToken, {
      token: request.clientToken,
      instanceId: instance.id,
      expiresAt,
    });
  }
  return instance.id;
}

function newContainerInstance(
  step: ClusterStep,
  request: RegisterContainerInstanceRequest,
  given: GivenSettings,
): ContainerInstance {
  const document = identityDocument(
    step.configuration,
    request.instanceIdentityDocument,
    request.instanceIdentityDocumentSignature,
  );
  const sent = requestedAttributes(request.attributes);
  checkCustomAttributes(sent.custom);
  const platform = platformAttributes(sent.platform, document, {
    instanceType: null,
    availabilityZone: spreadZone(step),
  });
  const instanceType = document?.instanceType ?? attributeValue(platform, "ecs.instance-type");
  const external = document === null && platform.some(({ name }) => name === "ecs.capability.external");
  const resources = totalResources(request.totalResources);
  const devices =
    request.platformDevices === undefined ? devicesListed(resources) : platformDevices(request.platformDevices);
  const tags = newTags(request.tags);
  const trunk = wantsTrunk(given.settings, instanceType, platform);
  const id = step.random("container-instance-id").hex(32);
  const hostId = step.random("ec2-instance-id").hex(17);
  return {
    id,
    arn: containerInstanceArn(step.place, step.clusterName, id),
    ec2InstanceId: document?.instanceId ?? `${external ? "mi" : "i"}-${hostId}`,
    instanceType,
    availabilityZone: attributeValue(platform, "ecs.availability-zone"),
    external,
    status: trunk ? "REGISTERING" : "ACTIVE",
    statusReason: null,
    version: 0,
    agentConnected: false,
    disconnectedAt: step.now,
    versionInfo: request.versionInfo === undefined ? null : versionsOf(request.versionInfo),
    agentUpdate: null,
    registeredAt: step.now,
    deregisteredAt: null,
    statusSince: step.now,
    registeredResources: withDevices(resources, devices),
    platformDevices: devices,
    platformAttributes: platform,
    customAttributes: sent.custom,
    attachments: trunk ? [newTrunk(step.random("attachment-id"))] : [],
    tags,
    capacityProviderName: providerOfInstance(sent.custom, external),
    registeredBy: registrantOf(given.caller),
    privateAddress: privateAddress(step, null, document, given.caller),
  };
}

/** Instances without a zone are spread over three, so zone rules have an effect. */
function spreadZone(step: ClusterStep): string {
  return `${step.place.region}${"abc".charAt(step.state.instances.size % 3)}`;
}

/** AWS: the quota of container instances of a cluster; INACTIVE ones don't count. */
function checkRoom(step: ClusterStep): void {
  const max = limits.containerInstancesPerCluster;
  if (step.state.instances.size < max) return;
  let registered = 0;
  for (const instance of step.state.instances.values()) {
    if (instance.status !== "INACTIVE") registered += 1;
  }
  if (registered >= max) {
    refuse("ClientException", `A cluster can have at most ${max} container instances.`);
  }
}
