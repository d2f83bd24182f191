/** An expression that is not one of the cluster query language. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  /** The character that the message is about, counted from 0; the length of the expression for its end. */
  readonly position: number;

  /** `reason` says what is wrong; the message adds where, counted from 1 as people do. */
  constructor(reason: string, position: number) {
    super(`${reason} (character ${position + 1})`);
    this.position = position;
  }
}
