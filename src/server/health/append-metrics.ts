import type { AppendObserver } from "../../cluster-runner/group-commit.ts";
import { type Distribution, emptyDistribution, observe } from "./call-metrics.ts";

/** LIMIT: a synchronised commit takes from a quarter of a millisecond (memory) to tens (a slow disk). */
export const appendBoundsSeconds = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] as const;
/** LIMIT: steps that share one append: one when idle, hundreds under load. */
export const groupBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] as const;

/** Measurements of the appends of all machines. */
export class AppendMetrics implements AppendObserver {
  readonly seconds: Distribution = emptyDistribution(appendBoundsSeconds);
  readonly steps: Distribution = emptyDistribution(groupBounds);
  bytes = 0;

  appended(ms: number, steps: number, bytes: number): void {
    observe(this.seconds, appendBoundsSeconds, ms / 1000);
    observe(this.steps, groupBounds, steps);
    this.bytes += bytes;
  }
}
