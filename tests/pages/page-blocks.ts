import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A block of code in a page. A comment before it may say how it is run: `<!-- not run: reason -->` or `<!-- run with Docker -->`.
 */
export type Block = {
  readonly line: number;
  readonly text: string;
  /** Why it is not run. Null if it is. */
  readonly notRun: string | null;
  readonly withDocker: boolean;
};

/** The blocks of `page` in a language such as `sh`, in order and without the indentation of the list that they are in. */
export function blocksOf(page: string, language: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  const pattern = new RegExp(
    `(?:^ *<!-- (not run: .*|run with Docker) -->\\n\\n?)?^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`,
    "gm",
  );
  return [...text.matchAll(pattern)].map(({ index, 1: mark = "", 2: indent = "", 3: code = "" }) => ({
    line: text.slice(0, index).split("\n").length,
    text: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    notRun: /^not run: (.*)$/.exec(mark)?.[1] ?? null,
    withDocker: mark === "run with Docker",
  }));
}
