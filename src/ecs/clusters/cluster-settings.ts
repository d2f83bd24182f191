import type { Cluster } from "../documents/cluster.ts";
import { refuse } from "../refusals.ts";

export type RequestClusterSetting = { readonly name?: string; readonly value?: string };

const insightValues: readonly string[] = ["disabled", "enabled", "enhanced"];

/**
 * The checked settings of a request. Refuses with InvalidParameterException an unknown name or value and a name given twice. AWS:
 * `containerInsights` is the only cluster setting.
 */
export function checkedClusterSettings(settings: readonly RequestClusterSetting[]): Cluster["settings"] {
  const names = new Set<string>();
  return settings.map(({ name, value }) => {
    if (name !== "containerInsights") {
      refuse("InvalidParameterException", "Cluster setting name should be one of [containerInsights]");
    }
    if (value === undefined || !insightValues.includes(value)) {
      refuse(
        "InvalidParameterException",
        `The value of the cluster setting containerInsights should be one of [${insightValues.join(", ")}]`,
      );
    }
    if (names.has(name)) refuse("InvalidParameterException", `The cluster setting ${name} is given twice.`);
    names.add(name);
    return { name, value };
  });
}
