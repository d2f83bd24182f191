import { capacityProviderReply, providerToChange } from "../references/account-providers.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";
import { checkedScaling, type RequestAutoScalingGroup } from "./auto-scaling-group.ts";
import { refuseManagedInstances } from "./managed-instances.ts";

export type UpdateCapacityProviderRequest = {
  readonly name?: string;
  readonly cluster?: string;
  readonly autoScalingGroupProvider?: Omit<RequestAutoScalingGroup, "autoScalingGroupArn">;
  readonly managedInstancesProvider?: object;
};

/**
 * UpdateCapacityProvider: changes the scaling settings at once; what the request leaves out stays. Refuses an unknown provider
 * (ClientException), the Fargate ones and bad settings (InvalidParameterException), and what Berth doesn't support
 * (UnsupportedFeatureException).
 */
export function updateCapacityProvider(step: AccountStep, request: UpdateCapacityProviderRequest): object {
  refuseManagedInstances(request);
  const provider = providerToChange(step, request.name, "updated");
  const { autoScalingGroupProvider } = request;
  if (autoScalingGroupProvider === undefined) {
    refuse("InvalidParameterException", "autoScalingGroupProvider can not be null.");
  }
  step.state.capacityProviders.put(provider.name, {
    ...provider,
    managedScaling: checkedScaling(autoScalingGroupProvider, provider.managedScaling),
    updateStatus: "UPDATE_COMPLETE",
    updateStatusReason: null,
  });
  return { capacityProvider: capacityProviderReply(step, provider.name, true) };
}
