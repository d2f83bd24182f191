/** The cluster's side of the account's Fargate quota: it starts tasks within what the account has reserved for it (`reserve-fargate.ts`). */
import { type FargateProvider, type FargateUse, fargateProviders } from "../documents/fargate-use.ts";
import { Refusal } from "../refusals.ts";
import type { FargateGrant } from "../state/account-input.ts";
import type { FargateStanding } from "../state/cluster-input.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/**
 * A step wants more CPU units on Fargate than are reserved. It is rolled back, and repeated when the account has answered. Callers never see
 * this.
 */
export class FargateShortage extends Refusal {
  /** The total that the cluster wants. */
  readonly wanted: FargateUse;

  constructor(wanted: FargateUse) {
    super("LimitExceededException", "The cluster must ask its account for more of the Fargate quota.");
    this.wanted = wanted;
  }
}

/**
 * Whether a task of `cpu` units may start now, as one of `count` that the step wants to start. False if the account has no more, or the step
 * can't wait for its answer. Throws FargateShortage if the account must be asked.
 */
export function mayUseFargate(step: ClusterStep, provider: FargateProvider, cpu: number, count: number): boolean {
  const { state } = step;
  // A rehearsal doesn't ask: it shows only container instances.
  if (step.isDryRun) return true;
  const use = state.fargateBook.use;
  const known = state.fargateReservation.get();
  if (known !== null && use[provider] + cpu <= known.reserved[provider]) return true;
  if (step.noMoreFargate.includes(provider) || step.waitsForFargate) return false;
  // Services start tasks one at a time. Asking for as much again as the step has taken keeps the questions few.
  const more = Math.max(cpu * count, use[provider] - step.fargateUseBefore[provider]);
  throw new FargateShortage({ ...use, [provider]: use[provider] + more });
}

/** The cluster's use and reservation. If `returnsSpare`, it gives back at once what it doesn't use. */
export function fargateStanding(
  { fargateBook, fargateReservation }: ClusterState,
  returnsSpare: boolean,
): FargateStanding {
  const use = { ...fargateBook.use };
  const known = fargateReservation.get();
  if (known === null) return { revision: null, use, reserved: use };
  if (returnsSpare) fargateReservation.set({ revision: known.revision, reserved: use });
  return { revision: known.revision, use, reserved: returnsSpare ? use : known.reserved };
}

/** Records what the account has reserved, unless a newer reservation is known or it is for a closed incarnation. */
export function noteFargateReserved(
  { closed, fargateReservation }: ClusterState,
  { incarnation, revision, reserved }: Pick<FargateGrant, "incarnation" | "revision" | "reserved">,
): null {
  if ((closed.get("closed")?.incarnation ?? -1) >= incarnation) return null;
  const known = fargateReservation.get();
  if (known === null || revision > known.revision) fargateReservation.set({ revision, reserved });
  return null;
}

/** Asks the account for what services want, unless an answer is still due. */
export function askForFargate(step: ClusterStep, wanted: FargateUse): void {
  if (step.state.isFargateAsked.get()) return;
  step.state.isFargateAsked.set(true);
  step.effects.push({ type: "reserve-fargate", wanted });
}

/** At the end of a step: informs the account if the cluster uses less than before. */
export function releaseUnused(step: ClusterStep): void {
  const { use } = step.state.fargateBook;
  if (fargateProviders.some((provider) => use[provider] < step.fargateUseBefore[provider])) {
    step.effects.push({ type: "release-fargate" });
  }
}
