/** A filter pattern that cannot be read. The message says why, for the caller. */
export class FilterPatternError extends Error {
  override readonly name = "FilterPatternError";
}
