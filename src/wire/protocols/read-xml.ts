/**
 * Reads XML as AWS's services write it: elements, texts, the five named entities and those with numbers, CDATA. Attributes, comments and instructions
 * are passed over. A document type is refused, because nothing but an attack has one.
 */

export type XmlElement = {
  /** Without the prefix of a namespace. */
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** What is directly in it. */
  readonly text: string;
};

/** Text that is no XML, or XML that no service of AWS writes. */
export class XmlError extends Error {
  override readonly name = "XmlError";
}

/** LIMIT: the deepest answer of EC2 has 12 levels. */
const depthMax = 64;

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

type Open = { readonly tag: string; readonly children: XmlElement[]; text: string };

/** The one element of a document. Throws XmlError. Takes time in proportion to the length of `xml`. */
export function readXml(xml: string): XmlElement {
  const top: Open = { tag: "", children: [], text: "" };
  const stack: Open[] = [top];
  let at = xml.startsWith("\ufeff") ? 1 : 0;
  while (at < xml.length) {
    const current = stack.at(-1) ?? top;
    const next = xml.indexOf("<", at);
    current.text += unescaped(xml.slice(at, next === -1 ? xml.length : next));
    if (next === -1) break;
    const skipped = passedOver(xml, next);
    if (skipped !== null) {
      current.text += skipped.text;
      at = skipped.end;
      continue;
    }
    const end = endOfTag(xml, next);
    readTag(xml.slice(next + 1, end), stack);
    at = end + 1;
  }
  const [root] = top.children;
  if (stack.length > 1 || root === undefined || top.children.length > 1 || top.text.trim() !== "") {
    throw new XmlError("A document has exactly one element, and all of it.");
  }
  return root;
}

/** What begins at a `<` and is no element, with the text in it; null for an element. */
function passedOver(xml: string, at: number): { readonly text: string; readonly end: number } | null {
  if (xml.startsWith("<?", at)) return { text: "", end: behind(xml, "?>", at) };
  if (!xml.startsWith("<!", at)) return null;
  if (xml.startsWith("<!--", at)) return { text: "", end: behind(xml, "-->", at + 4) };
  if (!xml.startsWith("<![CDATA[", at)) throw new XmlError("A document type is not read.");
  const end = behind(xml, "]]>", at);
  return { text: xml.slice(at + 9, end - 3), end };
}

function behind(xml: string, mark: string, at: number): number {
  const found = xml.indexOf(mark, at);
  if (found === -1) throw new XmlError(`There is no ${mark}.`);
  return found + mark.length;
}

/** Where a tag ends: at the first `>` outside of quotes. */
function endOfTag(xml: string, at: number): number {
  let quote = "";
  for (let end = at + 1; end < xml.length; end++) {
    const char = xml.charAt(end);
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ">") return end;
    else if (char === "<") break;
  }
  throw new XmlError("A tag does not end.");
}

/** Opens, closes or adds the element of a tag, given without its brackets. */
function readTag(tag: string, stack: Open[]): void {
  if (tag.startsWith("/")) {
    const closed = stack.pop();
    const parent = stack.at(-1);
    if (closed === undefined || parent === undefined || closed.tag !== tag.slice(1).trimEnd()) {
      throw new XmlError("An element ends that did not begin.");
    }
    parent.children.push(elementOf(closed));
    return;
  }
  const [name] = /^[A-Za-z_][\w.:-]*(?=[\s/]|$)/.exec(tag) ?? [];
  if (name === undefined) throw new XmlError("A tag has no name.");
  const opened: Open = { tag: name, children: [], text: "" };
  if (tag.endsWith("/")) stack.at(-1)?.children.push(elementOf(opened));
  else if (stack.length > depthMax) throw new XmlError("Elements are nested too deeply.");
  else stack.push(opened);
}

const elementOf = ({ tag, children, text }: Open): XmlElement => ({
  name: tag.slice(tag.indexOf(":") + 1),
  children,
  text,
});

function unescaped(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;&]{0,12});?/g, (whole, name: string) => {
    const char = whole.endsWith(";") ? (entities[name] ?? numbered(name)) : null;
    if (char === null) throw new XmlError("An entity is not known.");
    return char;
  });
}

function numbered(name: string): string | null {
  const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name) ?? [];
  const code = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
  return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : null;
}
