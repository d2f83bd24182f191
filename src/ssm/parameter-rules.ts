/** AWS: what names, labels and tags of parameters may be, with its texts. */
import type { MemberRules } from "../service-machine/member-rules.ts";
import type { Tag } from "./parameter.ts";
import { refuse } from "./ssm-refusal.ts";

/** LIMIT: AWS's bound of a name as a part of its ARN; also of any reference. */
const referenceMax = 2_048;

export const nameRule = { Name: { type: "text", required: true, min: 1, max: referenceMax } } as const;
export const namesRule = { Names: { type: "list", required: true, min: 1, max: 10 } } as const;
export const pageRules = (max: number) =>
  ({
    MaxResults: { type: "number", min: 1, max },
    NextToken: { type: "text", min: 0, max: 4_096 },
  }) as const satisfies MemberRules;

const levelsMax = 15;
const tagsMax = 50;

const aboutPaths =
  "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_";

/** Refuses the name of a new parameter with ValidationException, AccessDeniedException or HierarchyLevelLimitExceededException. */
export function checkNewName(name: string): void {
  if (name.includes("/") && !name.startsWith("/")) {
    refuse("ValidationException", "Parameter name must be a fully qualified name.");
  }
  if (name.endsWith("/")) refuse("ValidationException", "Parameter name must not end with slash.");
  const plain = name.replace(/^\//, "").toLowerCase();
  if (plain.startsWith("aws") && name.lastIndexOf("/") > 0) {
    refuse("AccessDeniedException", `No access to reserved parameter name: ${name}.`);
  }
  if (/^(?:aws|ssm)/.test(plain) && name.lastIndexOf("/") <= 0) {
    refuse("ValidationException", 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
  }
  if (plain.startsWith("ssm") || !/^(?:[\w.-]+|(?:\/[\w.-]+)+)$/.test(name)) {
    refuse("ValidationException", `Parameter name: can't be prefixed with "ssm" (case-insensitive). ${aboutPaths}`);
  }
  if (name.split("/").length - 1 > levelsMax) {
    const text = `A hierarchy can have a maximum of ${levelsMax} levels. For more information, see Requirements and constraints for parameter names in the AWS Systems Manager User Guide.`;
    refuse("HierarchyLevelLimitExceededException", text);
  }
}

/** AWS: the limits of tags; their texts are ours. Refuses with ValidationException, too many with TooManyTagsError. */
export function checkTags(tags: readonly Partial<Tag>[]): readonly Tag[] {
  const keys = new Set<string>();
  for (const { Key = "", Value = "" } of tags) {
    if (Key.length < 1 || Key.length > 128 || Value.length > 256) {
      refuse("ValidationException", "A tag's key has 1 to 128 characters, and its value at most 256.");
    }
    if (/^aws:/i.test(Key)) refuse("ValidationException", "Tag keys can't begin with aws:.");
    if (keys.has(Key)) refuse("ValidationException", `The tag key ${Key} is there twice.`);
    keys.add(Key);
  }
  if (tags.length > tagsMax) refuse("TooManyTagsError", `A parameter can have at most ${tagsMax} tags.`);
  return tags.map(({ Key = "", Value = "" }) => ({ Key, Value }));
}
