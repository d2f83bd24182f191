/**
 * The account's side of its quota for Fargate. A cluster starts tasks only within what the account has reserved for it, so the sum of all
 * clusters stays within the quota without anybody adding up what they use. docs/decisions has the protocol and why it is safe.
 */
import type { FargateReservation } from "../documents/fargate-reservation.ts";
import { type FargateProvider, type FargateUse, fargateProviders } from "../documents/fargate-use.ts";
import { limits } from "../limits.ts";
import type { FargateGrant, FargateRequest } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";

/**
 * Sets the reservation of a cluster to what it wants, as far as the quota goes, and a batch more while there is plenty. A cluster that gets
 * less is told when others give some back. Nothing changes for a request by another revision than the newest one.
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
  // The cluster has it, and nothing but the revision would be new.
  if (before !== undefined && revision !== null && isSame(before.reserved, reserved) && isSame(before.spare, spare)) {
    return grantOf(step, cluster, before, wanted, true);
  }
  if (before === undefined && isSame(reserved, { FARGATE: 0, FARGATE_SPOT: 0 })) {
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

/** The cluster is deleted: what it had reserved is free. */
export function releaseFargate(step: AccountStep, cluster: string): void {
  step.state.fargateReservations.delete(cluster);
  step.state.fargateWaiting.delete(cluster);
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
  // Near the end of the quota nobody gets more than it uses: what is free can be had at once.
  return room - exact >= quota / 4 ? exact + limits.fargateVcpusAhead * 1024 : exact;
}

function grantOf(
  { state }: AccountStep,
  cluster: string,
  reservation: FargateReservation | undefined,
  wanted: FargateUse,
  isCurrent: boolean,
): FargateGrant {
  const { revision, reserved } = reservation ?? { revision: 0, reserved: { FARGATE: 0, FARGATE_SPOT: 0 } };
  const others = new Set<string>();
  for (const provider of fargateProviders) {
    if (reserved[provider] >= wanted[provider]) continue;
    state.fargateWaiting.add(cluster);
    for (const other of state.fargateReserved.withSpare(provider)) if (other !== cluster) others.add(other);
  }
  return { revision, reserved, isCurrent, othersWithSpare: [...others] };
}

function wakeWaiting(step: AccountStep, except: string): void {
  const clusters = [...step.state.fargateWaiting.keys()].filter((name) => name !== except);
  if (clusters.length === 0) return;
  for (const name of clusters) step.state.fargateWaiting.delete(name);
  step.effects.push({ type: "fargate-freed", clusters });
}

const isSame = (one: FargateUse, other: FargateUse): boolean =>
  one.FARGATE === other.FARGATE && one.FARGATE_SPOT === other.FARGATE_SPOT;
