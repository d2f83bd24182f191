/** A server cannot be started as asked; the text says why, and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
}
