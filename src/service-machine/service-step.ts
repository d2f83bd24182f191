import type { Place } from "../ecs/arn.ts";
import type { Random } from "../lib/random.ts";

/** What a service wants done outside its machine, once its step is durable. `type` says what. */
export type ServiceEffect = { readonly type: string };

/** One step of a service's machine under way: the state to read and change, the time, chance, and what is wanted outside. */
export class ServiceStep<State> {
  readonly state: State;
  readonly place: Place;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly random: Random;
  readonly effects: ServiceEffect[] = [];

  constructor(state: State, place: Place, now: number, random: Random) {
    this.state = state;
    this.place = place;
    this.now = now;
    this.random = random;
  }
}
