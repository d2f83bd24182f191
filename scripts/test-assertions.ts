/**
 * Finds tests that cannot fail by a claim of their own: whose body neither asserts nor calls something that does. It reads text, so it
 * follows calls by name: functions of the same file, imported ones, and methods of the classes in files that the test imports.
 */
import { importsOf, isTest, type Sources } from "./sources.ts";

/** A function or method with the text of its body. */
type Definition = { readonly name: string; readonly isMethod: boolean; readonly body: string };

type Reading = {
  readonly text: string;
  readonly definitions: readonly Definition[];
  /** Local name to the file and the name there. */
  readonly imported: ReadonlyMap<string, readonly [file: string, name: string]>;
  readonly importedFiles: readonly string[];
};

/** Claims in the body itself. A thrown error fails a test, too, and so does a rule of `fast-check` that finds a counterexample. */
const claim = /\bassert\b|\bthrow\b|\bfc\.check\b/;

/** The conformance test runs cases of tables: there a test is `answers(operation, says, run)`, which has to assert itself. */
const isCases = (file: string): boolean => file.startsWith("tests/conformance/cases/");
const caseCall = /(?<![\w.])answers\(/g;
const testCall = /(?<![\w.])(?:test|it)\(/g;
const runsCase = /=>\s*each\.run\(given\)\s*$/;

/** The tests without an assertion, a line each. `isHelper` says which files besides tests may assert for them. */
export function testsWithoutAssertion(sources: Sources, isHelper: (file: string) => boolean): string[] {
  const readings = new Map<string, Reading>();
  for (const [file, text] of sources) if (isTest(file) || isHelper(file)) readings.set(file, readFile(file, text));
  const asserting = assertingNames(readings);
  const found: string[] = [];
  for (const [file, reading] of readings) {
    for (const { at, args } of testCalls(reading.text, isCases(file) ? caseCall : testCall)) {
      if (isSkipped(args) || runsCase.test(args) || asserts(args, file, reading, asserting)) continue;
      found.push(`${file}:${reading.text.slice(0, at).split("\n").length}: the test asserts nothing`);
    }
  }
  return found;
}

/** The functions and methods that assert, or call one that does, as `file name` and `file .method`. */
function assertingNames(readings: ReadonlyMap<string, Reading>): ReadonlySet<string> {
  const asserting = new Set<string>();
  let before = -1;
  while (asserting.size > before) {
    before = asserting.size;
    for (const [file, reading] of readings) {
      for (const { name, isMethod, body } of reading.definitions) {
        if (asserts(body, file, reading, asserting)) asserting.add(`${file} ${isMethod ? "." : ""}${name}`);
      }
    }
  }
  return asserting;
}

function asserts(body: string, file: string, reading: Reading, asserting: ReadonlySet<string>): boolean {
  if (claim.test(body)) return true;
  for (const [, dot, name = ""] of body.matchAll(/(\.\s*)?(?<!\w)(#?[A-Za-z_]\w*)/g)) {
    if (dot !== undefined) {
      if ([file, ...reading.importedFiles].some((other) => asserting.has(`${other} .${name}`))) return true;
      continue;
    }
    const [from, there] = reading.imported.get(name) ?? [file, name];
    if (asserting.has(`${from} ${there}`)) return true;
  }
  return false;
}

/** Skipped whatever happens: it names something that cannot be tested here. */
function isSkipped(args: string): boolean {
  return /\bskip\b/.test(args) && /=>\s*\{\s*\}\s*,?\s*$/.test(args);
}

function* testCalls(text: string, pattern: RegExp): Generator<{ readonly at: number; readonly args: string }> {
  for (const match of text.matchAll(pattern)) {
    const end = closing(text, match.index + match[0].length - 1);
    yield { at: match.index, args: text.slice(match.index + match[0].length, end) };
  }
}

function readFile(file: string, source: string): Reading {
  const text = withoutLiterals(source);
  const imported = new Map<string, readonly [string, string]>();
  const importedFiles: string[] = [];
  for (const { target, relative } of importsOf(file, source)) if (relative) importedFiles.push(target);
  for (const [, names = "", module = ""] of source.matchAll(/^import (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm)) {
    const target = importsOf(file, `import { x } from "${module}";`)[0]?.target ?? module;
    for (const name of names.split(",")) {
      const [there = "", here = there] = name
        .trim()
        .replace(/^type /, "")
        .split(" as ");
      imported.set(here, [target, there]);
    }
  }
  return { text, definitions: [...definitionsIn(text)], imported, importedFiles };
}

function* definitionsIn(text: string): Generator<Definition> {
  for (const match of text.matchAll(/\bfunction\*? (\w+)|\b(?:const|let) (\w+)\s*(?::[^=\n]+)?=(?!=)/g)) {
    const [whole, ofFunction, ofConstant] = match;
    const from = match.index + whole.length;
    const end = ofFunction === undefined ? statementEnd(text, from) : closing(text, bodyStart(text, from));
    yield { name: ofFunction ?? ofConstant ?? "", isMethod: false, body: text.slice(from, end) };
  }
  const method = /^ +(?:(?:static|async|get|readonly) )*\*?(#?\w+)(?:<[^>\n]*>)?\(/gm;
  for (const match of text.matchAll(method)) {
    const start = bodyStart(text, match.index + match[0].length - 1);
    const between = text.slice(closing(text, match.index + match[0].length - 1) + 1, start);
    // A call has no type and no body behind its arguments.
    if (start < 0 || !/^(?:\s*|\s*:[^;=]*)$/.test(between)) continue;
    yield { name: match[1] ?? "", isMethod: true, body: text.slice(start, closing(text, start)) };
  }
}

/** Where the brace of a function's body is: the first one after its parameters and the type of its result. */
function bodyStart(text: string, from: number): number {
  const parameters = text.indexOf("(", from - 1);
  if (parameters < 0) return -1;
  let at = closing(text, parameters) + 1;
  for (; at < text.length; at++) {
    if (text[at] === "<" || text[at] === "(") at = closing(text, at);
    else if (text[at] === ";" || text[at] === ")") return -1;
    else if (text[at] === "{" && !/[:|&<]\s*$/.test(text.slice(from, at))) return at;
    else if (text[at] === "{") at = closing(text, at);
  }
  return -1;
}

/** The end of a statement that began before `from`: its semicolon, outside all brackets. */
function statementEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? "";
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    if (depth < 0 || (depth === 0 && character === ";")) return at;
  }
  return text.length;
}

const pairs: Readonly<Record<string, string>> = { "(": ")", "{": "}", "<": ">" };

/** The index of the bracket that closes the one at `open`; the end of the text if there is none. */
function closing(text: string, open: number): number {
  const [begin = "", end = ""] = [text[open], pairs[text[open] ?? ""]];
  let depth = 0;
  for (let at = open; at < text.length && open >= 0; at++) {
    if (text[at] === begin) depth += 1;
    // The arrow of a function's type closes nothing.
    else if (text[at] === end && !(end === ">" && text[at - 1] === "=")) depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

/** Comments, strings and regular expressions blanked, except what templates embed. Lines stay where they are. */
export function withoutLiterals(source: string): string {
  const literal =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|(?<=[(,=:[!&|?{};\n]\s*|\breturn )\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|`(?:[^`\\]|\\[\s\S])*`/g;
  return source.replace(literal, (text) => {
    if (!text.startsWith("`")) return blank(text);
    return text.replace(/(\$\{(?:[^{}`]|\{[^{}]*\})*\})|[^$]|\$/g, (part, embedded) =>
      embedded ? ` ${part.slice(2, -1)};` : blank(part),
    );
  });
}

const blank = (text: string): string => text.replace(/[^\n]/g, " ");
