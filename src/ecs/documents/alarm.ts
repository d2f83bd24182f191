import { limits } from "../limits.ts";
import type { DocumentKind } from "./document-kind.ts";

/** AWS: the states of an alarm. */
export const alarmStates = ["OK", "ALARM", "INSUFFICIENT_DATA"] as const;
export type AlarmState = (typeof alarmStates)[number];

/**
 * The last reported state of an alarm (kind `alarm`, key: its name). Berth measures nothing: whoever does reports it through SetAlarmState,
 * the only way in.
 */
export type Alarm = {
  readonly name: string;
  readonly state: AlarmState;
  readonly reason: string | null;
  readonly since: number;
};

/** AWS: an alarm's name has up to 255 characters, without control characters. */
export const isAlarmName = (name: string): boolean =>
  name.length >= 1 && name.length <= limits.nameCharacters && !/\p{Cc}/u.test(name);

/** An alarm as Berth's own operations show it. */
export const describeAlarm = ({ name, state, reason, since }: Alarm): object => ({
  alarmName: name,
  stateValue: state,
  stateReason: reason,
  stateSince: since,
});

export const alarmKind: DocumentKind<Alarm> = {
  name: "alarm",
  keyMember: "name",
  version: 1,
  shape: { name: "string", state: "string", since: "number" },
};
