import type { Draw } from "../draw.ts";

/** Expressions that some of the hosts satisfy, at least at times. The last ones are invalid. */
const expressions = [
  [6, "attribute:rack == r0"],
  [4, "attribute:rack in [r0, r1]"],
  [4, "not(attribute:rack == r1)"],
  [4, "task:group == blue"],
  [4, "not(task:group == blue)"],
  [3, "attribute:ecs.instance-type exists or runningTasksCount < 3"],
  [2, "agentConnected == true and attribute:rack =~ r."],
  [1, "attribute:nowhere exists"],
  [1, "attribute:rack = r0"],
  [1, "rack"],
] as const;

/** The meaning of the expressions that look at permanent properties of an instance, for checking where tasks are. */
export const lastingExpressions: ReadonlyMap<string, (value: (name: string) => string | null) => boolean> = new Map([
  ["attribute:rack == r0", (value) => value("rack") === "r0"],
  ["attribute:rack in [r0, r1]", (value) => value("rack") === "r0" || value("rack") === "r1"],
  ["not(attribute:rack == r1)", (value) => value("rack") !== "r1"],
  ["agentConnected == true and attribute:rack =~ r.", (value) => /^r.$/.test(value("rack") ?? "")],
  ["attribute:nowhere exists", (value) => value("nowhere") !== null],
]);

const strategies = [
  [6, { type: "spread", field: "instanceId" }],
  [4, { type: "spread", field: "attribute:rack" }],
  [4, { type: "spread", field: "attribute:ecs.availability-zone" }],
  [4, { type: "binpack", field: "memory" }],
  [4, { type: "binpack", field: "CPU" }],
  [3, { type: "random" }],
  [1, { type: "binpack", field: "disk" }],
] as const;

const memberOf = (draw: Draw) => ({ type: "memberOf", expression: draw.weighted(expressions) });

/** The constraints of a task definition. */
export const definitionConstraints = (draw: Draw): object => ({ placementConstraints: [memberOf(draw)] });

/** Constraints and strategies of a call that places tasks. Most calls have none. */
export const placementMembers = (draw: Draw): object => ({
  ...draw.maybe(0.15, () => ({
    placementConstraints: draw.some([{ type: "distinctInstance" }, memberOf(draw), memberOf(draw)], 2),
  })),
  ...draw.maybe(0.25, () => ({
    placementStrategy: Array.from({ length: draw.between(1, 2) }, () => draw.weighted<object>(strategies)),
  })),
});
