/** A broken assertion: a bug in Berth, never the caller's mistake. It stops the machine it happens in. */
export class Bug extends Error {
  override readonly name = "Bug";
}

/** Throws {@link Bug} unless `condition` holds. Stays on in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

/** Returns `value`, or throws {@link Bug} naming `what` if it is null or undefined. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Bug(`${what} must be there`);
  return value;
}

/** For the default branch of an exhaustive switch. */
export function never(value: never, what: string): never {
  throw new Bug(`unexpected ${what}: ${JSON.stringify(value)}`);
}
