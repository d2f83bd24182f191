/**
 * The numbers and times of requests: whether they must be integers, and their bounds. Rows name members as in `text-limits.ts`. An integer
 * outside the API's integer type is a SerializationException; one inside it but out of bounds is refused as an invalid parameter.
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
/** LIMIT: AWS: a Long has 64 bits; above 2^53 numbers here are no longer exact, and sums of doubles lose units. */
export const longMax = Number.MAX_SAFE_INTEGER;
/** LIMIT: AWS: the largest TCP or UDP port. */
const portMax = 65_535;
/** LIMIT: with more than this, one running task already allows as many tasks as a service can have. */
const percentMax = 10_000_000;
/** LIMIT: no container started before 1970; a clock that says otherwise is broken. */
const reportedMsMin = 0;
/** LIMIT: 1 January 2100: a host's clock may be years off, and later times are usually milliseconds taken for seconds. */
const reportedMsMax = 4_102_444_800_000;
/** LIMIT: the year 1: clients write their smallest date for "from the beginning". */
const filterMsMin = -62_135_596_800_000;
/** LIMIT: the end of the year 9999: clients write their largest date for "without end". */
const filterMsMax = 253_402_300_799_999;

export const numberLimits: readonly NumberRow[] = [
  {
    // The operations check these against ECS's documented ranges, or refuse their structure as unsupported.
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
    // AWS: Linux exit codes have 8 bits, Windows ones 32.
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
