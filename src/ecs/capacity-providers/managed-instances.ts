import { refuse } from "../refusals.ts";

/** Refuses members that belong to ECS Managed Instances, whose providers are the only ones created inside one cluster. */
export function refuseManagedInstances(request: {
  readonly cluster?: string;
  readonly managedInstancesProvider?: object;
}): void {
  if (request.managedInstancesProvider === undefined && request.cluster === undefined) return;
  refuse(
    "UnsupportedFeatureException",
    "Berth has no Managed Instances: leave managedInstancesProvider and cluster out, and associate the capacity provider with PutClusterCapacityProviders.",
  );
}
