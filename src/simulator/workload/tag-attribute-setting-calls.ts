import { ownPrefix } from "../checkers/writes.ts";
import type { Draw } from "../draw.ts";
import type { Known } from "./known.ts";
import { type CallPlanner, clusterOf } from "./planned-call.ts";

const keys = [`${ownPrefix}a`, `${ownPrefix}b`, `${ownPrefix}c`] as const;
const principals = ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/alice"] as const;
const settings = ["awsvpcTrunking", "containerInsights", "dualStackIPv6", "taskLongArnFormat"] as const;

function taggable(draw: Draw, known: Known): string | null {
  return draw.pickOrNull(
    draw.weighted([
      [5, known.tasks],
      [5, known.instances],
      [2, known.taskDefinitions],
      [2, known.services],
    ]),
  );
}

export const tagResource: CallPlanner = (draw, known) => {
  const resourceArn = taggable(draw, known);
  if (resourceArn === null) return null;
  const named = [...new Set(draw.some(keys, 2))];
  const tags = named.map((key) => ({ key, value: draw.hex(4) }));
  const wrong = draw.maybe(0.05, () => ({ tags: [{ key: "aws:mine", value: "no" }] }));
  return { operation: "TagResource", request: { resourceArn, tags, ...wrong } };
};

export const untagResource: CallPlanner = (draw, known) => {
  const resourceArn = taggable(draw, known);
  if (resourceArn === null) return null;
  return { operation: "UntagResource", request: { resourceArn, tagKeys: [draw.pick(keys)] } };
};

export const listTagsForResource: CallPlanner = (draw, known) => {
  const resourceArn = taggable(draw, known);
  return resourceArn === null ? null : { operation: "ListTagsForResource", request: { resourceArn } };
};

export const putAttributes: CallPlanner = (draw, known) => {
  const targetId = draw.pickOrNull(known.instances);
  if (targetId === null) return null;
  const attributes = [{ name: draw.pick(keys), value: draw.hex(3), targetId }];
  // An invalid one must make the others fail too.
  if (draw.chance(0.15)) attributes.push({ name: draw.pick(keys), value: "x", targetId: draw.hex(32) });
  const wrong = draw.maybe(0.05, () => ({ attributes: [{ name: "no good name!", targetId }] }));
  return { operation: "PutAttributes", request: { ...clusterOf(draw, known, targetId), attributes, ...wrong } };
};

export const deleteAttributes: CallPlanner = (draw, known) => {
  const targetId = draw.pickOrNull(known.instances);
  if (targetId === null) return null;
  const attributes = [{ name: draw.pick(keys), targetId }];
  return { operation: "DeleteAttributes", request: { ...clusterOf(draw, known, targetId), attributes } };
};

export const listAttributes: CallPlanner = (draw, known) => ({
  operation: "ListAttributes",
  request: {
    targetType: "container-instance",
    ...clusterOf(draw, known, draw.pickOrNull(known.instances)),
    ...draw.maybe(0.5, () => ({ attributeName: draw.pick(keys) })),
  },
});

const setting = (draw: Draw) => {
  const name = draw.pick(settings);
  return {
    name,
    value: draw.weighted([
      [8, "enabled"],
      [8, "disabled"],
      [1, "sometimes"],
    ]),
  };
};

export const putAccountSetting: CallPlanner = (draw) => ({
  operation: "PutAccountSetting",
  request: { ...setting(draw), principalArn: draw.pick(principals) },
});

/** Only one name, because it writes what PutAccountSetting for root writes. */
export const putAccountSettingDefault: CallPlanner = (draw) => ({
  operation: "PutAccountSettingDefault",
  request: { name: "defaultLogDriverMode", value: draw.pick(["blocking", "non-blocking"]) },
});

export const deleteAccountSetting: CallPlanner = (draw) => ({
  operation: "DeleteAccountSetting",
  request: { name: draw.pick(settings), principalArn: draw.pick(principals) },
});

export const listAccountSettings: CallPlanner = (draw) => ({
  operation: "ListAccountSettings",
  request: {
    ...draw.maybe(0.5, () => ({ effectiveSettings: true })),
    ...draw.maybe(0.3, () => ({ name: draw.pick(settings) })),
  },
});
