import { refuse } from "./sts-refusal.ts";

/** What a member must be. */
export type MemberRule =
  | {
      readonly type: "text";
      readonly required?: true;
      readonly min: number;
      readonly max: number;
      readonly pattern?: RegExp;
    }
  | { readonly type: "number"; readonly min: number; readonly max: number };

/**
 * Refuses with ValidationError what breaks the rules of a request's members, all in one text. AWS: the texts, with members in lower camel case and
 * patterns as the API model has them.
 */
export function checkMembers(request: object, rules: Readonly<Record<string, MemberRule>>): void {
  const found = Object.entries(rules).flatMap(([name, rule]) => {
    const value = (request as Readonly<Record<string, unknown>>)[name];
    const constraint = brokenConstraint(value, rule);
    if (constraint === null) return [];
    const shown = value === undefined ? "null" : `'${String(value).slice(0, shownMax)}'`;
    const member = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    return [`Value ${shown} at '${member}' failed to satisfy constraint: Member must ${constraint}`];
  });
  if (found.length === 0) return;
  const errors = found.length === 1 ? "1 validation error" : `${found.length} validation errors`;
  refuse("ValidationError", `${errors} detected: ${found.join("; ")}`);
}

/** LIMIT: how much of a value an error repeats. */
const shownMax = 256;

function brokenConstraint(value: unknown, rule: MemberRule): string | null {
  if (rule.type === "number") {
    if (value === undefined) return null;
    if ((value as number) < rule.min) return `have value greater than or equal to ${rule.min}`;
    return (value as number) > rule.max ? `have value less than or equal to ${rule.max}` : null;
  }
  if (value === undefined) return rule.required === true ? "not be null" : null;
  const text = value as string;
  if (text.length < rule.min) return `have length greater than or equal to ${rule.min}`;
  if (text.length > rule.max) return `have length less than or equal to ${rule.max}`;
  if (rule.pattern === undefined || rule.pattern.test(text)) return null;
  return `satisfy regular expression pattern: ${rule.pattern.source.replace(/^\^(.*)\$$/, "$1")}`;
}
