/** Phrases that give a translated sentence away, found in the pages. docs/style.md says how we write, and lists the same phrases. */

/** Each phrase as docs/style.md lists it, with what finds it. A space in a pattern is any white space, so wrapped lines count. */
export const telltales: readonly { readonly phrase: string; readonly pattern: RegExp }[] = [
  { phrase: "anew", pattern: /\banew\b/ },
  { phrase: "but for", pattern: /\bbut for\b/ },
  // "is told to stop" is an order to a task, and fine.
  { phrase: "is told", pattern: /\b(?:is|are|was|were|be|been) told\b(?! (?:to|apart)\b)/ },
  {
    phrase: "tells what, where, when, why, how, of",
    pattern: /\btells? (?:what|where|when|why|how|whether|which|of)\b/,
  },
  {
    phrase: "Who finds, Who looks, ... (as a subject)",
    pattern: /(?:^|[.;:] |\n)Who (?:finds|looks|takes|asks|wants|reads|needs|waits|comes|calls|reaches|opens|stands)\b/,
  },
  { phrase: "stands in, stands beside", pattern: /\bst(?:and|ands|ood) (?:in|beside|behind)\b/ },
  { phrase: "mend", pattern: /\bmend(?:s|ed|ing)?\b/ },
  { phrase: "has not (at the end of a clause)", pattern: /\bha(?:s|ve) not(?=[.,;:)])/ },
  {
    phrase: "is no error, is no failure, ...",
    pattern: /\b(?:is|are) no (?:errors?|failures?|names?|numbers?|requests?|expressions?|operators?|guess(?:es)?)\b/,
  },
  { phrase: "belongs into", pattern: /\bbelongs? into\b/ },
  { phrase: "one after the other", pattern: /\bone after the other\b/ },
  { phrase: "so many (for an amount)", pattern: /\bso many\b/ },
  {
    phrase: "some ten, some hundred",
    pattern: /\bsome (?:two|three|four|five|ten|twenty|thirty|sixty|hundreds?|thousands?)\b/,
  },
  { phrase: "for ever", pattern: /\bfor ever\b/ },
  { phrase: "beside those, beside it those", pattern: /\b[Bb]eside (?:those|these|(?:it|them) (?:those|the))\b/ },
  { phrase: ", else", pattern: /, else\b/ },
];

/** Every telltale phrase in the prose of the pages, a line each. Code, generated text and the lists of docs/style.md don't count. */
export function plainEnglishViolations(pages: ReadonlyMap<string, string>): string[] {
  const found: { readonly page: string; readonly line: number; readonly phrase: string }[] = [];
  for (const [page, text] of pages) {
    const prose = proseOf(page, text);
    for (const { phrase, pattern } of telltales) {
      const wrapped = new RegExp(pattern.source.replaceAll(" ", "\\s+"), "g");
      for (const { index } of prose.matchAll(wrapped)) {
        // A phrase may follow the end of a sentence; its own first letter says where it is.
        const start = index + (/^[^A-Za-z]*/.exec(prose.slice(index))?.[0].length ?? 0);
        found.push({ page, line: prose.slice(0, start).split("\n").length, phrase });
      }
    }
  }
  return found.map(({ page, line, phrase }) => `${page}:${line}: "${phrase}"; see docs/style.md`);
}

/** The page with everything except its own prose blanked out; lines keep their numbers. */
function proseOf(page: string, text: string): string {
  if (/^<!-- Made by scripts\//m.test(text)) return "";
  const blank = (part: string): string => part.replaceAll(/[^\n]/g, "·");
  const prose = text
    .replaceAll(/^<!-- ([a-z ]+): made by [\s\S]*?^<!-- end of \1 -->/gm, blank)
    .replaceAll(/^ *```[\s\S]*?^ *```/gm, blank)
    .replaceAll(/`[^`\n]*`/g, blank);
  return page === "docs/style.md" ? prose.replaceAll(/^\|.*$/gm, blank) : prose;
}
