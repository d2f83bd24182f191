import type { Random } from "../lib/random.ts";
import type { ClusterState } from "./cluster-state.ts";
import { ClusterStep } from "./cluster-step.ts";

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

  /** The slices of the rehearsal of a cluster that is in `state` now. */
  begin(state: ClusterState, now: number, random: Random): Iterator<undefined, object> {
    return playOn(state.copy(), this.#play, now, random);
  }
}

function* playOn(
  copying: Iterator<undefined, ClusterState>,
  play: Play<object>,
  now: number,
  random: Random,
): Generator<undefined, object> {
  let copied = copying.next();
  for (; copied.done !== true; copied = copying.next()) yield;
  const step = new ClusterStep(copied.value, now, random);
  step.isDryRun = true;
  return yield* play(step);
}
