import { Cursor } from "../../ecs/cluster-query/cursor.ts";
import { QueryError } from "../../ecs/cluster-query/query-error.ts";
import { fieldPattern } from "./field-pattern.ts";
import { FilterPatternError } from "./filter-pattern-error.ts";
import { jsonPattern } from "./json-pattern.ts";
import type { MessageMatcher } from "./message-matcher.ts";
import { RegexReader } from "./regex-matcher.ts";
import { termPattern } from "./term-pattern.ts";

/** LIMIT: the length that the API model of CloudWatch Logs gives `filterPattern`. */
export const filterPatternCharactersMax = 1_024;

/**
 * The matcher of a CloudWatch Logs filter pattern: terms (`ERROR -debug "out of memory"`), JSON (`{ $.level = "error" }`) or fields
 * (`[ip, ..., status = 5*]`). The work per message is linear in its length. Throws {@link FilterPatternError} for text that is none
 * of them.
 */
export function parseFilterPattern(text: string): MessageMatcher {
  if (text.length > filterPatternCharactersMax) {
    throw new FilterPatternError(`A filter pattern has at most ${filterPatternCharactersMax} characters`);
  }
  const trimmed = text.trim();
  if (trimmed === "") return () => true;
  const cursor = new Cursor(trimmed);
  const regexes = new RegexReader();
  try {
    if (cursor.takes("{")) return jsonPattern(cursor, regexes);
    if (cursor.takes("[")) return fieldPattern(cursor, regexes);
    return termPattern(cursor, regexes);
  } catch (error) {
    throw error instanceof QueryError ? new FilterPatternError(error.message, { cause: error }) : error;
  }
}
