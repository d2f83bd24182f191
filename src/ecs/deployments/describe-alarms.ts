import type { Given } from "../call.ts";
import type { ClusterStep } from "../cluster-step.ts";
import { describeAlarm } from "./alarm.ts";

/** DescribeAlarms: the alarms that the cluster was told of, by name. */
export function describeAlarms(step: ClusterStep, _request: object, _: Given): { readonly alarms: readonly object[] } {
  const names = [...step.state.alarms.keys()].sort();
  return { alarms: names.flatMap((name) => step.state.alarms.get(name) ?? []).map(describeAlarm) };
}
