/** Finds phrases that give a translated sentence away. docs/style.md says how we write, and lists the same phrases. */
import type { Sources } from "./sources.ts";

/** The folders whose comments and test names are held to the rule. Add a folder once its prose is rewritten. */
export const plainFolders: readonly string[] = [
  "src/agent",
  "src/agent-protocol",
  "src/agent-sessions",
  "src/auth",
  "src/cli",
  "src/cluster-runner",
  "src/commands",
  "src/lib",
  "src/simulator",
  "src/store",
  "src/wire",
  "src/server/check",
  "src/server/health",
  "src/server/hosts",
  "src/server/log",
  "src/ecs/account-settings",
  "src/ecs/agents",
  "src/ecs/attributes",
  "src/ecs/capacity-providers",
  "src/ecs/cluster-query",
  "src/ecs/clusters",
  "src/ecs/container-instances",
  "src/ecs/definition-rules",
  "src/ecs/deployments",
  "src/ecs/documents",
  "src/ecs/drains",
  "src/ecs/events",
  "src/ecs/fargate",
  "src/ecs/indexes",
  "src/ecs/launch",
  "src/ecs/machine",
  "src/ecs/placement",
  "src/ecs/references",
  "src/ecs/state",
  "src/ecs/tables",
  "src/ecs/tags",
  "src/ecs/task-definitions",
  "src/ecs/task-life",
  "src/ecs/tasks",
  "bench",
  "scripts",
  "tests",
];

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
  { phrase: "says of, hears of", pattern: /\b(?:says?|said|hears?|heard) of\b/ },
  { phrase: "in the place of", pattern: /\bin the place of\b/ },
  { phrase: "what is no ...", pattern: /\bwhat (?:is|are) no\b/ },
  { phrase: "unless told", pattern: /\bunless told\b/ },
  { phrase: "as users see it", pattern: /\bas users see\b/ },
  { phrase: "that is none (at the end of a clause)", pattern: /\b(?:that|which) (?:is|are) none(?=[.,;:)])/ },
  { phrase: "under way already, wait already", pattern: /\b(?:under way|waits?|waiting) already\b/ },
];

/** Every telltale phrase in the prose of the pages, a line each. Code, generated text and the lists of docs/style.md don't count. */
export function plainEnglishViolations(pages: ReadonlyMap<string, string>): string[] {
  return [...pages].flatMap(([page, text]) => phrasesIn(page, proseOfPage(page, text)));
}

/** Every telltale phrase in comments and test names of sources in `folders`, a line each. Names and texts in backticks don't count. */
export function plainCommentViolations(sources: Sources, folders: readonly string[]): string[] {
  return [...sources]
    .filter(([file]) => folders.some((folder) => file.startsWith(`${folder}/`)))
    .flatMap(([file, text]) => phrasesIn(file, proseOfSource(text)));
}

function phrasesIn(file: string, prose: string): string[] {
  return telltales.flatMap(({ phrase, pattern }) => {
    const wrapped = new RegExp(pattern.source.replaceAll(" ", "\\s+"), "g");
    return [...prose.matchAll(wrapped)].map(({ index }) => {
      // A phrase may follow the end of a sentence; its own first letter says where it is.
      const start = index + (/^[^A-Za-z]*/.exec(prose.slice(index))?.[0].length ?? 0);
      return `${file}:${prose.slice(0, start).split("\n").length}: "${phrase}"; see docs/style.md`;
    });
  });
}

const blank = (part: string): string => part.replaceAll(/[^\n]/g, "·");

/** The page with everything except its own prose blanked out. Lines keep their numbers. */
function proseOfPage(page: string, text: string): string {
  if (/^<!-- Made by scripts\//m.test(text)) return "";
  const prose = text
    .replaceAll(/^<!-- ([a-z ]+): made by [\s\S]*?^<!-- end of \1 -->/gm, blank)
    .replaceAll(/^ *```[\s\S]*?^ *```/gm, blank)
    .replaceAll(/`[^`\n]*`/g, blank);
  return page === "docs/style.md" ? prose.replaceAll(/^\|.*$/gm, blank) : prose;
}

/** The comments and test names of a source, a line for each of its lines. */
function proseOfSource(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      const comment = /^\s*(?:\/\*\*?|\*(?!\/)|\/\/)(.*)$/.exec(line) ?? /[;,{)] \/\/ (.*)$/.exec(line);
      const name = /\b(?:it|test|describe)(?:\.\w+)?\((".*)$/.exec(line);
      return (comment?.[1] ?? name?.[1] ?? "·").replaceAll(/`[^`]*`/g, blank);
    })
    .join("\n");
}
