/** LIMIT: upper bounds in seconds; a call takes less than a millisecond or, with its append, a few. */
export const latencyBoundsSeconds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
] as const;

/** A histogram as running counts: one more than the bounds, the last one for values above all of them. */
export type Distribution = { readonly counts: number[]; sum: number };

export function emptyDistribution(bounds: readonly number[]): Distribution {
  return { counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
}

export function observe(distribution: Distribution, bounds: readonly number[], value: number): void {
  let i = 0;
  while (i < bounds.length && value > (bounds[i] as number)) i += 1;
  distribution.counts[i] = (distribution.counts[i] ?? 0) + 1;
  distribution.sum += value;
}

/** Counts answers by operation. Plain numbers, because every call passes here; /metrics renders them on request. */
export class CallMetrics {
  /** Operation -> error code ("" for success) -> number of answers. Both come from closed lists, so this stays small. */
  readonly answers = new Map<string, Map<string, number>>();
  readonly latency = new Map<string, Distribution>();
  /** How many calls were answered. */
  total = 0;

  /** `operation` is "" for a call that named none. */
  record(operation: string, code: string, seconds: number): void {
    let codes = this.answers.get(operation);
    let latency = this.latency.get(operation);
    if (codes === undefined || latency === undefined) {
      codes = new Map();
      latency = emptyDistribution(latencyBoundsSeconds);
      this.answers.set(operation, codes);
      this.latency.set(operation, latency);
    }
    this.total += 1;
    codes.set(code, (codes.get(code) ?? 0) + 1);
    observe(latency, latencyBoundsSeconds, seconds);
  }
}
