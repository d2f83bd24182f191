import type { Cursor } from "../../ecs/cluster-query/cursor.ts";
import { FilterPatternError } from "./filter-pattern-error.ts";
import type { MessageMatcher } from "./message-matcher.ts";
import { quotedText } from "./quoted-text.ts";
import type { RegexReader } from "./regex-matcher.ts";

/**
 * Terms: a message must contain all plain ones and none with `-`. If every term has a `?`, one of them is enough.
 * AWS: a term is found anywhere in the message, in the case that was written. Terms with `?` are ignored when there are others.
 */
export function termPattern(cursor: Cursor, regexes: RegexReader): MessageMatcher {
  const wanted: MessageMatcher[] = [];
  const optional: MessageMatcher[] = [];
  const excluded: MessageMatcher[] = [];
  while (!cursor.ended) {
    const into = cursor.takes("?") ? optional : cursor.takes("-") ? excluded : wanted;
    into.push(term(cursor, regexes));
    if (!cursor.ended && cursor.takeAll(/\s+/y) === "") cursor.fail("Expected a space between two terms");
  }
  if (wanted.length === 0 && excluded.length === 0) return (message) => optional.some((matches) => matches(message));
  return (message) => wanted.every((matches) => matches(message)) && !excluded.some((matches) => matches(message));
}

function term(cursor: Cursor, regexes: RegexReader): MessageMatcher {
  if (cursor.sees("%")) return regexes.take(cursor);
  if (cursor.sees('"')) {
    const phrase = quotedText(cursor);
    return (message) => message.includes(phrase);
  }
  const word = cursor.takeAll(/\S+/y);
  // AWS: anything that is not a letter, a digit or an underscore must be quoted.
  if (!/^[\p{L}\p{N}_]+$/u.test(word)) throw new FilterPatternError(`Invalid character(s) in term '${word}'`);
  return (message) => message.includes(word);
}
