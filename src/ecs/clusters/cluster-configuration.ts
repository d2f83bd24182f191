import type { Cluster } from "../documents/cluster.ts";
import { refuse } from "../refusals.ts";

export type RequestClusterConfiguration = {
  readonly executeCommandConfiguration?: {
    readonly kmsKeyId?: string;
    readonly logging?: string;
    readonly logConfiguration?: Readonly<Record<string, unknown>>;
  };
  readonly managedStorageConfiguration?: Readonly<Record<string, unknown>>;
};

const loggings: readonly string[] = ["NONE", "DEFAULT", "OVERRIDE"];

/**
 * The checked configuration of a request, or null. Refuses with InvalidParameterException an unknown logging value, and a log configuration
 * given without OVERRIDE or missing with it.
 */
export function checkedClusterConfiguration(
  configuration: RequestClusterConfiguration | undefined,
): Cluster["configuration"] {
  if (configuration === undefined) return null;
  const execute = configuration.executeCommandConfiguration;
  if (execute !== undefined) {
    const { logging, logConfiguration } = execute;
    if (logging !== undefined && !loggings.includes(logging)) {
      refuse("InvalidParameterException", `Execute command logging should be one of [${loggings.join(", ")}]`);
    }
    // AWS: users report these texts.
    if (logConfiguration !== undefined && logging !== "OVERRIDE") {
      refuse("InvalidParameterException", "You must set logging to 'OVERRIDE' when you supply a log configuration.");
    }
    const { cloudWatchLogGroupName, s3BucketName } = logConfiguration ?? {};
    if (logging === "OVERRIDE" && !cloudWatchLogGroupName && !s3BucketName) {
      refuse(
        "InvalidParameterException",
        "A CloudWatch log group name or S3 bucket name must be specified when overriding the default log configuration.",
      );
    }
  }
  return configuration as Readonly<Record<string, unknown>>;
}

/** Refuses cluster options that Berth doesn't support yet, rather than store them without effect. */
export function refuseWhatIsNotBuilt(request: {
  readonly serviceConnectDefaults?: { readonly namespace?: string };
}): void {
  const namespace = request.serviceConnectDefaults?.namespace;
  if (namespace !== undefined && namespace !== "") {
    // DIFFERS: clusters take no Service Connect default namespace: Berth has no namespaces.
    refuse("InvalidParameterException", "Berth has no Service Connect yet; leave out 'serviceConnectDefaults'.");
  }
}
