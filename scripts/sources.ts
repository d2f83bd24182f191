/** The project's source files as text, and what each imports. */
import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";

/** Path from the root, with `/`, to text. */
export type Sources = ReadonlyMap<string, string>;

export interface Import {
  /** A path from the root for one of our files, otherwise the module as written. */
  readonly target: string;
  readonly relative: boolean;
  readonly dynamic: boolean;
}

/** Reads the TypeScript of `src`, `tests`, `bench` and `scripts` below the root. Planted violations don't count as sources. */
export function readSources(root: string): Sources {
  const files = globSync("{src,tests,bench,scripts}/**/*.ts", { cwd: root, exclude: ["tests/fixtures/violations/**"] });
  return new Map(files.sort().map((file) => [file, readFileSync(`${root}${file}`, "utf8")]));
}

/** Only in the first column, where the formatter puts imports. An indented one is in a text that shows an import. */
const staticImport = /^(?:import|export)\s+(?:type\s)?(?:[^;"'`]*?\sfrom\s+)?"([^"]+)"/gm;
const dynamicImport = /\bimport\(\s*"([^"]+)"\s*\)/g;

export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (module: string, dynamic: boolean): void => {
    const relative = module.startsWith(".");
    const target = relative ? posix.join(posix.dirname(file), module) : module;
    found.push({ target, relative, dynamic });
  };
  for (const match of text.matchAll(staticImport)) add(match[1] ?? "", false);
  for (const match of text.matchAll(dynamicImport)) add(match[1] ?? "", true);
  return found;
}

export function isTest(file: string): boolean {
  return file.startsWith("tests/") || file.endsWith(".test.ts");
}

/** The folder that the table of imports means: `ecs` for `src/ecs/documents/task.ts`, `bench` for `bench/main.ts`. */
export function areaOf(file: string): string {
  const [top = "", next = ""] = file.split("/");
  return top === "src" ? next : top;
}
