import type { Draw } from "../draw.ts";
import { type CallPlanner, clusterMember } from "./planned-call.ts";

/** Alarms that deployments name, and one that none does. */
export const alarmNames = ["slow", "errors"] as const;

export const setAlarmState: CallPlanner = (draw, known) => ({
  operation: "SetAlarmState",
  request: {
    ...clusterMember(draw, known),
    alarmName: draw.pick([...alarmNames, "nobodys"]),
    // Mostly fine, because no deployment succeeds while its alarm is on.
    stateValue: draw.weighted([
      [6, "OK"],
      [3, "ALARM"],
      [1, "INSUFFICIENT_DATA"],
      [1, "MAYBE"],
    ]),
  },
});

export const describeAlarms: CallPlanner = (draw, known) => ({
  operation: "DescribeAlarms",
  request: clusterMember(draw, known),
});

/** The alarms of a deployment configuration. */
export const alarmsMember = (draw: Draw): object => ({
  alarms: {
    alarmNames: draw.some(alarmNames, 2),
    enable: draw.chance(0.8),
    rollback: draw.chance(0.6),
  },
});
