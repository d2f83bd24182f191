import { arnPrefix, type Place } from "../arn.ts";
import type { Timeline } from "../timeline.ts";
import type { AccountState } from "./account-state.ts";
import type { MachineConfiguration } from "./call.ts";
import type { AccountEffect } from "./effect.ts";

/** The current step of an account machine: the state to read and change, the time, and the effects. */
export class AccountStep {
  readonly state: AccountState;
  readonly now: number;
  readonly effects: AccountEffect[] = [];
  /** Clusters that this step has forgotten. */
  readonly forgottenClusters: string[] = [];

  constructor(state: AccountState, now: number) {
    this.state = state;
    this.now = now;
  }

  get place(): Place {
    return this.state.place;
  }

  get arnPrefix(): string {
    return arnPrefix(this.state.place);
  }

  get configuration(): MachineConfiguration {
    return this.state.configuration;
  }

  get timeline(): Timeline {
    return this.state.timeline;
  }

  /** Asks which revisions being deleted are still in use. Does nothing if there are none. */
  reviewDeletedRevisions(): void {
    const arns = [...this.state.revisions.deleted];
    if (arns.length === 0) return;
    this.effects.push({ type: "review-deleted-revisions", arns, clusters: [...this.state.clusters.keys()] });
    this.state.lastReviewAt.set(this.now);
  }
}
