/** The lines that enclose a generated section of a page. */
const beginOf = (name: string): string => `<!-- ${name}: made by scripts/generate.ts, do not edit -->`;
const endOf = (name: string): string => `<!-- end of ${name} -->`;

/** The page with its section `name` replaced by `text`. Everything outside is kept. Throws if the page has no such section. */
export function withSection(page: string, name: string, text: string): string {
  const begin = beginOf(name);
  const from = page.indexOf(begin);
  const to = page.indexOf(endOf(name));
  if (from < 0 || to < from) throw new Error(`The page lacks the lines ${begin} and ${endOf(name)}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n${page.slice(to)}`;
}

/** A row of a table in a page. */
export function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
