import type { TakeTurn } from "./turns.ts";

/** LIMIT: how long one slice of long work blocks the event loop: others' calls wait for a few of them at most. */
const sliceMs = 5;

/**
 * Does `work` a slice at a time, each in its turn, while `isWanted` holds. Resolves with its value; rejects with what it throws, or with
 * `unwanted()`.
 */
export function inSlices<T>(
  work: Iterator<undefined, T>,
  options: {
    readonly takeTurn: TakeTurn;
    readonly stopwatch: () => number;
    readonly isWanted?: () => boolean;
    readonly unwanted?: () => Error;
  },
): Promise<T> {
  const { takeTurn, stopwatch, isWanted = () => true, unwanted = () => new Error("unwanted") } = options;
  return new Promise((resolve, reject) => {
    const slice = (): void => {
      if (!isWanted()) {
        work.return?.();
        reject(unwanted());
        return;
      }
      const end = stopwatch() + sliceMs;
      try {
        do {
          const next = work.next();
          if (next.done === true) {
            resolve(next.value);
            return;
          }
        } while (stopwatch() < end);
      } catch (error) {
        reject(error);
        return;
      }
      takeTurn(slice);
    };
    takeTurn(slice);
  });
}
