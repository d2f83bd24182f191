import type { ContainerInstance } from "../documents/container-instance.ts";
import type { PlacementConstraint, PlacementRequest } from "../documents/placement-request.ts";
import type { Candidate, PlacementFilter, PlacementRefusal } from "./candidate.ts";
import { agentConnected } from "./filters/agent-connected.ts";
import { distinctInstance } from "./filters/distinct-instance.ts";
import { memberOf } from "./filters/member-of.ts";
import { networkInterfacesFit } from "./filters/network-interfaces.ts";
import { requiredAttributes } from "./filters/required-attributes.ts";
import { cpuFits, gpusFit, memoryFits, ownResourceFits, portsFree } from "./filters/resources.ts";

const filtersOfRequest = new WeakMap<PlacementRequest, readonly PlacementFilter[]>();

/** The filters that a request must pass, in order; the first that refuses gives the reason. */
export function filtersOf(request: PlacementRequest): readonly PlacementFilter[] {
  let filters = filtersOfRequest.get(request);
  if (filters === undefined) {
    filters = bound(request);
    filtersOfRequest.set(request, filters);
  }
  return filters;
}

/** AWS: what an instance has is checked first, then the constraints. */
function bound({ need, group, constraints }: PlacementRequest): readonly PlacementFilter[] {
  return [
    agentConnected,
    ...(need.requiresAttributes.length === 0 ? [] : [requiredAttributes(need)]),
    cpuFits(need),
    memoryFits(need),
    ...(need.gpus === 0 ? [] : [gpusFit(need)]),
    ...(need.tcpPorts.length + need.udpPorts.length === 0 ? [] : [portsFree(need)]),
    ...(need.networkInterfaces === 0 ? [] : [networkInterfacesFit(need)]),
    ...need.resources.map(ownResourceFits),
    ...constraints.map((constraint: PlacementConstraint) =>
      constraint.type === "memberOf" ? memberOf(constraint.expression) : distinctInstance(group),
    ),
  ];
}

/** True for instances of the kind that `request` asks for (launch type and capacity provider), whatever their status. */
export const isOfKind = (request: PlacementRequest, instance: ContainerInstance): boolean =>
  instance.external === (request.launchType === "EXTERNAL") &&
  (request.capacityProvider === null || instance.capacityProviderName === request.capacityProvider);

/** True for instances that placement may use. AWS: ACTIVE ones of the request's kind. */
export const isEligible = (request: PlacementRequest, instance: ContainerInstance): boolean =>
  instance.status === "ACTIVE" && isOfKind(request, instance);

/** Why `filter` refuses a candidate, or null if it passes. */
export function refusalBy(filter: PlacementFilter, candidate: Candidate): PlacementRefusal | null {
  const lack = filter.lacks(candidate);
  if (lack === 0) return null;
  return { instanceId: candidate.instance.id, reason: filter.reason, lack, detail: filter.explain(candidate) };
}

/** Why an instance accepts no task of the request, or null if it is eligible. */
export function ineligible(request: PlacementRequest, { instance }: Candidate): PlacementRefusal | null {
  const { id: instanceId, status } = instance;
  if (status !== "ACTIVE") {
    // AWS: the same reason for an instance that is deregistered or about to be.
    const reason = status === "DEREGISTERING" ? "INACTIVE" : status;
    return { instanceId, reason, lack: 1, detail: `The container instance is ${status}.` };
  }
  if (isOfKind(request, instance)) return null;
  const { launchType, capacityProvider } = request;
  const detail =
    instance.external !== (launchType === "EXTERNAL")
      ? `The container instance does not run tasks of launch type ${launchType}.`
      : `The container instance does not belong to the capacity provider ${capacityProvider}.`;
  return { instanceId, reason: "ATTRIBUTE", lack: 1, detail };
}
