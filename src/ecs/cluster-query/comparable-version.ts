/** A version as numbers, and what follows them. */
export type ComparableVersion = { readonly numbers: readonly number[]; readonly suffix: string };

// LIMIT: numbers of at most nine digits are exact, and no version has more parts.
const versionForm = /^v?(\d{1,9}(?:\.\d{1,9}){0,7})([-+][0-9A-Za-z.+-]{0,64})?$/;

/** The version that `text` writes (`1.14.5`, `v1.97.0`, `1.97.0-rc1`), or null when it is none. */
export function comparableVersion(text: string): ComparableVersion | null {
  const [, numbers, suffix = ""] = versionForm.exec(text) ?? [];
  return numbers === undefined ? null : { numbers: numbers.split(".").map(Number), suffix };
}

/** Below 0 when `a` is the older version. A missing number is 0; with `-rc1` and the like a version is older than without. */
export function compareVersions(a: ComparableVersion, b: ComparableVersion): number {
  for (let i = 0; i < Math.max(a.numbers.length, b.numbers.length); i++) {
    const difference = (a.numbers[i] ?? 0) - (b.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  const [before, after] = [a.suffix.startsWith("-"), b.suffix.startsWith("-")];
  if (before !== after) return before ? -1 : 1;
  // What follows a plus sign says how it was built, not when.
  if (!before || a.suffix === b.suffix) return 0;
  return a.suffix < b.suffix ? -1 : 1;
}
