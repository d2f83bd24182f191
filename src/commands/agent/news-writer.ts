import { LineWriter, standardStream } from "../../server/log/line-writer.ts";
import { boundedFields } from "../../server/log/log-fields.ts";
import { type AgentNews, newsLine } from "./agent-news.ts";

export type NewsWriter = {
  readonly tell: (news: AgentNews) => void;
  /** Resolves when all lines are written, or after `timeoutMs`. */
  readonly flush: (timeoutMs: number) => Promise<void>;
};

/** Writes JSON lines to standard output, or text to standard error. It never waits for a reader; lines that do not fit are dropped and counted. */
export function openNewsWriter(isJson: boolean): NewsWriter {
  const missing = (lines: number): string => textOf({ event: "dropped", lines }, isJson);
  const writer = new LineWriter({ stream: standardStream(isJson ? 1 : 2), missing });
  return {
    tell: (news) => writer.write(textOf(news, isJson)),
    flush: (timeoutMs) => writer.flush(timeoutMs),
  };
}

/** One line including its newline. Reasons come from images, registries and the control plane, so they are shortened and made printable. */
export function textOf(news: AgentNews, isJson: boolean): string {
  const bounded = boundedFields(news) as AgentNews;
  return `${isJson ? JSON.stringify(bounded) : printable(newsLine(bounded))}\n`;
}

/** Replaces characters that could control a terminal or start a forged line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: we replace them.
const printable = (text: string): string => text.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
