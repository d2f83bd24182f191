import type { Cursor } from "../../ecs/cluster-query/cursor.ts";
import { patternMatcher, patternStates } from "../../ecs/cluster-query/match-pattern.ts";
import { type Pattern, parsePattern } from "../../ecs/cluster-query/parse-pattern.ts";
import type { MessageMatcher } from "./message-matcher.ts";

/** AWS: at most two regular expressions in a filter pattern. */
const regexesMax = 2;

/** LIMIT: far more than two readable expressions need; each state costs a step per character in the worst case. */
const regexStatesMax = 512;

/** AWS: what a regular expression may contain. No parentheses, nothing beyond ASCII. A space is allowed here too. */
const allowed = /^(?:[A-Za-z0-9:_#=@/;,\- ^$?[\]{}|*+.]|\\[dDsSwW]|\\x[0-9A-Fa-f]{2}|\\[^A-Za-z0-9])*$/;

const anything: Pattern = {
  kind: "repeat",
  part: { kind: "character", set: [[0, 0x10_ffff]] },
  min: 0,
  max: null,
};

/** Reads the `%regular expressions%` of one filter pattern, and counts them. */
export class RegexReader {
  #count = 0;

  /** At a `%`: reads up to the next one. The matcher finds the expression anywhere in a text. Throws QueryError. */
  take(cursor: Cursor): MessageMatcher {
    const start = cursor.at;
    const end = cursor.text.indexOf("%", start + 1);
    if (end < 0) cursor.fail('"%" without a closing "%"');
    const text = cursor.text.slice(start + 1, end);
    if (text === "") cursor.fail("An empty regular expression");
    if (!allowed.test(text)) cursor.fail(`Invalid character(s) in the regular expression '${text}'`);
    this.#count += 1;
    if (this.#count > regexesMax) cursor.fail(`A filter pattern has at most ${regexesMax} regular expressions`);
    const pattern: Pattern = { kind: "sequence", parts: [anything, parsePattern(text, start + 1), anything] };
    if (patternStates(pattern) > regexStatesMax) cursor.fail("The regular expression is too large");
    cursor.at = end + 1;
    const automaton = patternMatcher(pattern);
    return (message) => automaton.matches(message);
  }
}
