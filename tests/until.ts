/** Waiting for a state. Tests never wait for a time: on a busy machine it is too short, on any other too long. */
import { setTimeout } from "node:timers/promises";

/** LIMIT: what takes a second or two on an idle machine. One that is busy with other tests gets this long. */
const patienceMs = 60_000;
/** Looks rarely enough to leave the processor to what the test waits for. */
const pauseMs = 10;

/** Looks again and again until `holds`, and returns what it saw. Rejects with the last answer if it never does. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  holds: (value: T) => boolean,
  timeoutMs = patienceMs,
): Promise<T> {
  const dueAt = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (performance.now() > dueAt) {
      throw new Error(`${what}: not within ${timeoutMs / 1_000} s; at last ${JSON.stringify(value)}`);
    }
    await setTimeout(pauseMs);
  }
}

/** Looks again and again until there is something to return: anything but null, undefined and false. */
export async function untilFound<T>(
  what: string,
  find: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  timeoutMs = patienceMs,
): Promise<T> {
  const found = await until(what, find, isFound, timeoutMs);
  if (isFound(found)) return found;
  throw new Error(`${what}: not found`);
}

function isFound<T>(value: T | null | undefined | false): value is T {
  return value !== null && value !== undefined && value !== false;
}
