/** AWS: the rules of members that several operations have, and of tags. */
import type { MemberRules } from "../service-machine/member-rules.ts";
import type { Tag } from "./secret.ts";
import { refuse } from "./secrets-refusal.ts";

/** AWS: as bytes, too. */
export const valueBytesMax = 65_536;

/** LIMIT: base64 of the longest binary value; the exact limit counts its bytes. */
const binaryCharactersMax = 87_384;

export const secretIdRule = { SecretId: { type: "text", required: true, min: 1, max: 2_048 } } as const;

export const valueRules = {
  ClientRequestToken: { type: "text", min: 32, max: 64 },
  SecretString: { type: "text", min: 1, max: valueBytesMax, isSecret: true },
  SecretBinary: { type: "text", min: 1, max: binaryCharactersMax, isSecret: true },
} as const satisfies MemberRules;

export const descriptionRules = {
  Description: { type: "text", min: 0, max: 2_048 },
  KmsKeyId: { type: "text", min: 0, max: 2_048 },
} as const satisfies MemberRules;

export const stageRule = { type: "text", min: 1, max: 256 } as const;

export const tokenRule = { type: "text", min: 1, max: 4_096 } as const;

const tagsMax = 50;

/** AWS: the limits of tags; their texts are ours. */
export function checkTags(tags: readonly Partial<Tag>[]): readonly Tag[] {
  const keys = new Set<string>();
  for (const { Key = "", Value = "" } of tags) {
    if (Key.length < 1 || Key.length > 128 || Value.length > 256) {
      refuse("InvalidParameterException", "A tag's key has 1 to 128 characters, and its value at most 256.");
    }
    if (/^aws:/i.test(Key)) refuse("InvalidParameterException", "Tag keys can't begin with aws:.");
    if (keys.has(Key)) refuse("InvalidParameterException", `The tag key ${Key} is there twice.`);
    keys.add(Key);
  }
  if (tags.length > tagsMax) refuse("InvalidParameterException", `A secret can have at most ${tagsMax} tags.`);
  return tags.map(({ Key = "", Value = "" }) => ({ Key, Value }));
}
