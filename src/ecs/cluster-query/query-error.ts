/** An expression that isn't valid cluster query language. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  /** The index of the character in question, from 0; the expression's length if it is the end. */
  readonly position: number;

  /** `reason` says what is wrong; the message adds the position, counted from 1. */
  constructor(reason: string, position: number) {
    super(`${reason} (character ${position + 1})`);
    this.position = position;
  }
}
