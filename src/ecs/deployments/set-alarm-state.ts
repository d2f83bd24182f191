import { type Alarm, type AlarmState, alarmStates, describeAlarm, isAlarmName } from "../documents/alarm.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type SetAlarmStateRequest = {
  readonly cluster?: string;
  readonly alarmName?: string;
  readonly stateValue?: string;
  readonly stateReason?: string;
};

/**
 * SetAlarmState: reports the state of an alarm that services' deployments name. A running deployment that names an alarm in ALARM fails,
 * and rolls back if it is configured to. Refuses with InvalidParameterException a bad name, an unknown state, a long reason, and more
 * alarms than a cluster keeps.
 */
export function setAlarmState(step: ClusterStep, request: SetAlarmStateRequest, _: Given): { readonly alarm: object } {
  const { alarms } = step.state;
  const { alarmName: name = "", stateReason = null } = request;
  if (!isAlarmName(name)) {
    refuse("InvalidParameterException", `alarmName must be 1 to ${limits.nameCharacters} characters long.`);
  }
  const state = checkedState(request.stateValue);
  if (stateReason !== null && stateReason.length > limits.reasonCharacters) {
    refuse("InvalidParameterException", `stateReason must be at most ${limits.reasonCharacters} characters long.`);
  }
  const known = alarms.get(name);
  if (known === undefined && alarms.size >= limits.alarmsPerCluster) {
    refuse("InvalidParameterException", `A cluster can keep the states of at most ${limits.alarmsPerCluster} alarms.`);
  }
  const since = known?.state === state ? known.since : step.now;
  const alarm: Alarm = { name, state, reason: stateReason, since };
  alarms.put(name, alarm);
  return { alarm: describeAlarm(alarm) };
}

function checkedState(stateValue: string | undefined): AlarmState {
  const state = alarmStates.find((known) => known === stateValue);
  return state ?? refuse("InvalidParameterException", `stateValue should be one of [${alarmStates.join(",")}]`);
}
