/** The cluster's side of the account's quota for Fargate: it starts tasks within what the account has reserved for it (`reserve-fargate.ts`). */
import { type FargateProvider, type FargateUse, fargateProviders } from "../documents/fargate-use.ts";
import { Refusal } from "../refusals.ts";
import type { FargateStanding } from "../state/cluster-input.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/**
 * A step wants CPU units on Fargate beyond the reservation. It leaves no trace, and is made again when the account has answered. Callers never
 * see it.
 */
export class FargateShortage extends Refusal {
  /** What the cluster wants to have in all. */
  readonly wanted: FargateUse;

  constructor(wanted: FargateUse) {
    super("LimitExceededException", "The cluster has to ask its account for more of the quota for Fargate.");
    this.wanted = wanted;
  }
}

/**
 * Whether a task of `cpu` units may start now, as one of `count` that the step wants to start. False when the account has no more, or the
 * step has to do without. Throws FargateShortage when the account has to be asked.
 */
export function mayUseFargate(step: ClusterStep, provider: FargateProvider, cpu: number, count: number): boolean {
  const { state } = step;
  // In a rehearsal it is no question: what it shows is on instances.
  if (step.isDryRun) return true;
  const use = state.fargateBook.use;
  const known = state.fargateReservation.get();
  if (known !== null && use[provider] + cpu <= known.reserved[provider]) return true;
  if (step.noMoreFargate.includes(provider) || step.waitsForFargate) return false;
  // Services start tasks one by one: asking for as much again as the step has taken keeps the questions few.
  const more = Math.max(cpu * count, use[provider] - step.fargateUseBefore[provider]);
  throw new FargateShortage({ ...use, [provider]: use[provider] + more });
}

/** How the cluster stands to its reservation; gives back at once what it does not use if `returnsSpare`. */
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

/** Takes what the account has reserved, unless it is old news. */
export function noteFargateReserved(
  { fargateReservation }: ClusterState,
  revision: number,
  reserved: FargateUse,
): null {
  const known = fargateReservation.get();
  if (known === null || revision > known.revision) fargateReservation.set({ revision, reserved });
  return null;
}

/** Asks the account for what services want, unless it has been asked and has not answered. */
export function askForFargate(step: ClusterStep, wanted: FargateUse): void {
  if (step.state.isFargateAsked.get()) return;
  step.state.isFargateAsked.set(true);
  step.effects.push({ type: "reserve-fargate", wanted });
}

/** At the end of a step: the account is to know that the cluster uses less than before. */
export function releaseUnused(step: ClusterStep): void {
  const { use } = step.state.fargateBook;
  if (fargateProviders.some((provider) => use[provider] < step.fargateUseBefore[provider])) {
    step.effects.push({ type: "release-fargate" });
  }
}
