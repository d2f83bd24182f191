/**
 * The account's side of its Fargate quota. A cluster starts tasks only within what the account has reserved for it, so all clusters together
 * stay within the quota and nobody has to add up what they use. docs/decisions/0023-fargate-reservations.md describes the protocol and why
 * it is safe.
 */
import type { FargateReservation } from "../documents/fargate-reservation.ts";
import { type FargateProvider, type FargateUse, fargateProviders, nothingOnFargate } from "../documents/fargate-use.ts";
import { limits } from "../limits.ts";
import type { FargateGrant, FargateRequest } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";

/**
 * Sets a cluster's reservation to what it wants, as far as the quota allows, and a batch more while there is plenty. A cluster that gets less
 * is woken when others give some back. A request with another revision than the newest changes nothing.
 */
export function reserveFargate(step: AccountStep, request: FargateRequest): FargateGrant {
  const { cluster, revision, use, wanted } = request;
  const { fargateReservations } = step.state;
  const before = fargateReservations.get(cluster);
  const isCurrent = revision === null || revision === (before?.revision ?? 0);
  if (!isCurrent) return grantOf(step, cluster, before, wanted, false);
  const isActive = step.state.clusters.get(cluster)?.status === "ACTIVE";
  const amount = (provider: FargateProvider): number => {
    const least = Math.max(use[provider], revision === null ? (before?.reserved[provider] ?? 0) : 0);
    return isActive ? Math.max(least, granted(step, before, request, provider)) : use[provider];
  };
  const reserved = { FARGATE: amount("FARGATE"), FARGATE_SPOT: amount("FARGATE_SPOT") };
  const spareOf = (provider: FargateProvider) => reserved[provider] - use[provider];
  const spare = { FARGATE: spareOf("FARGATE"), FARGATE_SPOT: spareOf("FARGATE_SPOT") };
  // The cluster has this already; only the revision would change.
  if (before !== undefined && revision !== null && isSame(before.reserved, reserved) && isSame(before.spare, spare)) {
    return grantOf(step, cluster, before, wanted, true);
  }
  if (before === undefined && isSame(reserved, nothingOnFargate)) {
    return grantOf(step, cluster, undefined, wanted, true);
  }
  const sumBefore = { ...step.state.fargateReserved.sum };
  const after: FargateReservation = { cluster, revision: (before?.revision ?? 0) + 1, reserved, spare };
  fargateReservations.put(cluster, after);
  if (fargateProviders.some((provider) => step.state.fargateReserved.sum[provider] < sumBefore[provider])) {
    wakeWaiting(step, cluster);
  }
  return grantOf(step, cluster, after, wanted, true);
}

/**
 * The cluster is deleted: frees its reservation. Its document stays until the account forgets the cluster, so that revisions go on rising if
 * it is created again, and late requests of the deleted one change nothing.
 */
export function releaseFargate(step: AccountStep, cluster: string): void {
  const { fargateReservations, fargateWaiting } = step.state;
  const before = fargateReservations.get(cluster);
  if (before !== undefined) {
    fargateReservations.put(cluster, {
      cluster,
      revision: before.revision + 1,
      reserved: nothingOnFargate,
      spare: nothingOnFargate,
    });
  }
  fargateWaiting.delete(cluster);
  wakeWaiting(step, cluster);
}

function granted(
  { state }: AccountStep,
  before: FargateReservation | undefined,
  { wanted, ahead, use }: FargateRequest,
  provider: FargateProvider,
): number {
  const quota = limits.fargateVcpus * 1024;
  const room = quota - (state.fargateReserved.sum[provider] - (before?.reserved[provider] ?? 0));
  const exact = Math.min(wanted[provider], room);
  if (!ahead || Math.max(wanted[provider], use[provider]) === 0) return exact;
  // Near the end of the quota nobody gets more than it uses, so the rest is available at once.
  return room - exact >= quota / 4 ? exact + limits.fargateVcpusAhead * 1024 : exact;
}

function grantOf(
  { state }: AccountStep,
  cluster: string,
  reservation: FargateReservation | undefined,
  wanted: FargateUse,
  isCurrent: boolean,
): FargateGrant {
  const { revision, reserved } = reservation ?? { revision: 0, reserved: nothingOnFargate };
  const incarnation = state.clusters.get(cluster)?.incarnation ?? 0;
  const others = new Set<string>();
  for (const provider of fargateProviders) {
    if (reserved[provider] >= wanted[provider]) continue;
    state.fargateWaiting.add(cluster);
    for (const other of state.fargateReserved.withSpare(provider)) if (other !== cluster) others.add(other);
  }
  return { incarnation, revision, reserved, isCurrent, othersWithSpare: [...others] };
}

function wakeWaiting(step: AccountStep, except: string): void {
  const clusters = [...step.state.fargateWaiting.keys()].filter((name) => name !== except);
  if (clusters.length === 0) return;
  for (const name of clusters) step.state.fargateWaiting.delete(name);
  step.effects.push({ type: "fargate-freed", clusters });
}

const isSame = (one: FargateUse, other: FargateUse): boolean =>
  one.FARGATE === other.FARGATE && one.FARGATE_SPOT === other.FARGATE_SPOT;
