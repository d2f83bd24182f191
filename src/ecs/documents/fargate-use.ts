/** AWS: the two Fargate quotas; a task without a capacity provider counts as FARGATE. */
export const fargateProviders = ["FARGATE", "FARGATE_SPOT"] as const;
export type FargateProvider = (typeof fargateProviders)[number];

/** CPU units that Fargate tasks hold, by quota. */
export type FargateUse = Readonly<Record<FargateProvider, number>>;

export const nothingOnFargate: FargateUse = { FARGATE: 0, FARGATE_SPOT: 0 };

/** Why a task has no room on Fargate. */
export type FargateLack = "capacity" | "quota";

/** AWS: the reason of the failure. */
export const fargateFailures: Readonly<Record<FargateLack, string>> = {
  capacity: "Capacity is unavailable at this time. Please try again later or in a different availability zone",
  quota: "You’ve reached the limit on the number of vCPUs you can run concurrently",
};
