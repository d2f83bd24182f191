import { describeAlarm } from "../documents/alarm.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/** DescribeAlarms: the alarms reported to the cluster, by name. */
export function describeAlarms(step: ClusterStep, _request: object, _: Given): { readonly alarms: readonly object[] } {
  const names = [...step.state.alarms.keys()].sort();
  return { alarms: names.flatMap((name) => step.state.alarms.get(name) ?? []).map(describeAlarm) };
}
