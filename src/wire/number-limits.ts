/**
 * The numbers and times of requests: whether whole, and between which bounds. Rows name members as those of `text-limits.ts` do.
 * Whole numbers outside the integer type of the API are another type, so the call is a SerializationException; inside it, a
 * number beyond its bounds is refused as an invalid parameter.
 */
export type NumberRow = {
  /** The API's type of the number. */
  readonly type: "integer" | "long" | "double";
  readonly min: number;
  readonly max: number;
  readonly members: readonly string[];
};

/** Times in epoch milliseconds. */
export type TimeRow = { readonly minMs: number; readonly maxMs: number; readonly members: readonly string[] };

/** LIMIT: AWS: the Integer of the API has 32 bits. */
export const integerMax = 2_147_483_647;
export const integerMin = -integerMax - 1;
/** LIMIT: AWS: a Long has 64 bits; beyond 2^53 numbers are no longer exact here, and sums of doubles lose their units. */
export const longMax = Number.MAX_SAFE_INTEGER;
/** LIMIT: AWS: the largest TCP or UDP port. */
const portMax = 65_535;
/** LIMIT: with more than this, one running task of a service already allows as many as a service can have. */
const percentMax = 10_000_000;
/** LIMIT: containers started before 1970 are no containers; a clock that says otherwise is broken. */
const reportedMsMin = 0;
/** LIMIT: 1 January 2100: a host's clock may be wrong by years, and times beyond that have been mistaken for milliseconds. */
const reportedMsMax = 4_102_444_800_000;
/** LIMIT: the year 1: clients write the least date that they know for "from the beginning". */
const filterMsMin = -62_135_596_800_000;
/** LIMIT: the end of the year 9999: clients write the largest date that they know for "until ever". */
const filterMsMax = 253_402_300_799_999;

export const numberLimits: readonly NumberRow[] = [
  {
    // The operations check these against what ECS documents, or refuse what they belong to as not built.
    type: "integer",
    min: integerMin,
    max: integerMax,
    members: [
      ...["bakeTimeInMinutes", "base", "canaryBakeTimeInMinutes", "count", "cpu", "deadlineSeconds", "desiredCount"],
      ...["expiresInMinutes", "healthCheckGracePeriodSeconds", "healthCheckIntervalSeconds"],
      ...["healthCheckTimeoutSeconds", "healthyThresholdCount", "idleTimeoutSeconds", "instanceWarmupPeriod"],
      ...["integerValue", "interval", "iops", "max", "maxComputePercent", "maxResults"],
      ...["maxSpotPriceAsPercentageOfOptimalOnDemandPrice", "maxSwap", "maximumScalingStepSize", "memory"],
      ...["memoryReservation", "min", "minimumHealthyPercent", "minimumScalingStepSize"],
      ...["onDemandMaxPricePercentageOverLowestPrice", "perRequestTimeoutSeconds", "replaceAfterSeconds"],
      ...["resolutionSeconds", "restartAttemptPeriod", "retries", "scaleInAfter", "sharedMemorySize", "size"],
      ...["sizeInGiB", "spotMaxPricePercentageOverLowestPrice", "startPeriod", "startTimeout"],
      ...["stepBakeTimeInMinutes", "stopTimeout", "storageSizeGiB", "swappiness", "targetCapacity", "throughput"],
      ...["timeout", "timeoutInMinutes", "unhealthyThresholdCount", "value", "volumeInitializationRate", "weight"],
      ...["PortMapping.containerPort", "PortMapping.hostPort", "transitEncryptionPort"],
    ],
  },
  {
    // AWS: exit codes of Linux have 8 bits, those of Windows 32.
    type: "integer",
    min: integerMin,
    max: integerMax,
    members: ["exitCode", "ignoredExitCodes[]"],
  },
  // AWS: -1 is unlimited.
  { type: "integer", min: -1, max: integerMax, members: ["hardLimit", "softLimit"] },
  { type: "integer", min: integerMin, max: percentMax, members: ["maximumPercent"] },
  {
    type: "integer",
    min: 0,
    max: portMax,
    members: ["containerPort", "healthCheckPort", "hostPort", "ingressPortOverride", "port"],
  },
  { type: "long", min: -longMax, max: longMax, members: ["longValue"] },
  {
    type: "double",
    min: -longMax,
    max: longMax,
    members: [
      ...["canaryPercent", "doubleValue", "healthyPercent", "stepPercent"],
      ...["MemoryGiBPerVCpuRequest.max", "MemoryGiBPerVCpuRequest.min", "NetworkBandwidthGbpsRequest.max"],
      ...["NetworkBandwidthGbpsRequest.min", "TotalLocalStorageGBRequest.max", "TotalLocalStorageGBRequest.min"],
    ],
  },
];

export const timeLimits: readonly TimeRow[] = [
  {
    minMs: reportedMsMin,
    maxMs: reportedMsMax,
    members: ["executionStoppedAt", "pullStartedAt", "pullStoppedAt"],
  },
  { minMs: filterMsMin, maxMs: filterMsMax, members: ["after", "before"] },
];
