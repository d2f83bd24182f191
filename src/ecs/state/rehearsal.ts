import type { ClusterState } from "./cluster-state.ts";
import type { ClusterStep } from "./cluster-step.ts";

/** How a rehearsal is played: on a step of its own, giving way between slices of a few milliseconds. */
export type Play<Reply> = (step: ClusterStep) => Generator<undefined, Reply>;

/**
 * What an operation answers with when it has to play through what would happen, which takes longer than a step may. It is played on a
 * copy of the cluster as it is now, so the cluster goes on meanwhile and nothing has to be taken back.
 */
export class Rehearsal {
  readonly #play: Play<object>;

  constructor(play: Play<object>) {
    this.#play = play;
  }

  /** The slices of the rehearsal of a cluster as it is at the end of `step`. */
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
