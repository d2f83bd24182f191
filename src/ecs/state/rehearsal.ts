import type { ClusterState } from "./cluster-state.ts";
import type { ClusterStep } from "./cluster-step.ts";

/** How a rehearsal runs: on its own step, yielding every few milliseconds. */
export type Play<Reply> = (step: ClusterStep) => Generator<undefined, Reply>;

/**
 * The answer of an operation that must play through what would happen, which takes longer than a step may. It runs on a copy of the current
 * cluster, so the cluster continues meanwhile and nothing has to be undone.
 */
export class Rehearsal {
  readonly #play: Play<object>;

  constructor(play: Play<object>) {
    this.#play = play;
  }

  /** Starts the rehearsal on the cluster as it is at the end of `step`; returns its slices. */
  begin(step: ClusterStep): Iterator<undefined, object> {
    return playOn(step, step.state.copy(), this.#play);
  }
}

function* playOn(
  step: ClusterStep,
  copying: Iterator<undefined, ClusterState>,
  play: Play<object>,
): Generator<undefined, object> {
  let copied = copying.next();
  for (; copied.done !== true; copied = copying.next()) yield;
  return yield* play(step.dryRunOn(copied.value));
}
