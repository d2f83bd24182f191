import { RE2JS } from "re2js";
import { AwslogsError, type EventStartOption } from "./awslogs-options.ts";

/** Whether a line begins a new event. */
export type EventStart = (line: string) => boolean;

/** LIMIT: the whole options of a log driver have a few hundred characters. */
const patternCharacters = 4_096;

/** AWS: Docker's patterns for the directives of strftime in `awslogs-datetime-format`. */
const directives: Readonly<Record<string, string>> = {
  a: "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
  A: "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)",
  w: "[0-6]",
  d: "(?:0[1-9]|[1,2][0-9]|3[0,1])",
  b: "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
  B: "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
  m: "(?:0[1-9]|1[0-2])",
  Y: "\\d{4}",
  y: "\\d{2}",
  H: "(?:[0,1][0-9]|2[0-3])",
  I: "(?:0[0-9]|1[0-2])",
  p: "[A,P]M",
  M: "[0-5][0-9]",
  S: "[0-5][0-9]",
  f: "\\d{6}",
  z: "[+-]\\d{4}",
  Z: "[A-Z]{1,4}T",
  j: "(?:0[0-9][1-9]|[1,2][0-9][0-9]|3[0-5][0-9]|36[0-6])",
  L: "\\.\\d{3}",
};

/**
 * Recognises the first lines of events. Throws {@link AwslogsError}. The engine is RE2's, because a task's author must not be able to
 * write a pattern that holds up the agent.
 */
export function eventStart(by: EventStartOption): EventStart {
  const [option, text] =
    "pattern" in by ? ["awslogs-multiline-pattern", by.pattern] : ["awslogs-datetime-format", by.datetime];
  const refuse = (why: string): never => {
    throw new AwslogsError(`awslogs could not parse ${option} key "${text}": ${why}`);
  };
  if (text.length > patternCharacters) refuse(`it has more than ${patternCharacters} characters`);
  try {
    const compiled = RE2JS.compile("pattern" in by ? text : patternOf(text));
    return (line) => compiled.matcher(line).find();
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** AWS: everything else stays, as a part of the pattern. */
const patternOf = (datetime: string): string =>
  datetime.replace(/%(.)/g, (whole, letter: string) => directives[letter] ?? whole);
