import type { ManagedScaling } from "../documents/capacity-provider.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";

export type RequestAutoScalingGroup = {
  /** Absent in UpdateCapacityProvider. */
  readonly autoScalingGroupArn?: string;
  readonly managedScaling?: {
    readonly status?: string;
    readonly targetCapacity?: number;
    readonly minimumScalingStepSize?: number;
    readonly maximumScalingStepSize?: number;
    readonly instanceWarmupPeriod?: number;
  };
  readonly managedTerminationProtection?: string;
  readonly managedDraining?: string;
};

export const scalingOff: ManagedScaling = {
  status: "DISABLED",
  targetCapacity: null,
  minimumScalingStepSize: null,
  maximumScalingStepSize: null,
  instanceWarmupPeriod: null,
};

/** The ARN or name of an Auto Scaling group. Refuses an empty or overlong one (InvalidParameterException). */
export function checkedGroupArn(autoScalingGroupArn: string | undefined): string {
  if (autoScalingGroupArn === undefined || autoScalingGroupArn === "") {
    refuse("InvalidParameterException", "autoScalingGroupArn can not be empty.");
  }
  if (!/^[\x20-\x7e]+$/.test(autoScalingGroupArn) || autoScalingGroupArn.length > limits.groupArnCharacters) {
    refuse("InvalidParameterException", "The specified Auto Scaling group ARN is invalid.");
  }
  return autoScalingGroupArn;
}

/**
 * The scaling settings after a request; what it leaves out stays as `before`. Refuses values outside the ranges (InvalidParameterException)
 * and settings that would start or stop machines (UnsupportedFeatureException).
 */
export function checkedScaling(request: RequestAutoScalingGroup, before: ManagedScaling): ManagedScaling {
  refuseEnabled("managedTerminationProtection", request.managedTerminationProtection);
  // DIFFERS: managedDraining is DISABLED by default, in AWS ENABLED: Berth doesn't know when a machine is about to end.
  refuseEnabled("managedDraining", request.managedDraining);
  const { managedScaling } = request;
  if (managedScaling === undefined) return before;
  // DIFFERS: managed scaling and termination protection are DISABLED and can't be enabled, because Berth starts and stops no machines.
  refuseEnabled("managedScaling.status", managedScaling.status);
  const given = (name: keyof typeof ranges): number | null => {
    const value = managedScaling[name];
    if (value === undefined) return before[name];
    const { min, max } = ranges[name];
    if (!Number.isInteger(value) || value < min || value > max) {
      refuse("InvalidParameterException", `managedScaling.${name} must be between ${min} and ${max}.`);
    }
    return value;
  };
  return {
    status: "DISABLED",
    targetCapacity: given("targetCapacity"),
    minimumScalingStepSize: given("minimumScalingStepSize"),
    maximumScalingStepSize: given("maximumScalingStepSize"),
    instanceWarmupPeriod: given("instanceWarmupPeriod"),
  };
}

// AWS: the ranges of the API model.
const ranges = {
  targetCapacity: { min: 1, max: 100 },
  minimumScalingStepSize: { min: 1, max: 10_000 },
  maximumScalingStepSize: { min: 1, max: 10_000 },
  instanceWarmupPeriod: { min: 0, max: 10_000 },
} as const;

function refuseEnabled(what: string, value: string | undefined): void {
  if (value === undefined || value === "DISABLED") return;
  if (value !== "ENABLED") refuse("InvalidParameterException", `${what} should be one of [ENABLED,DISABLED]`);
  refuse(
    "UnsupportedFeatureException",
    `Berth starts and ends no machines: leave ${what} out or set it to DISABLED, and start hosts with the attribute berth.capacity-provider.`,
  );
}
