import type { DurableState, Kept } from "../durable-state.ts";
import { AcknowledgedChecker } from "./acknowledged.ts";
import { AgreementChecker } from "./agreement.ts";
import { ApiShapeChecker } from "./api-shape.ts";
import type { Call, Checker, ContainerStart, Outcome, Snapshot, Violate } from "./checker.ts";
import { ClientTokensChecker } from "./client-tokens.ts";
import { ConstraintsChecker } from "./constraints.ts";
import { FargateChecker } from "./fargate.ts";
import { PlacesChecker } from "./places.ts";
import { RepeatedEventsChecker } from "./repeated-events.ts";
import { ResourcesChecker } from "./resources.ts";
import { RolloutsChecker } from "./rollouts.ts";
import { SequencesChecker } from "./sequences.ts";
import { ServicesChecker } from "./services.ts";
import { StatusesChecker } from "./statuses.ts";
import { VersionsChecker } from "./versions.ts";

/** A rule that was broken. */
export type Violation = { readonly rule: string; readonly problem: string };

/** All checkers together. Remembers the first broken rule. */
export class Checkers {
  readonly violate: Violate;
  readonly #all: readonly Checker[];
  #first: Violation | null = null;

  constructor(onViolation: Violate) {
    this.violate = (rule, problem) => {
      this.#first ??= { rule, problem };
      onViolation(rule, problem);
    };
    this.#all = [
      new ResourcesChecker(this.violate),
      new StatusesChecker(this.violate),
      new VersionsChecker(this.violate),
      new AcknowledgedChecker(this.violate),
      new ClientTokensChecker(this.violate),
      new PlacesChecker(this.violate),
      new FargateChecker(this.violate),
      new AgreementChecker(this.violate),
      new SequencesChecker(this.violate),
      new ApiShapeChecker(this.violate),
      new ServicesChecker(this.violate),
      new RolloutsChecker(this.violate),
      new ConstraintsChecker(this.violate),
      new RepeatedEventsChecker(this.violate),
    ];
  }

  /** The first broken rule, or null. */
  get violation(): Violation | null {
    return this.#first;
  }

  kept(kept: Kept, state: DurableState): void {
    for (const checker of this.#all) checker.kept?.(kept, state);
  }

  callStarted(call: Call, state: DurableState): void {
    for (const checker of this.#all) checker.callStarted?.(call, state);
  }

  callEnded(call: Call, outcome: Outcome, state: DurableState): void {
    for (const checker of this.#all) checker.callEnded?.(call, outcome, state);
  }

  snapshot(snapshot: Snapshot, state: DurableState): void {
    for (const checker of this.#all) checker.snapshot?.(snapshot, state);
  }

  containerStarted(start: ContainerStart, state: DurableState): void {
    for (const checker of this.#all) checker.containerStarted?.(start, state);
  }

  sentToAgent(containerInstanceArn: string, message: object): void {
    for (const checker of this.#all) checker.sentToAgent?.(containerInstanceArn, message);
  }

  crashed(state: DurableState): void {
    for (const checker of this.#all) checker.crashed?.(state);
  }

  audit(state: DurableState, now: number): void {
    for (const checker of this.#all) checker.audit?.(state, now);
  }
}
