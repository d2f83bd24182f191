import { refuse } from "../refusals.ts";
import type { Cluster } from "./cluster.ts";

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
 * The configuration of a request, checked; null when there is none. Refuses with InvalidParameterException an unknown
 * logging, and a log configuration that is there without OVERRIDE or missing with it.
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
    if ((logging === "OVERRIDE") !== (logConfiguration !== undefined)) {
      refuse("InvalidParameterException", "A log configuration must be given if, and only if, logging is OVERRIDE.");
    }
  }
  return configuration as Readonly<Record<string, unknown>>;
}

/** Refuses what a cluster may be asked for and Berth cannot give yet, rather than keep it without effect. */
export function refuseWhatIsNotBuilt(request: {
  readonly serviceConnectDefaults?: { readonly namespace?: string };
}): void {
  const namespace = request.serviceConnectDefaults?.namespace;
  if (namespace !== undefined && namespace !== "") {
    // DIFFERS: clusters take no Service Connect default namespace: Berth has no namespaces to make or find it in.
    refuse("InvalidParameterException", "Berth has no Service Connect yet; leave out 'serviceConnectDefaults'.");
  }
}
