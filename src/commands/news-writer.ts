import { LineWriter, standardStream } from "../server/line-writer.ts";
import { boundedFields } from "../server/log-fields.ts";
import { type AgentNews, newsLine } from "./agent-news.ts";

export type NewsWriter = {
  readonly tell: (news: AgentNews) => void;
  /** Resolves when the news are out, or after `timeoutMs`. */
  readonly flush: (timeoutMs: number) => Promise<void>;
};

/** Lines of JSON on standard output, or text on standard error. Nobody waits for a reader: what it does not read is dropped, and counted. */
export function openNewsWriter(isJson: boolean): NewsWriter {
  const missing = (lines: number): string => textOf({ event: "dropped", lines }, isJson);
  const writer = new LineWriter({ stream: standardStream(isJson ? 1 : 2), missing });
  return {
    tell: (news) => writer.write(textOf(news, isJson)),
    flush: (timeoutMs) => writer.flush(timeoutMs),
  };
}

/** The line of some news, with its end. Reasons come from images, registries and the control plane, so they are made short and printable. */
export function textOf(news: AgentNews, isJson: boolean): string {
  const bounded = boundedFields(news) as AgentNews;
  return `${isJson ? JSON.stringify(bounded) : printable(newsLine(bounded))}\n`;
}

/** Without characters that move the cursor, colour or clear a terminal, or begin a line that looks like another's. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
const printable = (text: string): string => text.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
