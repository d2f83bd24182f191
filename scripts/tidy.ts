/** Tidiness that is visible in the text alone: of the sources, and of the pages in docs/. */
import { posix } from "node:path";
import { purePlaces, testSupport } from "./architecture.ts";
import { importsOf, isTest, type Sources } from "./sources.ts";

/** LIMIT: a longer file needs more than one or two sittings to read; a header that says why may excuse it. */
const linesMax = 500;

const excused = /^\/\*\*[\s\S]{0,2000}?\b(?:long because|longer than|One file)\b/;

/** Rules for single lines: what they may not contain, why, and where. */
const lineRules: readonly {
  readonly pattern: RegExp;
  readonly reason: string;
  readonly where: (f: string) => boolean;
}[] = [
  {
    pattern: /\b(?:TODO|FIXME|XXX)\b/,
    reason: "unfinished work is an issue, not a comment",
    where: () => true,
  },
  {
    pattern: /\bMath\.random\b/,
    reason: "chance comes from a Random that is passed in, so that a run can be repeated",
    where: (file) => file.startsWith("src/"),
  },
  {
    pattern: /\b(?:localeCompare|toLocale\w+|Intl)\b/,
    reason: "order and text may not depend on the machine's language; compare by code unit",
    where: (file) => file.startsWith("src/"),
  },
  {
    pattern: /\b(?:async|await|Promise)\b(?=[\s<.(])(?!.*\*\/)/,
    reason: "a step is synchronous",
    where: (file) => isPure(file),
  },
  {
    pattern: /@ts-(?:ignore|expect-error|nocheck)|\bas any\b/,
    reason: "the compiler is not told to look away",
    where: (file) => !isTest(file) && !testSupport.includes(file),
  },
  {
    pattern: /\.(?:only|todo)\(|\b(?:only|todo): true\b/,
    reason: "a test that stands alone or waits hides the others",
    where: (file) => isTest(file),
  },
];

/** Every untidy place of the sources, a line each. `mentions` is text that may name files that are started: package.json. */
export function tidyViolations(sources: Sources, mentions: string): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    found.push(...lineViolations(file, text), ...differsViolations(file, text));
    const lines = text.split("\n").length - 1;
    if (lines > linesMax && !excused.test(text)) found.push(`${file}: ${lines} lines, and no header that says why`);
  }
  return [...found, ...deadFiles(sources, mentions)];
}

/** Files of `src/` and `bench/` that nothing imports, starts or names, or that only tests use though their names don't say so. */
function deadFiles(sources: Sources, mentions: string): string[] {
  const users = new Map<string, string[]>();
  for (const [file, text] of sources) {
    for (const { target } of importsOf(file, text)) users.set(target, [...(users.get(target) ?? []), file]);
  }
  const isForTests = (file: string): boolean => isTest(file) || testSupport.includes(file);
  const named = (file: string): boolean => {
    const quoted = `${posix.basename(file)}"`;
    return mentions.includes(file) || [...sources].some(([other, text]) => other !== file && text.includes(quoted));
  };
  const found: string[] = [];
  for (const file of sources.keys()) {
    if (file.endsWith(".test.ts") || file.startsWith("scripts/")) continue;
    const usedBy = users.get(file) ?? [];
    if (usedBy.length === 0 && !named(file)) found.push(`${file}: nothing uses it`);
    if (usedBy.length > 0 && !isForTests(file) && !mentions.includes(file) && usedBy.every(isForTests)) {
      found.push(`${file}: used by tests alone; name it as test support, or delete it`);
    }
  }
  return found;
}

function isPure(file: string): boolean {
  return purePlaces.some((place) => file.startsWith(place)) && !isTest(file) && !testSupport.includes(file);
}

function lineViolations(file: string, text: string): string[] {
  const found: string[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    for (const { pattern, reason, where } of lineRules) {
      if (where(file) && pattern.test(line) && !isExempt(file)) found.push(`${file}:${at + 1}: ${reason}`);
    }
  }
  return found;
}

/** The files that mention the rules themselves. */
function isExempt(file: string): boolean {
  return file.startsWith("scripts/tidy") || file === "tests/violations.test.ts" || file.startsWith("scripts/limits-");
}

/** The whole reason is on the line of the tag, because docs/compatibility.md collects only that line. */
function differsViolations(file: string, text: string): string[] {
  if (!file.startsWith("src/") || isTest(file)) return [];
  const found: string[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    const reason = /\bDIFFERS:\s*(.*?)\s*(?:\*\/)?\s*$/.exec(line)?.[1];
    if (reason !== undefined && !/[.)`]$/.test(reason)) {
      found.push(`${file}:${at + 1}: a DIFFERS line holds its whole reason and ends with a full stop`);
    }
  }
  return found;
}

/** Every untidy place of the pages: broken links, more or less than one title, decisions without a date. */
export function pageViolations(pages: ReadonlyMap<string, string>, exists: (path: string) => boolean): string[] {
  const found: string[] = [];
  for (const [page, text] of pages) {
    const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "");
    const titles = prose.match(/^# /gm)?.length ?? 0;
    if (titles !== 1) found.push(`${page}: ${titles} titles of the first level; a page has one`);
    for (const match of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      const link = match[1] ?? "";
      if (/^[a-z]+:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : posix.join(posix.dirname(page), path);
      if (!exists(target)) found.push(`${page}: links to ${link}, which does not exist`);
      else if (anchor !== undefined && pages.has(target) && !anchorsOf(pages.get(target) ?? "").has(anchor)) {
        found.push(`${page}: links to ${link}; that page has no such heading`);
      }
    }
    if (page.startsWith("docs/decisions/")) found.push(...decisionViolations(page, text));
  }
  return found;
}

function anchorsOf(page: string): Set<string> {
  const headings = page.replaceAll(/^```[\s\S]*?^```/gm, "").match(/^#+ .*$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, "")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function decisionViolations(page: string, text: string): string[] {
  const found: string[] = [];
  if (!/^docs\/decisions\/\d{4}-[a-z0-9-]+\.md$/.test(page))
    found.push(`${page}: a decision is named 0001-what-it-says.md`);
  if (!/^Date: \d{4}-\d{2}-\d{2}\b/m.test(text)) found.push(`${page}: a decision has a line "Date: YYYY-MM-DD"`);
  if (!/^Status: (?:accepted|superseded by \d{4})$/m.test(text)) {
    found.push(`${page}: a decision has a line "Status: accepted" or "Status: superseded by NNNN"`);
  }
  return found;
}
