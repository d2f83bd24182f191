import { Refusal } from "../ecs/refusals.ts";

/** What a member must be. */
export type MemberRule =
  | {
      readonly type: "text";
      readonly required?: true;
      readonly min: number;
      readonly max: number;
      readonly pattern?: RegExp;
      /** Errors don't repeat its value. */
      readonly isSecret?: true;
    }
  | { readonly type: "number"; readonly min: number; readonly max: number }
  | { readonly type: "word"; readonly required?: true; readonly words: readonly string[] }
  | { readonly type: "list"; readonly required?: true; readonly min: number; readonly max: number };

export type MemberRules = Readonly<Record<string, MemberRule>>;

/**
 * Refuses with `code` what breaks the rules of a request's members, all in one text. AWS: the texts, with members in lower camel case and patterns
 * as the API model has them.
 */
export function checkMembers(request: object, rules: MemberRules, code = "ValidationException"): void {
  const found = Object.entries(rules).flatMap(([name, rule]) => {
    const value = (request as Readonly<Record<string, unknown>>)[name];
    const constraint = brokenConstraint(value, rule);
    if (constraint === null) return [];
    const member = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    return [`Value ${shownValue(value, rule)}at '${member}' failed to satisfy constraint: Member must ${constraint}`];
  });
  if (found.length === 0) return;
  const errors = found.length === 1 ? "1 validation error" : `${found.length} validation errors`;
  throw new Refusal(code, `${errors} detected: ${found.join("; ")}`);
}

/** LIMIT: how much of a value an error repeats. */
const shownMax = 256;

function shownValue(value: unknown, rule: MemberRule): string {
  if (value === undefined) return "null ";
  if (rule.type === "text" && rule.isSecret === true) return "";
  const text = Array.isArray(value) ? `[${value.map((item) => shownItem(item)).join(", ")}]` : String(value);
  return `'${text.slice(0, shownMax)}' `;
}

/** Items with members may have secrets in them. */
const shownItem = (item: unknown): string => (typeof item === "string" ? item : "{...}");

function brokenConstraint(value: unknown, rule: MemberRule): string | null {
  if (value === undefined) return rule.type !== "number" && rule.required === true ? "not be null" : null;
  switch (rule.type) {
    case "number":
      return brokenNumber(value as number, rule);
    case "word":
      return rule.words.includes(value as string) ? null : `satisfy enum value set: [${rule.words.join(", ")}]`;
    case "list":
      return brokenLength((value as readonly unknown[]).length, rule);
    case "text": {
      const text = value as string;
      const broken = brokenLength(text.length, rule);
      if (broken !== null || rule.pattern === undefined || rule.pattern.test(text)) return broken;
      return `satisfy regular expression pattern: ${rule.pattern.source.replace(/^\^(.*)\$$/, "$1").replaceAll("\\/", "/")}`;
    }
  }
}

type Range = { readonly min: number; readonly max: number };

function brokenNumber(value: number, { min, max }: Range): string | null {
  if (!Number.isInteger(value)) return "be an integer";
  if (value < min) return `have value greater than or equal to ${min}`;
  return value > max ? `have value less than or equal to ${max}` : null;
}

function brokenLength(length: number, { min, max }: Range): string | null {
  if (length < min) return `have length greater than or equal to ${min}`;
  return length > max ? `have length less than or equal to ${max}` : null;
}
