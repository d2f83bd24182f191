import type { ClusterState } from "../cluster-state.ts";
import { limits } from "../limits.ts";
import type { Service } from "../services/service.ts";
import type { Deployment } from "./deployment.ts";

/** AWS: the states of an alarm. */
export const alarmStates = ["OK", "ALARM", "INSUFFICIENT_DATA"] as const;
export type AlarmState = (typeof alarmStates)[number];

/**
 * What an alarm was last said to be (kind `alarm`, key: its name). Berth measures nothing: whoever does tells it through
 * SetAlarmState, which is the one way in for this.
 */
export type Alarm = {
  readonly name: string;
  readonly state: AlarmState;
  readonly reason: string | null;
  readonly since: number;
};

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

/** AWS: the name of an alarm has up to 255 characters, of which none is a control character. */
export const isAlarmName = (name: string): boolean =>
  name.length >= 1 && name.length <= limits.nameCharacters && !/\p{Cc}/u.test(name);

/** An alarm as Berth's own operations show it. */
export const describeAlarm = ({ name, state, reason, since }: Alarm): object => ({
  alarmName: name,
  stateValue: state,
  stateReason: reason,
  stateSince: since,
});
