/** An image that runs instead of those that match the pattern. */
export type ImageRule = { readonly pattern: string; readonly image: string };

/** A rule is not of the form PATTERN=IMAGE. The message says what is wrong with it. */
export class ImageRuleError extends Error {
  override readonly name = "ImageRuleError";
}

/** LIMIT: a reference has 255 characters and a digest; nobody writes a longer pattern. */
const ruleCharactersMax = 1_024;
/** LIMIT: each pull looks at all rules; a thousand take less than a millisecond. */
const rulesMax = 1_000;

/** Reads `PATTERN=IMAGE`. Throws {@link ImageRuleError}. */
export function parseImageRule(text: string): ImageRule {
  const at = text.indexOf("=");
  const pattern = text.slice(0, Math.max(0, at)).trim();
  const image = text.slice(at + 1).trim();
  if (pattern === "" || image === "" || /\s/.test(pattern + image)) {
    throw new ImageRuleError(`"${text}" is not of the form PATTERN=IMAGE`);
  }
  if (text.length > ruleCharactersMax) throw new ImageRuleError(`a rule has more than ${ruleCharactersMax} characters`);
  const stars = (of: string): number => of.split("*").length - 1;
  if (stars(image) > 1 || (stars(image) === 1 && stars(pattern) === 0)) {
    throw new ImageRuleError(`the image of "${text}" may have one *, if its pattern has one`);
  }
  return { pattern, image };
}

/** The rules of a file: one a line, with empty lines and comments (`#`) between them. Throws {@link ImageRuleError}. */
export function parseImageRules(text: string): readonly ImageRule[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map(parseImageRule);
}

/**
 * Images of the operator's choice in place of those that task definitions name. In a pattern, `*` matches anything; a pattern matches a
 * reference, or a reference without its tag and digest. A `*` in the image is what the pattern's last `*` matched, without the tag if the
 * image has one of its own.
 */
export class ImageMap {
  readonly #rules: readonly { readonly matcher: RegExp; readonly image: string }[];

  /** The first rule that matches wins. Throws {@link ImageRuleError} if there are too many. */
  constructor(rules: readonly ImageRule[]) {
    if (rules.length > rulesMax) throw new ImageRuleError(`there are more than ${rulesMax} rules`);
    this.#rules = rules.map(({ pattern, image }) => ({ matcher: matcherOf(pattern), image }));
  }

  /** The image to run instead. Null: the image itself. */
  imageFor(image: string): string | null {
    const name = /^[^@]*?(?=(?::[^/@]*)?(?:@.*)?$)/.exec(image)?.[0] ?? image;
    for (const { matcher, image: replacement } of this.#rules) {
      const hasTag = /:[^/]*$/.test(replacement);
      const match = hasTag ? (matcher.exec(name) ?? matcher.exec(image)) : (matcher.exec(image) ?? matcher.exec(name));
      if (match !== null) return replacement.replace("*", () => match.at(-1) ?? "");
    }
    return null;
  }
}

const matcherOf = (pattern: string): RegExp =>
  new RegExp(`^${pattern.split("*").map(RegExp.escape).join("(.*)")}$`, "s");
