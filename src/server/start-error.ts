/** A server can't be started as requested; the text says why, and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
}
