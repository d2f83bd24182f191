/** A version: its numbers and its suffix. */
export type ComparableVersion = { readonly numbers: readonly number[]; readonly suffix: string };

// LIMIT: numbers of at most nine digits are exact, and no version has more parts.
const versionForm = /^v?(\d{1,9}(?:\.\d{1,9}){0,7})([-+][0-9A-Za-z.+-]{0,64})?$/;

/** The version in `text` (`1.14.5`, `v1.97.0`, `1.97.0-rc1`), or null if it isn't one. */
export function comparableVersion(text: string): ComparableVersion | null {
  const [, numbers, suffix = ""] = versionForm.exec(text) ?? [];
  return numbers === undefined ? null : { numbers: numbers.split(".").map(Number), suffix };
}

/** Negative if `a` is the older version. A missing number counts as 0. A version with a suffix such as `-rc1` is older than without. */
export function compareVersions(a: ComparableVersion, b: ComparableVersion): number {
  for (let i = 0; i < Math.max(a.numbers.length, b.numbers.length); i++) {
    const difference = (a.numbers[i] ?? 0) - (b.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  const [before, after] = [a.suffix.startsWith("-"), b.suffix.startsWith("-")];
  if (before !== after) return before ? -1 : 1;
  // A suffix after a plus sign is build metadata and has no order.
  if (!before || a.suffix === b.suffix) return 0;
  return a.suffix < b.suffix ? -1 : 1;
}
