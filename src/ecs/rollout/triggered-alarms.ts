import type { Deployment } from "../documents/deployment.ts";
import type { Service } from "../documents/service.ts";
import type { ClusterState } from "../state/cluster-state.ts";

/** The alarms that fail a service's deployments (of its configuration), those that are in ALARM only. */
export function alarmsInAlarm(
  state: ClusterState,
  { deploymentConfiguration }: Pick<Service, "deploymentConfiguration">,
): string[] {
  const { enable, alarmNames } = deploymentConfiguration.alarms;
  return enable ? alarmNames.filter((name) => state.alarms.get(name)?.state === "ALARM") : [];
}

/** The alarms that fail this deployment now. AWS: one that was in ALARM when the deployment began says nothing about it. */
export const triggeredAlarms = (state: ClusterState, service: Service, deployment: Deployment): string[] =>
  deployment.rolloutState === "IN_PROGRESS"
    ? alarmsInAlarm(state, service).filter((name) => !deployment.alarmsAtStart.includes(name))
    : [];
